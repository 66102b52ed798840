"""The console's pages over operations, as browsers ask for them: every page, and each form right, wrong and twice."""

from __future__ import annotations

import re

import httpx2
import pytest
from tests.browsing import NewServer
from tests.chat.visits import PASSWORD, Browser
from tests.doors.server import Solvent

from solvent.console.office import SHEETS
from solvent.console.settings_pages import HIDDEN, _shown
from solvent.identity.caller import OPERATOR_ROLES
from solvent.identity.permission import may

pytestmark = pytest.mark.xdist_group("console")
RAIL = """
[[payments]]
rail = "bank"
kind = "bank"
currencies = ["KRW"]
account = "Some Bank 1-2-3"
"""
QUERIES = {
    "/console/prices/card": "?card=page-cost", "/console/ledger/transfers": "?account=memo:issued",
    "/console/ledger/moved": "?spent=fees",
}  # fmt: skip


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Solvent:
    """With a bank account for transfers."""
    return new_server(tables=RAIL)


class Office(Browser):
    """An operator's browser."""

    def __init__(self, server: Solvent, key: str = "", language: str = "en") -> None:
        super().__init__(server, language)
        went = self.send("/console/sign-in", "/console/sign-in", key=key or server.operator_key)
        assert went.status_code == 303, went.text

    def do(self, path: str, do: str, *, once: str = "", **members: str) -> httpx2.Response:
        """Send a form of a page; once: its key, a new one of the page's own when left out."""
        page = self.get(path).text
        assert f'name="do" value="{do}"' in page, (path, do)
        key = once or found_in(page, r'name="once" value="([0-9a-f]{32})"')
        # Where the form says: it may be sent elsewhere than where it stands.
        to = found_in(page, rf'(?s)action="([^"]*)"(?:(?!</form>).)*?name="do" value="{do}"')
        return self.http.post(to, data={"csrf": self.own_token(page), "do": do, "once": key, **members})

    def own_token(self, page: str) -> str:
        return found_in(page, r'name="csrf" (?:value|content)="([0-9a-f]+)"')


def found_in(page: str, pattern: str) -> str:
    """The first group of a pattern that must be on a page."""
    found = re.search(pattern, page)
    assert found, pattern
    return found[1]


def test_a_customer_is_opened_found_given_money_and_closed(server: Solvent) -> None:
    office = Office(server)
    opened = office.do("/console/customers", "open", name="Hanbit & Co", plan="pay-as-you-go", once="open1")
    assert opened.status_code == 200, opened.text
    assert "Copy this key now" in opened.text
    twice = office.do("/console/customers", "open", name="Hanbit & Co", plan="pay-as-you-go", once="open1")
    assert "was shown already" in twice.text
    found = office.get("/console/customers?search=Hanbit").text
    assert found.count("Hanbit &amp; Co") == 1
    path = found_in(found, r'href="(/console/customers/cus_[^"]+)"')
    assert office.get(path).status_code == 200
    id = path.rpartition("/")[2]
    for _ in range(2):
        given = office.do(path, "grant", customer=id, amount="5000", why="a slow week", once="grant1")
        assert given.headers["location"] == f"{path}?done=grant"
    page = office.get(f"{path}?done=grant").text
    assert "The money is theirs." in page
    assert "₩5,000 in the wallet" in page
    assert "a slow week" in page
    wrong = office.do(path, "grant", customer=id, amount="many")
    assert wrong.status_code == 400
    assert 'value="many"' in wrong.text
    assert "is not a plain decimal" in wrong.text


def test_an_invoice_is_paid_once_printed_and_its_money_is_in_the_ledger(server: Solvent) -> None:
    office = Office(server)
    made = server.operate("POST", "/v1/customers", {"name": "Owes", "plan": "plus", "pays": "invoice"})
    number = made["outcome"]["invoice"]
    number = server.operate("GET", f"/v1/invoices/{number}")["invoice"]["number"]
    path = f"/console/money/invoices/{number}"
    assert "Owes" in office.get("/console/money?state=issued").text
    assert "Owes" in office.get("/console/money/debtors").text
    pdf = office.get(f"{path}/pdf")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert office.do(path, "receive", amount="much").status_code == 400
    for _ in range(2):
        assert office.do(path, "receive", amount="9900", into="bank", once="paid1").status_code == 303
    page = office.get(f"{path}?done=receive").text
    assert "The payment is booked." in page
    assert "· Paid" in page
    assert "₩9,900" in office.get("/console/ledger?prefix=cash:bank").text
    moved = office.get("/console/ledger/transfers?account=cash:bank").text
    assert moved.count('scope="row"') == 1
    assert "The books add up" in office.get("/console/ledger?verify=1").text
    assert b"cash:bank" in office.get("/console/ledger/export").content.lower().replace(b"-", b":")
    assert office.do(path, "credit", remark="a gift", once="credit1").status_code == 303
    assert "Credit notes" in office.get(path).text


def test_a_payment_is_asked_for_confirmed_once_and_refunded(server: Solvent) -> None:
    office = Office(server)
    made = server.operate("POST", "/v1/customers", {"name": "Pays", "plan": "plus", "pays": "invoice"})
    asked = office.do(f"/console/money/invoices/{made['outcome']['invoice']}", "ask_payment", rail="bank")
    assert "Some Bank 1-2-3" in asked.text
    order = found_in(office.get("/console/money/payments").text, r"/console/money/payments/([a-z]+_[a-z0-9]+)")
    path = f"/console/money/payments/{order}"
    assert "Open" in office.get(path).text
    assert office.do(path, "confirm", amount="much").status_code == 400
    other = server.operate("POST", f"/v1/customers/{made['id']}/top-ups", {"amount": "5000", "rail": "bank"})
    unwanted = f"/console/money/payments/{other['order']['id']}"
    assert office.do(unwanted, "withdraw_order").status_code == 303
    assert "Expired" in office.get(unwanted).text
    for _ in range(2):
        assert office.do(path, "confirm", amount="9900", once="confirm1").status_code == 303
    assert "₩9,900 · Paid" in office.get(path).text
    assert office.do(path, "refund", amount="99000").status_code == 403  # more than was paid


def test_coupons_months_and_money_that_nobody_explains(server: Solvent) -> None:
    office = Office(server)
    coupons = "/console/money/coupons"
    assert office.do(coupons, "add_coupon", code="x", what="percent", permille="100").status_code == 400
    for _ in range(2):
        went = office.do(coupons, "add_coupon", code="SPRING-10", what="percent", permille="100", once="c1")
        assert went.status_code == 303
    assert office.get(coupons).text.count("SPRING-10") == 1
    months = "/console/money/months"
    month = found_in(office.get(months).text, r'href="/console/money/months/([0-9-]+)"')
    refused = office.do(months, "close_month", month=month)
    assert refused.status_code == 409, refused.text  # it is not over
    assert "This month is still open." in office.get(f"{months}/{month}").text
    assert office.do("/console/money/suspense", "suspense", rail="none", amount="5").status_code == 404
    for _ in range(2):
        assert (
            office.do("/console/money/suspense", "suspense", rail="bank", amount="5000", once="s1").status_code == 303
        )
    assert office.get("/console/money/suspense").text.count("₩5,000") == 1


def test_models_prices_and_what_changed_between_two_entries(server: Solvent) -> None:
    office = Office(server)
    assert "Models on sale: 2" in office.get("/console/models").text
    assert office.get("/console/models?probe=1").status_code == 200
    assert "page-cost" in office.get("/console/prices?prefix=page").text
    card = office.get("/console/prices/card?card=page-cost").text
    assert "₩12,000" in card
    assert office.get("/console/prices/card?card=none").status_code == 404
    assert office.get("/console/prices/card?card=page-cost&one=7").status_code == 400
    members = {"card": "page-cost", "book": "cost", "from": "2026-01-01"}
    asked = office.do("/console/prices/card?card=page-cost", "rerate_preview", **members)
    assert "It would change 0 of" in asked.text
    assert "first run" in office.get("/console/audit").text


def test_an_operator_is_invited_once_chooses_a_password_and_leaves(server: Solvent) -> None:
    office, path = Office(server), "/console/operators"
    new = {"email": "Yuna@example.com", "name": "Yuna", "role": "support"}
    assert office.do(path, "invite", email="yuna", name="Yuna", role="support").status_code == 400
    asked = office.do(path, "invite", once="invite1", **new).text
    link = found_in(asked, r">https?://[^/]+(/console/invited/[^<]+)<")
    assert "was shown already" in office.do(path, "invite", once="invite1", **new).text
    yuna = Browser(server)
    assert yuna.sign_in("yuna@example.com", "").status_code == 422
    assert "Yuna, you are invited" in yuna.get(link).text
    assert yuna.send(link, link, password="short").status_code == 422
    assert yuna.send(link, link, password=PASSWORD).headers["location"] == "/console"
    assert yuna.get("/console/customers").status_code == 200
    assert yuna.get(path).status_code == 403
    assert yuna.get(link).status_code == 403  # it works once
    assert Browser(server).get(f"{link[:-3]}abc").status_code == 403
    assert Browser(server).sign_in("yuna@example.com").headers["location"] == "/console"
    person = found_in(office.get(path).text, r'name="person" value="(psn_[a-z0-9]+)"')
    assert office.do(path, "close_person", person="psn_none").status_code == 404
    assert office.do(path, "close_person", person=person).status_code == 303
    assert yuna.get("/console/customers").status_code == 303
    assert Browser(server).sign_in("yuna@example.com").status_code == 422


def test_settings_are_shown_without_secrets_and_read_again(server: Solvent) -> None:
    office = Office(server)
    page = office.get("/console/settings").text
    assert "time_zone" in page
    assert "Some Bank" not in page
    assert _shown("database", "postgresql://user:word@host/books") == HIDDEN
    assert _shown("key", "env:KEY") == "env:KEY"
    assert office.do("/console/settings", "reload").headers["location"] == "/console/settings?done=reload"


def test_the_first_run_asks_its_question_and_ticks_what_the_books_know(server: Solvent) -> None:
    office = Office(server)
    page = office.get("/console/start").text
    assert 'A model on sale<span class="vh">: done' in page
    assert office.do("/console/start", "ask_first", question="").status_code == 400
    told = office.do("/console/start", "ask_first", question="used 100 0 50 0")
    assert "plain · charged ₩1.5 · cost ₩0.90" in told.text
    assert 'A first answer<span class="vh">: done' in office.get("/console/start").text
    for status in (200, 409):
        again = office.do("/console/start", "ask_first", question="used 100 0 50 0", once="ask1")
        assert again.status_code == status
    assert "This was asked already" in again.text


def test_each_role_sees_and_does_what_it_may_and_nobody_else_anything(server: Solvent) -> None:
    made = server.operate("POST", "/v1/customers", {"name": "Matrix", "plan": "plus", "pays": "invoice"})
    names = {
        "customer": made["id"], "plan": "plus", "invoice": made["outcome"]["invoice"], "order": "pay_none",
        "bill": "bill_none", "month": "2026-11", "run": "none",
    }  # fmt: skip
    keys = {role: server.operate("POST", "/v1/operators", {"role": role})["api_key"] for role in OPERATOR_ROLES}
    offices = {role: Office(server, key) for role, key in keys.items()}
    stranger, customer = Browser(server), Browser(server)
    assert customer.sign_up("matrix@example.com").status_code == 303
    for sheet in SHEETS:
        path = sheet.path.format_map(names) + QUERIES.get(sheet.path, "")
        assert stranger.get(path).headers["location"].startswith("/console/sign-in?next="), path
        assert customer.get(path).status_code == 404, path
        for role, office in offices.items():
            page = office.get(path)
            missing = 404 if re.search("{(order|bill|run)}", sheet.path) else 400 if path.endswith("/compare") else 200
            assert page.status_code == (missing if may(role, sheet.who) else 403), (role, path)
            for do, operation in sheet.does.items():
                if page.status_code != 200:
                    continue
                if not may(role, operation.action):
                    assert f'name="do" value="{do}"' not in page.text, (role, path, do)
                    tried = office.http.post(path, data={"csrf": office.own_token(page.text), "do": do, "once": "m"})
                    assert tried.status_code == 403, (role, path, do)
                    assert "Your role may not" in tried.text
        if sheet.does:
            do = next(iter(sheet.does))
            assert stranger.send(path, do=do, once="s").status_code == 401, path
            assert customer.send(path, "/", do=do, once="s").status_code == 404, path
