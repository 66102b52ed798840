"""My invoices: listed, shown, printed and paid; whom they are made out to; and nobody else's."""

from __future__ import annotations

import pytest
from tests.axe import faults
from tests.browsing import NewServer, OpenPage
from tests.chat.own import SETTINGS, TABLES, do, sign_up_here, someone
from tests.doors.server import Solvent

pytestmark = pytest.mark.xdist_group("console")


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Solvent:
    return new_server(SETTINGS, TABLES)


def invoiced(server: Solvent, customer: str) -> str:
    """Put somebody on a plan that is paid by invoice; the invoice's id."""
    change = {"plan": "pro", "pays": "invoice"}
    made = server.operate("POST", f"/v1/customers/{customer}/subscription/change", change)
    return str(made["invoice"])


def test_an_invoice_is_listed_shown_printed_and_paid(server: Solvent) -> None:
    kim, id = someone(server)
    assert "no invoices yet" in kim.get("/invoices").text
    invoice = invoiced(server, id)
    assert f"/invoices/{invoice}" in kim.get("/invoices").text
    page = kim.get(f"/invoices/{invoice}").text.replace("\u200a", "")
    assert "₩29,000 to pay by" in page
    assert "₩2,636" in page  # the VAT in it
    printed = kim.get(f"/invoices/{invoice}/pdf")
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF-")
    assert do(kim, f"/invoices/{invoice}/pay", at=f"/invoices/{invoice}") == ""
    where = do(kim, f"/invoices/{invoice}/pay", at=f"/invoices/{invoice}", rail="bank")
    server.operate("POST", f"/v1/payments/{where.split('/')[-1]}/confirm", {"amount": "29000"})
    assert "₩29,000 is paid" in kim.get(f"/invoices/{invoice}").text.replace("\u200a", "")
    server.operate("POST", f"/v1/invoices/{invoice}/credit", {"remark": "sorry"})
    assert "Credit note" in kim.get("/invoices").text
    assert "CN-" in kim.get(f"/invoices/{invoice}").text


def test_what_was_paid_in_another_way_is_not_asked_for_again(server: Solvent) -> None:
    kim, id = someone(server)
    invoice = invoiced(server, id)
    where = do(kim, f"/invoices/{invoice}/pay", at=f"/invoices/{invoice}", rail="bank")
    assert "123456-01-123456" in kim.get(where).text
    assert where in kim.get("/plan").text
    server.operate("POST", f"/v1/invoices/{invoice}/received", {"amount": "29000"})
    page = kim.get(where).text
    assert "Nothing is to be paid here any more" in page
    assert "123456-01-123456" not in page
    assert where not in kim.get("/plan").text


def test_documents_are_made_out_as_one_says(server: Solvent) -> None:
    kim, id = someone(server)
    wish = {
        "legal_name": "가온 세무사",
        "registration_number": "123-45-67891",
        "address": "서울시\n중구",
        "country": "kr",
    }
    assert (
        do(kim, "/invoices/profile", at="/invoices/profile", language="ko", email="a@b.example", **wish) == "/invoices"
    )
    made = server.operate("GET", f"/v1/customers/{id}/profile")
    assert (made["legal_name"], made["registration_number"]) == ("가온 세무사", "1234567891")
    assert (made["address"], made["country"], made["tax"]["treatment"]) == ("서울시 중구", "KR", "inclusive")
    assert "123-45-67891" in kim.get("/invoices").text
    for bad in (
        {"registration_number": "123-45-67890"}, {"country": "KOR"}, {"language": "fr"}, {"legal_name": "x" * 201},
        {"legal_name": "a\x00b"},
    ):  # fmt: skip
        shown = kim.send("/invoices/profile", "/invoices/profile", once="a1", **bad)
        assert shown.status_code == 422, bad
        assert 'role="alert"' in shown.text
    kim.send("/invoices/profile", "/invoices/profile", once="b2", treatment="none", rate_permille="0", legal_name="Kim")
    assert server.operate("GET", f"/v1/customers/{id}/profile")["tax"]["treatment"] == "inclusive"


def test_pages_of_a_long_list_hold_each_once(server: Solvent) -> None:
    kim, id = someone(server)
    for _ in range(21):
        pack = {"pack": "hundred", "pays": "invoice"}
        bought = server.operate("POST", f"/v1/customers/{id}/packs", pack)
        (invoice,) = server.operate("GET", f"/v1/invoices?customer={id}&limit=1")["data"]
        server.operate("POST", f"/v1/invoices/{invoice['id']}/received", {"amount": bought["due"]})
    first = kim.get("/invoices").text
    (older,) = {part.split('"')[0] for part in first.split('href="')[1:] if part.startswith("/invoices?before=")}
    second = kim.get(older).text
    shown = [part.split('"')[0] for part in (first + second).split('href="/invoices/inv_')[1:]]
    assert len(shown) == len(set(shown)) == 21
    assert kim.get("/invoices?before=nothing").status_code == 400


@pytest.mark.parametrize(("locale", "width"), [("ko-KR", 390), ("en-US", 1280)])
def test_invoices_in_a_browser(server: Solvent, open_page: OpenPage, locale: str, width: int) -> None:
    look = open_page(locale=locale, viewport={"width": width, "height": 900})
    page = sign_up_here(look)
    page.goto(f"{server.url}/invoices")
    newest = server.operate("GET", "/v1/customers?limit=1")["data"][0]["id"]
    invoice = invoiced(server, newest)
    page.reload()
    assert not faults(page)
    page.locator(f"a[href='/invoices/{invoice}']").click()
    page.wait_for_url(f"**/{invoice}")
    assert "29,000" in page.locator(".say").inner_text()
    assert not faults(page)
    page.goto(f"{server.url}/invoices/profile")
    page.locator("[name=registration_number]").fill("1")
    page.locator("main button.prime").click()
    page.locator("[role=alert]").wait_for()
    assert not faults(page)
    complaints = [one for one in look.all_complaints() if "422" not in one]
    assert not complaints
