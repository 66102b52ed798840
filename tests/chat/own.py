"""A service with plans to choose from and a bank to pay into, for the pages about oneself."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page
from tests.browsing import Look
from tests.chat.visits import PASSWORD, Browser
from tests.doors.server import Solvent
from tests.payments.toss_server import GOOD, TossServer

SETTINGS = 'public_url = "https://ai.example.com"\n'
TABLES = """\
[people]
name = "가온 AI"
plan = "free"
[invoice]
name = "Gaon AI Ltd."
email = "billing@gaon.example"
[[payments]]
rail = "bank"
kind = "bank"
currencies = ["KRW"]
account = "국민은행 123456-01-123456 (주)가온"
[[plans]]
name = "free"
title = {ko = "무료", en = "Free"}
at_a_loss = true
included = [{answers = 300}]
packs = [{name = "hundred", price = "5500", gives = {answers = 100}, valid_days = 90}]
[[plans]]
name = "plus"
title = {ko = "플러스", en = "Plus"}
price = "9900"
included = [{answers = 900}]
afterwards = "free"
[[plans]]
name = "pro"
title = {ko = "프로", en = "Pro"}
price = "29000"
included = [{money = "22000"}]
afterwards = "free"
[[plans]]
name = "team"
title = {ko = "팀", en = "Team"}
price = "99000"
included = [{answers = 500, each_seat = true}]
seats = {included = 5, price = "15000", most = 50}
afterwards = "free"
at_a_loss = true
[[plans]]
name = "pay-as-you-go"
title = {ko = "쓴 만큼", en = "Pay as you go"}
[plans.limits]
budgets = [{per = "customer", every = "month", money = "200000"}]
"""
TOSS = """\
[[payments]]
rail = "toss"
kind = "toss"
currencies = ["KRW"]
base_url = "{base_url}"
key = "env:TOSS_KEY_OF_TESTS"
client_key = "test_ck_of_the_tests"
"""


def someone(server: Solvent, language: str = "en") -> tuple[Browser, str]:
    """A newcomer's browser, and the id of the customer they are."""
    name = f"Somebody {uuid.uuid4().hex[:12]}"
    browser = Browser(server, language)
    assert browser.sign_up(f"{uuid.uuid4().hex[:12]}@example.com", name=name).status_code == 303
    (customer,) = server.operate("GET", f"/v1/customers?search={name.replace(' ', '%20')}")["data"]
    return browser, customer["id"]


def do(browser: Browser, path: str, once: str = "", at: str = "/plan", **members: str) -> str:
    """Send a form of the page; where it leads, or "" when it is shown again with what is wrong."""
    sent = browser.send(path, at, once=once or uuid.uuid4().hex, **members)
    assert sent.status_code in (303, 422), sent.text
    return sent.headers.get("location", "")


def save_card(browser: Browser, toss: TossServer, customer: str, card: str = GOOD) -> str:
    """Leave a card with Toss; its id here."""
    order = do(browser, "/plan/cards", rail="toss").split("/")[-1]
    browser.get(f"/pay/toss/{order}", params=toss.authorize_card(customer, card))
    found = re.search(r"/plan/cards/(pm_\w+)/remove", browser.get("/plan").text)
    assert found, "the newest card stands first"
    return found[1]


def sign_up_here(look: Look) -> Page:
    """Open an account by hand; the page that it leads to."""
    page = look.page
    page.goto(f"{look.server.url}/sign-up")
    page.locator("[name=name]").fill("김서연")
    page.locator("[name=email]").fill(f"{uuid.uuid4().hex[:12]}@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(lambda url: "/sign-up" not in url)
    return page


@pytest.fixture(scope="module")
def toss() -> Iterator[TossServer]:
    """Toss, for a file's tests."""
    server = TossServer()
    with server.running():
        yield server
