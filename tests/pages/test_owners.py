"""Nothing of one's own is anybody else's: every place that names something, with what is another customer's."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from tests.browsing import MODEL, NewServer
from tests.chat.own import SETTINGS, TABLES, TOSS, do, save_card, someone
from tests.chat.talking import PNG, events
from tests.chat.visits import PASSWORD, Browser
from tests.doors.server import Solvent
from tests.pages.places import CHAT
from tests.payments.toss_server import SECRET_KEY, TossServer
from tests.soft_passkey import SoftPasskey

pytestmark = pytest.mark.xdist_group("console")

HOUSES = ("{provider}",)  # names of the house's own, in solvent.toml: nobody's
NAMED = [
    place for place in CHAT
    if place.who in ("customer", "person") and "{" in place.path and not any(name in place.path for name in HOUSES)
]  # fmt: skip
UNSEEN = {"/statements/{month}/pdf", "/account/sessions/{session}/end"}  # nothing of the kind is open to oneself yet
SEES = MODEL + "image_tokens_max = 100\n"


@pytest.fixture(scope="module")
def toss() -> Iterator[TossServer]:
    server = TossServer()
    with server.running():
        yield server


@pytest.fixture(scope="module")
def server(new_server: NewServer, base_url: str, toss: TossServer) -> Solvent:
    os.environ["TOSS_KEY_OF_TESTS"] = SECRET_KEY
    rail = TOSS.format(base_url=toss.base_url)
    return new_server(SETTINGS, TABLES + rail + SEES.format(name="seeing", url=base_url, price="page-price"))


@pytest.fixture(scope="module")
def kim(server: Solvent, toss: TossServer) -> tuple[Browser, dict[str, str]]:
    """Somebody who has one of everything that a path can name, and the names."""
    kim, id = someone(server)
    asked = {"question": "My secret question", "mode": "seeing", "pictures": [PNG]}
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
        "order": do(kim, "/plan/top-up", amount="5000", rail="bank").split("/")[-1], "invoice": change["invoice"],
        "month": "2020-01", "talk": begun["id"], "turn": turn["id"], "number": "0", "answer": answer, "key": key[1],
        "session": "0" * 64, "passkey": passkey.known_as, "card": save_card(kim, toss, id),
    }  # fmt: skip


def path_of(path: str, names: dict[str, str]) -> str:
    """KeyError for a name of a new place: give somebody one of those."""
    kind = "turn" if "/turns/" in path else "talk"
    return path.format(**names, id=names[kind])


def test_everything_of_ones_own_is_there_for_oneself(kim: tuple[Browser, dict[str, str]]) -> None:
    browser, names = kim
    for place in NAMED:
        if place.method == "GET" and place.path not in UNSEEN:
            assert browser.get(path_of(place.path, names)).status_code == 200, place.path


def test_and_is_not_there_for_anybody_else(server: Solvent, kim: tuple[Browser, dict[str, str]]) -> None:
    browser, names = kim
    thief, _ = someone(server)
    token, order = thief.token("/plan"), names["order"]
    assert len(NAMED) >= 16
    for place in NAMED:
        where = path_of(place.path, names)
        if place.method == "GET":
            came = thief.get(where)
        elif place.path.startswith("/chat/"):
            came = thief.http.post(where, json={"title": "mine now"}, headers={"x-csrf": token})
        else:
            members = {
                "csrf": token,
                "once": uuid.uuid4().hex,
                "rail": "bank",
                "name": "mine now",
                "password": PASSWORD,
            }
            came = thief.http.post(where, data={"csrf": token, "once": uuid.uuid4().hex, **members})
        expected = {303} if "{session}" in place.path else {404, 422} if order in where else {404}
        assert came.status_code in expected, (place.method, place.path, came.status_code)
        assert "My secret question" not in came.text
    assert server.operate("GET", f"/v1/payments/{order}")["order"]["state"] == "open"
    assert browser.get(f"/chat/talks/{names['talk']}").json()["title"].startswith("My secret")
    assert f"/plan/cards/{names['card']}/remove" in browser.get("/plan").text
    assert "mine now" not in browser.get("/keys").text
    assert "Kim&#39;s" in browser.get("/account/security").text
