"""My account: name, password, sessions, all that is kept of somebody, and the end of it; and nobody else's anything."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from tests.axe import faults
from tests.browsing import NewServer, OpenPage
from tests.chat.own import SETTINGS, TABLES, do, sign_up_here, someone
from tests.chat.visits import PASSWORD, Browser
from tests.doors.server import Solvent

pytestmark = pytest.mark.xdist_group("console")


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Solvent:
    return new_server(SETTINGS, TABLES)


def person(browser: Browser) -> dict[str, str]:
    found: dict[str, str] = browser.get("/account/export").json()["person"]
    return found


def test_name_and_language_are_ones_own_to_say(server: Solvent) -> None:
    kim, _ = someone(server)
    assert do(kim, "/account", at="/account", name="김서연", language="ko") == "/account"
    assert "내 계정" in kim.get("/account").text
    assert (person(kim)["name"], person(kim)["language"]) == ("김서연", "ko")
    assert do(kim, "/account", at="/account", name="x" * 121, language="ko") == ""
    assert do(kim, "/account", at="/account", name="Kim", language="fr") == ""


def test_another_password_ends_every_other_session(server: Solvent) -> None:
    kim, _ = someone(server)
    email = person(kim)["email"]
    other, third = Browser(server), Browser(server)
    assert other.sign_in(email).status_code == third.sign_in(email).status_code == 303
    ids = re.findall(r"/account/sessions/([0-9a-f]{64})/end", kim.get("/account/security").text)
    assert len(ids) == 2
    stranger, _ = someone(server)
    assert do(stranger, f"/account/sessions/{ids[0]}/end", at="/account") == "/account/security"
    assert len(re.findall(r"/sessions/[0-9a-f]{64}", kim.get("/account/security").text)) == 2
    assert do(kim, f"/account/sessions/{ids[0]}/end", at="/account") == "/account/security"
    assert sorted([other.get("/account").status_code, third.get("/account").status_code]) == [200, 303]
    assert do(kim, "/account/password", at="/account", password="wrong wrong", new="another long one") == ""
    assert do(kim, "/account/password", at="/account", password=PASSWORD, new="short") == ""
    assert do(kim, "/account/password", at="/account", password=PASSWORD, new="another long one")
    assert other.get("/account").status_code == third.get("/account").status_code == 303
    assert kim.get("/account").status_code == 200
    assert other.sign_in(email).status_code == 422
    assert other.sign_in(email, "another long one").status_code == 303
    assert do(kim, "/account/sessions/others/end", at="/account") == "/account/security"
    assert other.get("/account").status_code == 303


def test_all_that_is_kept_is_in_one_document(server: Solvent) -> None:
    kim, id = someone(server)
    key = re.search(r"sk-solvent-[0-9a-f]+", kim.send("/keys", "/keys", once=uuid.uuid4().hex, name="shop").text)
    assert key
    body = {"model": "plain", "messages": [{"role": "user", "content": "used 100 0 0 50"}]}
    assert server.send("POST", "/v1/chat/completions", body, key[0]).status == 200
    server.operate("POST", f"/v1/customers/{id}/subscription/change", {"plan": "pro", "pays": "invoice"})
    do(kim, "/plan/top-up", amount="5000", rail="bank")
    text = kim.get("/account/export").text
    told = json.loads(text)
    assert [len(told[name]) for name in ("keys", "receipts", "invoices", "payments")] == [1, 1, 1, 1]
    assert told["invoices"][0]["total"] == "29000"
    assert told["conversations"] == []
    assert key[0] not in text
    assert "argon2" not in text
    assert "cost" not in text.replace("at_a_loss", "")


def test_a_closed_account_opens_nothing_and_is_nobodys_name(server: Solvent) -> None:
    kim, id = someone(server)
    email = person(kim)["email"]
    key = re.search(r"sk-solvent-[0-9a-f]+", kim.send("/keys", "/keys", once=uuid.uuid4().hex).text)
    assert key
    other = Browser(server)
    other.sign_in(email)
    assert do(kim, "/account/close", at="/account/close", password="wrong wrong") == ""
    assert kim.get("/account").status_code == 200
    assert do(kim, "/account/close", at="/account/close", password=PASSWORD) == "/sign-in"
    assert kim.get("/account").status_code == other.get("/account").status_code == 303
    assert server.send("GET", "/v1/models", key=key[0]).status == 401
    found = server.operate("GET", f"/v1/customers/{id}")
    assert (found["state"], found["name"]) == ("closed", "closed account")
    assert Browser(server).sign_in(email).status_code == 422
    assert Browser(server).sign_up(email).status_code == 303  # the address is free again


def test_a_wrong_password_is_tried_only_so_often(server: Solvent) -> None:
    kim, _ = someone(server)
    for _ in range(12):
        page = kim.send("/account/close", "/account/close", once=uuid.uuid4().hex, password="wrong wrong")
    assert "too often" in page.text
    assert do(kim, "/account/close", at="/account/close", password=PASSWORD) == ""


@pytest.mark.parametrize(("locale", "width"), [("ko-KR", 390), ("en-US", 1280)])
def test_an_account_in_a_browser(server: Solvent, open_page: OpenPage, locale: str, width: int) -> None:
    look = open_page(locale=locale, viewport={"width": width, "height": 900})
    page = sign_up_here(look)
    page.goto(f"{server.url}/account")
    assert not faults(page)
    page.locator("a[href='/account/close']").click()
    page.wait_for_url("**/account/close")
    assert not faults(page)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button.prime").click()
    page.wait_for_url("**/sign-in")
    assert not look.all_complaints()
