"""Paying by card: cards that are saved and removed, and the way to a processor and back."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
from tests.browsing import NewServer
from tests.chat.own import SETTINGS, TABLES, TOSS, do, save_card, someone
from tests.doors.server import Solvent
from tests.payments.toss_server import SECRET_KEY, TossServer

from solvent.values.limits import COUPON_FAILURES_MAX

pytestmark = pytest.mark.xdist_group("console")


@pytest.fixture(scope="module")
def toss() -> Iterator[TossServer]:
    server = TossServer()
    with server.running():
        yield server


@pytest.fixture(scope="module")
def server(new_server: NewServer, toss: TossServer) -> Solvent:
    os.environ["TOSS_KEY_OF_TESTS"] = SECRET_KEY
    return new_server(SETTINGS, TABLES + TOSS.format(base_url=toss.base_url))


def test_a_card_is_removed_after_its_page_said_what_that_does(server: Solvent, toss: TossServer) -> None:
    kim, id = someone(server)
    first = save_card(kim, toss, id)
    assert "Your plan does not need it" in kim.get(f"/plan/cards/{first}/remove").text
    assert do(kim, "/plan/change", plan="plus", rail="toss").startswith("/plan/pay/ord_")
    order = do(kim, "/plan/change", plan="plus", rail="bank").split("/")[-1]
    server.operate("POST", f"/v1/payments/{order}/confirm", {"amount": "9900"})
    asked = kim.get(f"/plan/cards/{first}/remove").text.replace("\u200a", "")
    assert "the only card of your plan Plus, which asks for ₩9,900" in asked
    assert "Plus ends, and Free begins" in asked
    second = save_card(kim, toss, id)
    assert second != first
    assert "Your plan is charged to" in kim.get(f"/plan/cards/{first}/remove").text
    assert "From then on your plan is charged to" in kim.get(f"/plan/cards/{second}/remove").text
    kept = set(toss.cards)
    assert do(kim, f"/plan/cards/{second}/remove") == "/plan#cards"
    (gone,) = [key for key in kept - set(toss.cards) if key.startswith("bill_")]
    assert gone
    page = kim.get("/plan").text
    assert first in page
    assert second not in page
    assert kim.get(f"/plan/cards/{second}/remove").status_code == 404
    do(kim, "/plan/cancel")
    assert "ends on" in kim.get(f"/plan/cards/{first}/remove").text
    assert "anyway" in kim.get(f"/plan/cards/{first}/remove").text


def test_a_coupon_says_what_it_does_before_it_is_taken(server: Solvent) -> None:
    off = {"code": "SPRING-20", "what": "percent", "permille": 200, "periods": 3, "plans": ["plus"]}
    server.operate("POST", "/v1/coupons", off)
    server.operate("POST", "/v1/coupons", {"code": "WELCOME", "what": "gift", "amount": "5000", "valid_days": 30})
    kim, _ = someone(server)
    assert "coupon is for another plan" in kim.send("/plan/coupon", "/plan", code="SPRING-20").text
    seen = kim.send("/plan/coupon", "/plan", code=" spring-20 ", plan="plus").text.replace("\u200a", "")
    assert "Plus costs you ₩1,980 less" in seen
    assert "For 3 months." in seen
    assert "₩7,920" in seen
    assert "SPRING-20" not in kim.get("/plan").text, "nothing was taken yet"
    once = uuid.uuid4().hex
    for _ in range(2):
        assert do(kim, "/plan/coupon/take", once, code="SPRING-20", plan="plus") == "/plan/change?plan=plus"
    assert "You pay ₩7,920 now" in kim.get("/plan/change?plan=plus").text.replace("\u200a", "")
    assert "3 more periods" in kim.get("/plan").text
    assert "taken this coupon before" in kim.send("/plan/coupon", "/plan", code="SPRING-20", plan="plus").text
    assert "₩5,000 to spend on answers" in kim.send("/plan/coupon", "/plan", code="welcome").text.replace("\u200a", "")
    assert do(kim, "/plan/coupon/take", code="WELCOME") == "/plan#coupons"
    assert "₩5,000" in kim.get("/plan").text.replace("\u200a", "")


def test_codes_are_guessed_only_so_often_whichever_form_is_sent(server: Solvent) -> None:
    kim, _ = someone(server)
    for n in range(COUPON_FAILURES_MAX):
        path = "/plan/coupon/take" if n % 2 else "/plan/coupon"
        said = kim.send(path, "/plan", code=f"GUESS-{n}", once=uuid.uuid4().hex)
        assert said.status_code == 422
        assert "There is no such coupon" in said.text
    for path in ("/plan/coupon", "/plan/coupon/take"):
        assert "Too many codes" in kim.send(path, "/plan", code="WELCOME", once=uuid.uuid4().hex).text
    lee, _ = someone(server)
    assert "There is no such coupon" in lee.send("/plan/coupon", "/plan", code="GUESS-1").text
