"""Somebody who has one of everything that a path of a customer's pages can name."""

from __future__ import annotations

import os
import re
import uuid
from typing import Any

from tests.browsing import MODEL
from tests.chat.own import TABLES, TOSS, do, save_card, someone
from tests.chat.talking import PNG, events
from tests.chat.visits import PASSWORD, Browser
from tests.doors.server import Solvent
from tests.payments.toss_server import SECRET_KEY, TossServer
from tests.soft_passkey import SoftPasskey

NOTE = {"name": "secret.txt", "size": 9, "text": "My secret"}
SEES = MODEL + "image_tokens_max = 100\n"


def tables(base_url: str, toss: TossServer) -> str:
    """What the server is set up with: plans, a bank, cards over Toss, and a model that sees."""
    os.environ["TOSS_KEY_OF_TESTS"] = SECRET_KEY
    return TABLES + TOSS.format(base_url=toss.base_url) + SEES.format(name="seeing", url=base_url, price="page-price")


def one_of_everything(server: Solvent, toss: TossServer) -> tuple[Browser, dict[str, str]]:
    """Their browser, and the names."""
    kim, id = someone(server)
    asked = {"question": "My secret question", "mode": "seeing", "pictures": [PNG], "documents": [NOTE]}
    told = dict(events(kim.http.post("/chat/ask", json=asked, headers={"x-csrf": kim.token("/")}).text))
    begun: Any = next(iter(told.values()))
    turn = kim.get(f"/chat/talks/{begun['id']}").json()["turns"][0]
    made = kim.send("/keys", "/keys", once=uuid.uuid4().hex).text
    secret = re.search(r"sk-solvent-[0-9a-f]+", made)
    assert secret
    body = {"model": "plain", "messages": [{"role": "user", "content": "used 100 0 0 50"}]}
    answer = server.send("POST", "/v1/chat/completions", body, secret[0]).headers["x-request-id"]
    server.receipt(answer)
    change = server.operate("POST", f"/v1/customers/{id}/subscription/change", {"plan": "pro", "pays": "invoice"})
    key = re.search(r"/keys/(key_\w+)", kim.get("/keys").text)
    assert key
    passkey = SoftPasskey("https://ai.example.com", "ai.example.com")
    asking = kim.http.post(
        "/account/passkeys/challenge", json={"password": PASSWORD}, headers={"x-csrf": kim.token("/plan")}
    )
    members = {"once": uuid.uuid4().hex, "name": "Kim's", "credential": passkey.make(asking.json())}
    assert kim.send("/account/passkeys", "/account/security", **members).status_code == 200
    return kim, {
        "customer": id, "order": do(kim, "/plan/top-up", amount="5000", rail="bank").split("/")[-1],
        "invoice": change["invoice"], "month": "2020-01", "talk": begun["id"], "turn": turn["id"], "number": "0",
        "answer": answer, "key": key[1], "session": "0" * 64, "passkey": passkey.known_as,
        "card": save_card(kim, toss, id),
    }  # fmt: skip
