"""Paying by card: cards that are saved and removed, and the way to a processor and back."""

from __future__ import annotations

import os
import uuid
from urllib.parse import urlencode

import pytest
from tests.axe import faults
from tests.browsing import NewServer, OpenPage
from tests.chat.own import SETTINGS, TABLES, TOSS, do, save_card, sign_up_here, someone
from tests.chat.visits import Browser
from tests.doors.server import Solvent
from tests.payments.toss_server import CLIENT_KEY, DECLINED, SECRET_KEY, TossServer

from solvent.payments.toss import WINDOW
from solvent.values.limits import COUPON_FAILURES_MAX

pytestmark = pytest.mark.xdist_group("console")


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


def ordered(kim: Browser) -> str:
    """An order over 10,000 won that is to be paid with Toss."""
    return do(kim, "/plan/top-up", amount="10000", rail="toss").split("/")[-1]


def test_whoever_comes_back_reads_what_the_processor_says_and_not_the_address(
    server: Solvent, toss: TossServer
) -> None:
    kim, _ = someone(server)
    order = ordered(kim)
    given = toss.authorize(order, 10_000)
    assert kim.get(f"/pay/toss/{order}", params=given | {"amount": "1"}).status_code == 403
    assert "You have ₩10,000 in" not in kim.get("/plan").text.replace("\u200a", "")
    stranger = Browser(server)
    for _ in range(2):
        came = stranger.get(f"/pay/toss/{order}", params=given)
        assert (came.status_code, came.headers["location"]) == (303, f"/paid/{order}")
    assert "₩10,000 has arrived" in kim.get(f"/paid/{order}").text.replace("\u200a", "")
    seen = stranger.get(f"/paid/{order}").text
    assert "The payment has arrived" in seen
    assert "10,000" not in seen, "how much it is is their business"
    assert kim.get(f"/pay/bank/{order}").status_code == 404, "another rail has no such order"
    assert kim.get("/pay/toss/ord_none?x=1").status_code == 404
    assert kim.get("/paid/ord_none").status_code == 404
    assert kim.get(f"/pay/toss/{order}?x={'y' * 5_000}").status_code == 400


def test_whoever_turns_back_waits_or_is_declined_reads_that(server: Solvent, toss: TossServer) -> None:
    kim, _ = someone(server, "ko")
    order = ordered(kim)
    back = kim.get(f"/pay/toss/{order}?code=PAY_PROCESS_CANCELED&message=x&orderId={order}")
    assert back.headers["location"] == f"/paid/{order}?left=1"
    left = kim.get(back.headers["location"]).text
    assert "결제하지 않고 돌아오셨습니다" in left
    assert f"/plan/pay/{order}" in left
    assert kim.get(f"/pay/toss/{order}").headers["location"] == f"/paid/{order}"
    assert "결제를 확인하고 있습니다" in kim.get(f"/paid/{order}").text
    assert kim.get(f"/paid/{order}", headers={"accept": "application/json"}).json() == {"state": "open"}
    declined = toss.authorize(order, 10_000, DECLINED)
    kim.get(f"/pay/toss/{order}", params=declined)
    assert "결제되지 않았습니다" in kim.get(f"/paid/{order}?left=1").text
    paid = toss.authorize(order, 10_000)
    kim.get(f"/pay/toss/{order}", params=paid)
    assert "10,000원 결제되었습니다" in kim.get(f"/paid/{order}?left=1").text


def test_an_operators_own_page_is_gone_on_to(new_server: NewServer, toss: TossServer) -> None:
    page = "https://shop.example/wallet?lang=ko"
    server = new_server(f'{SETTINGS}top_up_url = "{page}"\n', TABLES + TOSS.format(base_url=toss.base_url))
    kim, _ = someone(server)
    order = ordered(kim)
    came = kim.get(f"/pay/toss/{order}", params=toss.authorize(order, 10_000))
    assert came.headers["location"] == f"{page}&order={order}&state=paid"


@pytest.mark.parametrize(("locale", "width"), [("ko-KR", 390), ("en-US", 1280)])
def test_toss_window_opens_under_our_policy_and_on_that_page_alone(
    server: Solvent, toss: TossServer, open_page: OpenPage, locale: str, width: int
) -> None:
    look = open_page(locale=locale, viewport={"width": width, "height": 900})
    page = sign_up_here(look)
    page.goto(f"{server.url}/plan")
    assert not faults(page)
    page.route(WINDOW.script, lambda route: route.fulfill(body=""))
    page.locator("#top-up-amount").fill("10000")
    page.locator("#top-up button").click()
    page.wait_for_url("**/plan/pay/ord_*")
    order = page.url.split("/")[-1]
    back = f"{server.url}/pay/toss/{order}?" + urlencode(toss.authorize(order, 10_000))
    # Their script as far as it concerns our page: it asks their origin first, and then leads away in the same tab.
    page.route(WINDOW.script, lambda route: route.fulfill(body=f"""
      globalThis.TossPayments = (key) => ({{ payment: (who) => ({{ requestPayment: async (asked) => {{
        await fetch('https://apigw.tosspayments.com/of/' + key);
        globalThis.asked = [key, who, asked];
        sessionStorage.asked = JSON.stringify(globalThis.asked);
        location.assign({back!r});
      }} }}) }});""", content_type="text/javascript"))  # fmt: skip
    headers = {"access-control-allow-origin": "*"}
    page.route("https://apigw.tosspayments.com/**", lambda route: route.fulfill(body="{}", headers=headers))
    page.reload()
    assert not faults(page)
    page.locator("#pay").click()
    page.wait_for_url(f"**/paid/{order}")
    key, who, asked = page.evaluate("JSON.parse(sessionStorage.asked)")
    assert (key, who["customerKey"][:4]) == (CLIENT_KEY, "cus_")
    assert asked["amount"] == {"currency": "KRW", "value": 10_000}
    assert (asked["method"], asked["windowTarget"], asked["orderId"]) == ("CARD", "self", order)
    assert "10,000" in page.locator("h1").inner_text()
    assert not faults(page)
    assert "tosspayments" not in page.request.get(f"{server.url}/plan").headers["content-security-policy"]
    assert not look.all_complaints()
