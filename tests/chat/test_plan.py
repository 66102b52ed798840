"""My plan and wallet: what is left, what a change comes to before it happens, and what each form does, once."""

from __future__ import annotations

import re
import uuid

import pytest
from tests.axe import faults
from tests.browsing import NewServer, OpenPage
from tests.chat.own import SETTINGS, TABLES, do, sign_up_here, someone
from tests.chat.talking import events
from tests.chat.visits import Browser
from tests.doors.server import Solvent

pytestmark = pytest.mark.xdist_group("console")


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Solvent:
    return new_server(SETTINGS, TABLES)


def subscription(server: Solvent, customer: str) -> dict[str, object]:
    found: dict[str, object] = server.operate("GET", f"/v1/customers/{customer}/subscription")["current"]
    return found


def test_the_page_says_first_what_is_left(server: Solvent) -> None:
    kim, _ = someone(server, "ko")
    page = kim.get("/plan").text
    assert "이번 달 답변 300개 남았습니다" in page
    assert "무료" in page
    assert "You have 300 answers left this month" in someone(server)[0].get("/plan").text


def test_a_plan_is_previewed_before_it_is_paid_and_begins_with_the_payment(server: Solvent) -> None:
    kim, id = someone(server)
    page = kim.get("/plan/change?plan=plus").text
    assert "You pay ₩9,900 now" in page.replace("\u200a", "")
    assert re.search(r">Answers</th><td class=\"n\">300 answers</td><td class=\"n\"><b>900 answers</b>", page)
    assert re.search(r">Answers worth</th><td class=\"n\">–</td>", kim.get("/plan/change?plan=pro").text)
    assert subscription(server, id)["plan"] == "free"
    assert do(kim, "/plan/change", plan="plus") == ""  # nobody said how
    once = uuid.uuid4().hex
    where = do(kim, "/plan/change", once, plan="plus", rail="bank")
    assert where.startswith("/plan/pay/ord_")
    assert do(kim, "/plan/change", once, plan="plus", rail="bank") == where
    pay = kim.get(where).text
    assert "123456-01-123456" in pay
    assert where[-8:].upper() in pay
    assert where in kim.get("/plan").text
    server.operate("POST", f"/v1/payments/{where.split('/')[-1]}/confirm", {"amount": "9900"})
    assert "₩9,900 has arrived" in kim.get(where).text.replace("\u200a", "")
    assert subscription(server, id)["plan"] == "plus"
    assert "You have 900 answers left this month" in kim.get("/plan").text


def test_what_is_cheaper_begins_later_and_is_taken_back(server: Solvent) -> None:
    kim, id = someone(server)
    server.operate("POST", f"/v1/customers/{id}/subscription/change", {"plan": "pro", "pays": "invoice"})
    assert "Until then all stays as it is" in kim.get("/plan/change?plan=plus").text
    assert do(kim, "/plan/change", plan="plus") == "/plan"
    assert subscription(server, id)["next"] is not None
    assert "it changes to Plus" in kim.get("/plan").text
    assert do(kim, "/plan/keep") == "/plan"
    assert subscription(server, id)["next"] is None
    assert "Pro ends on" in kim.get("/plan/cancel").text
    assert do(kim, "/plan/cancel") == "/plan"
    assert subscription(server, id)["cancel_at_end"] is True
    assert do(kim, "/plan/keep") == "/plan"
    assert subscription(server, id)["cancel_at_end"] is False


def test_nobody_gets_a_plan_on_credit_by_themselves(server: Solvent) -> None:
    kim, id = someone(server)
    assert subscription(server, id)["pays"] == "invoice"  # of a plan that costs nothing
    do(kim, "/plan/change", plan="plus", pays="invoice", rail="bank")
    do(kim, "/plan/packs", pack="hundred", pays="invoice", rail="bank")
    assert subscription(server, id)["plan"] == "free"
    packs = server.operate("GET", f"/v1/customers/{id}/packs")["data"]
    assert [pack["state"] for pack in packs] == ["waiting"]


def test_the_wallet_is_topped_up_and_orders_are_withdrawn(server: Solvent) -> None:
    kim, _ = someone(server)
    once = uuid.uuid4().hex
    where = do(kim, "/plan/top-up", once, amount="12,000", rail="bank")
    assert do(kim, "/plan/top-up", once, amount="12,000", rail="bank") == where
    order = where.split("/")[-1]
    assert do(kim, f"/plan/orders/{order}/withdraw") == "/plan"
    assert server.operate("GET", f"/v1/payments/{order}")["order"]["state"] == "expired"
    assert where not in kim.get("/plan").text
    assert do(kim, f"/plan/orders/{order}/withdraw") == ""
    again = do(kim, "/plan/top-up", amount="12000", rail="bank").split("/")[-1]
    server.operate("POST", f"/v1/payments/{again}/confirm", {"amount": "12000"})
    assert "₩12,000" in kim.get("/plan").text.replace("\u200a", "")
    for bad in ({"amount": "nothing", "rail": "bank"}, {"amount": "-5", "rail": "bank"}, {"amount": "5", "rail": "x"}):
        assert do(kim, "/plan/top-up", **bad) == ""
    assert kim.send("/plan/top-up", "/plan", amount="5", rail="bank").status_code == 422  # without its mark


def test_a_pack_is_paid_and_then_there(server: Solvent) -> None:
    kim, _ = someone(server)
    order = do(kim, "/plan/packs", pack="hundred", rail="bank").split("/")[-1]
    server.operate("POST", f"/v1/payments/{order}/confirm", {"amount": "5500"})
    page = kim.get("/plan").text
    assert re.search(r"Pack</th>\s*<td class=\"n\">100 answers", page)
    assert do(kim, "/plan/packs", pack="thousand", rail="bank") == ""


def test_a_limit_of_ones_own_stays_within_the_plans_and_the_operators(server: Solvent) -> None:
    kim, id = someone(server)
    assert do(kim, "/plan/limit", amount="50000", alert="800") == "/plan"
    (budget,) = server.operate("GET", f"/v1/customers/{id}/budgets")["data"]
    assert (budget["amount"], budget["alert_permille"], budget["is_hard"]) == ("50000", 800, True)
    assert 'value="50000"' in kim.get("/plan").text
    assert do(kim, "/plan/limit", amount="", alert="0") == "/plan"
    assert server.operate("GET", f"/v1/customers/{id}/budgets")["data"] == []
    wish = {"scope": f"customer:{id}", "every": "month", "unit": "money", "amount": "1000"}
    server.operate("POST", f"/v1/customers/{id}/budgets", wish)
    assert do(kim, "/plan/limit", amount="50000", alert="800") == ""
    assert do(kim, "/plan/limit", amount="", alert="0") == ""
    assert do(kim, "/plan/limit", amount="5", alert="123") == ""
    lee, _ = someone(server)
    do(lee, "/plan/change", plan="pay-as-you-go")
    assert do(lee, "/plan/limit", amount="200001", alert="0") == ""
    assert do(lee, "/plan/limit", amount="200000", alert="0") == "/plan"


def left(kim: Browser) -> dict[str, object]:
    """What a new answer's receipt says is left, as it is told and as it is read again."""
    asked = {"question": "used 1000 0 0 50", "mode": "plain"}
    told = dict(events(kim.http.post("/chat/ask", json=asked, headers={"x-csrf": kim.token("/")}).text))
    receipt = kim.get(f"/chat/talks/{told['begun']['id']}").json()["turns"][-1]["receipt"]
    assert receipt == told["ended"]["turn"]["receipt"]
    kept = receipt["remains"]
    plan = receipt["plan"]  # its dots, where answers are counted
    assert (kept["unit"] == "answers") == (plan is not None)
    assert plan is None or (plan["name"], plan["included"], plan["nth"]) == ("Free", 300, 1)
    return {name: kept[name] for name in ("unit", "left")}


def test_a_receipt_says_what_is_left_of_the_plan(server: Solvent) -> None:
    kim, id = someone(server)
    server.operate("POST", f"/v1/customers/{id}/subscription/change", {"plan": "pro", "pays": "invoice"})
    assert left(kim) == {"unit": "worth", "left": "21994"}
    assert left(someone(server)[0]) == {"unit": "answers", "left": 299}


@pytest.mark.parametrize(("locale", "width"), [("ko-KR", 390), ("en-US", 1280)])
def test_somebody_changes_their_plan_in_a_browser(
    server: Solvent, open_page: OpenPage, locale: str, width: int
) -> None:
    look = open_page(locale=locale, viewport={"width": width, "height": 900})
    page = sign_up_here(look)
    page.goto(f"{server.url}/plan")
    assert not faults(page)
    page.locator("a[href='/plan/change?plan=team']").click()
    page.locator("#seats").fill("7")
    page.locator("#seats").press("Enter")
    page.wait_for_url("**seats=7")
    assert "129,000" in page.locator(".say").inner_text()
    assert not faults(page)
    page.locator("main button.prime").click()
    page.wait_for_url("**/plan/pay/ord_*")
    assert "129,000" in page.locator(".say").inner_text()
    assert not faults(page)
    page.goto(f"{server.url}/plan/cancel")
    assert not faults(page)
    assert not look.all_complaints()
