"""Plans, wallets, invoices and payments over the operator API, on both databases: the books stay right."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection
from tests.db.opened import Place
from tests.doors.office import NOW_US, Office

from solvent.billing import payment_store
from solvent.billing.payment_store import EventRecord
from solvent.payments.fake import FakeProcessor
from solvent.payments.port import Event
from solvent.values.money import money


def balance(office: Office, customer: str) -> str:
    found: str = office.get(f"/v1/customers/{customer}/wallet")["balance"]
    return found


def test_a_gift_is_given_once_and_the_answer_is_the_same(office: Office) -> None:
    id = office.customer()["id"]
    body = {"customer": id, "amount": "3"}
    first = office.send("POST", "/v1/grants", body, None, {"idempotency-key": "g"})
    again = office.send("POST", "/v1/grants", body, None, {"idempotency-key": "g"})
    assert (first.status, again.status, again.json) == (200, 200, first.json)
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    other = office.send("POST", "/v1/grants", body | {"amount": "4"}, None, {"idempotency-key": "g"})
    assert (other.status, other.error["code"]) == (422, "idempotency_key_conflict")
    elsewhere = office.send("POST", "/v1/coupons", {"code": "HI-1", "what": "percent", "permille": 100}, None,
                            {"idempotency-key": "g"})  # fmt: skip
    assert elsewhere.status == 422
    assert balance(office, id) == "3"
    office.post("/v1/grants", body, "another")
    assert balance(office, id) == "6"
    (moved,) = {row["amount"] for row in office.get(f"/v1/customers/{id}/wallet/movements")["data"]}
    assert moved == "3"


def test_nothing_is_begun_for_who_is_closed_or_nobody(office: Office) -> None:
    made = office.customer(plan="plus")
    id = made["id"]
    office.post("/v1/grants", {"customer": id, "amount": "1"}, "before")
    office.post(f"/v1/customers/{id}/close")
    assert office.get(f"/v1/customers/{id}/subscription")["current"] is None
    asked = {
        "top-ups": {"amount": "5000", "rail": "bank"}, "methods": {"rail": "fake"}, "coupons": {"code": "X-1"},
        "charges": {"purpose": "top_up", "amount": "1"}, "packs": {"pack": "x"}, "subscription": {"plan": "plus"},
    }  # fmt: skip
    for what, body in asked.items():
        assert office.refuse(f"/v1/customers/{id}/{what}", body) == (409, "customer_closed"), what
        assert office.refuse(f"/v1/customers/nobody/{what}", body) == (404, "no_such_customer"), what
    assert office.refuse("/v1/grants", {"customer": id, "amount": "1"}) == (409, "customer_closed")
    assert office.post("/v1/grants", {"customer": id, "amount": "1"}, "before")["amount"] == "1", "a repetition"
    paid = office.post(f"/v1/invoices/{made['outcome']['invoice']}/received", {"amount": "9900"})
    assert paid["state"] == "paid", "what they owe they may still pay"


def test_a_gift_that_expires_is_a_pot_of_its_own(office: Office) -> None:
    id = office.customer()["id"]
    office.post("/v1/grants", {"customer": id, "amount": "5", "expires": "2027-01-01"})
    found = office.get(f"/v1/customers/{id}/wallet")
    gift = next(pot for pot in found["pots"] if pot["kind"] == "grant")
    assert (gift["left"], gift["expires_at"], found["balance"]) == ("5", "2027-01-01T00:00:00.000Z", "0")


@pytest.mark.parametrize(
    ("members", "status", "code"),
    [
        ({"amount": "0"}, 400, "bad_amount"), ({"amount": "-5"}, 400, "not_a_decimal"),
        ({"customer": ""}, 404, "no_such_customer"),
        ({"amount": "1e5"}, 400, "not_a_decimal"), ({"amount": "0.00000001"}, 400, "amount_too_fine"),
        ({"amount": "100000001"}, 400, "bad_amount"), ({"customer": "cus_nobody"}, 404, "no_such_customer"),
        ({"expires": "2020-01-01"}, 400, "bad_expiry"), ({"expires": "soon"}, 400, "not_a_date"),
    ],
)  # fmt: skip
def test_a_gift_that_cannot_be_is_not_given(
    office: Office, members: dict[str, str], status: int, code: str
) -> None:  # fmt: skip
    id = office.customer()["id"]
    refused = office.refuse("/v1/grants", {"customer": id, "amount": "5"} | members)
    assert refused[0] == status
    assert refused[1] in (code, "bad_amount")
    assert balance(office, id) == "0"


def test_a_plan_by_invoice_from_its_first_day_to_its_last(office: Office) -> None:
    made = office.customer(plan="plus")
    id, outcome = made["id"], made["outcome"]
    assert (made["plan"], outcome["due"], outcome["subscription"]["state"]) == ("plus", "9900", "active")
    detail = office.get(f"/v1/invoices/{outcome['invoice']}")
    invoice, line = detail["invoice"], detail["lines"][0]
    assert (invoice["supply"], invoice["vat"], invoice["total"], invoice["due"]) == ("9000", "900", "9900", "9900")
    assert (line["kind"], line["amount"], invoice["customer_name"]) == ("subscription", "9900", "Kim")
    assert office.get(f"/v1/invoices/{invoice['number']}") == detail, "by its number too"
    quote = office.post(f"/v1/customers/{id}/subscription/quote", {"plan": "pro", "pays": "invoice"})
    assert quote["way"] == "change"
    changed = office.post(f"/v1/customers/{id}/subscription/change", {"plan": "pro", "pays": "invoice"})
    assert (changed["subscription"]["plan"], changed["due"]) == ("pro", quote["due"])
    canceled = office.post(f"/v1/customers/{id}/subscription/cancel")
    assert canceled["subscription"]["cancel_at_end"]
    assert not office.post(f"/v1/customers/{id}/subscription/keep")["cancel_at_end"]
    assert office.get(f"/v1/customers/{id}")["plan"] == "pro"
    assert office.get(f"/v1/customers/{id}/subscription")["current"]["plan"] == "pro"


def test_an_invoice_is_paid_by_hand_in_parts_and_never_by_more(office: Office) -> None:
    invoice = office.customer(plan="plus")["outcome"]["invoice"]
    path = f"/v1/invoices/{invoice}/received"
    assert office.post(path, {"amount": "900"})["due"] == "9000"
    assert office.refuse(path, {"amount": "9001"}) == (409, "invoice_not_due")
    paid = office.post(path, {"amount": "9000"}, "last")
    assert (paid["state"], paid["due"], paid["paid"]) == ("paid", "0", "9900")
    assert office.post(path, {"amount": "9000"}, "last") == paid, "the same again is nothing more"
    assert office.refuse(path, {"amount": "1"}) == (409, "invoice_not_due")
    (cash,) = office.get("/v1/ledger/accounts?prefix=cash")["data"]
    assert (cash["account"], cash["balance"], cash["side"]) == ("cash:bank", "9900", "debit")


def test_a_credit_note_mirrors_an_invoice(office: Office) -> None:
    invoice = office.customer(plan="plus")["outcome"]["invoice"]
    path = f"/v1/invoices/{invoice}/credit"
    note = office.post(path, {"parts": [{"line": 1, "amount": "1100"}], "remark": "sorry"})
    assert (note["kind"], note["total"], note["vat"], note["corrects"]) == ("credit_note", "-1100", "-100", invoice)
    assert note["number"].startswith("CN-")
    assert office.refuse(path, {"parts": [{"line": 1, "amount": "9000"}]}) == (409, "exceeds_invoice")
    assert office.refuse(path, {"parts": [{"line": 2, "amount": "1"}]}) == (400, "bad_credit")
    office.post(path)
    detail = office.get(f"/v1/invoices/{invoice}")
    assert (detail["invoice"]["state"], detail["invoice"]["due"]) == ("void", "0")
    assert len(detail["credit_notes"]) == 2


@pytest.mark.parametrize("language", ["ko", "en"])
def test_an_invoice_is_printed(office: Office, language: str) -> None:
    invoice = office.customer("김고객", plan="plus")["outcome"]["invoice"]
    answer = office.send("GET", f"/v1/invoices/{invoice}/pdf?language={language}")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.body.startswith(b"%PDF-")
    assert 'filename="2026-000001.pdf"' in answer.headers["content-disposition"]
    assert office.send("GET", "/v1/invoices/nobody/pdf").error["code"] == "no_such_invoice"


def test_invoices_are_listed_in_pages_and_by_state(office: Office) -> None:
    made = [office.customer(f"C{n}", plan="plus") for n in range(5)]
    office.post(f"/v1/invoices/{made[2]['outcome']['invoice']}/received", {"amount": "9900"})
    numbers: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = office.get(f"/v1/invoices?limit=2&cursor={cursor}")
        numbers += [one["number"] for one in page["data"]]
        cursor = page["next_cursor"]
    assert numbers == [f"2026-{n:06}" for n in range(5, 0, -1)]
    assert [one["number"] for one in office.get("/v1/invoices?state=paid")["data"]] == ["2026-000003"]
    mine = office.get(f"/v1/invoices?customer={made[0]['id']}&since=1d")["data"]
    assert [one["number"] for one in mine] == ["2026-000001"]
    assert office.send("GET", "/v1/invoices?cursor=nonsense").error["code"] == "bad_cursor"


def test_a_bank_transfer_fills_a_wallet_once(office: Office) -> None:
    id = office.customer()["id"]
    asked = office.post(f"/v1/customers/{id}/top-ups", {"amount": "5000", "rail": "bank"}, "t")
    assert (asked["order"]["state"], asked["parameters"]["account"]) == ("open", "Some Bank 1-2-3")
    assert office.post(f"/v1/customers/{id}/top-ups", {"amount": "5000", "rail": "bank"}, "t") == asked
    confirm = f"/v1/payments/{asked['order']['id']}/confirm"
    assert office.refuse(confirm, {"amount": "4999"}) == (403, "transfer_differs")
    paid = office.post(confirm, {"amount": "5000", "memo": "KIM"}, "c")
    assert (paid["state"], balance(office, id)) == ("paid", "5000")
    assert office.post(confirm, {"amount": "5000", "memo": "KIM"}, "c") == paid
    assert office.refuse(confirm, {"amount": "5000"}) == (409, "order_is_paid")
    assert balance(office, id) == "5000"
    back = office.post(f"/v1/payments/{asked['order']['id']}/refund", {"amount": "2000", "why": "asked for"})
    assert (back["state"], back["amount"]) == ("pending", "2000")
    office.post(f"/v1/payments/{back['id']}/confirm", {"amount": "2000"})
    detail = office.get(f"/v1/payments/{asked['order']['id']}")
    assert (detail["order"]["state"], detail["refunds"][0]["state"]) == ("partly_refunded", "done")
    assert balance(office, id) == "3000"
    assert office.refuse(f"/v1/payments/{asked['order']['id']}/refund", {"amount": "3001"})[0] == 403


def test_what_a_card_owes_begins_with_its_payment(office: Office, fake: FakeProcessor) -> None:
    made = office.customer(plan="plus", pays="card", rail="fake")
    id, payment = made["id"], made["outcome"]["payment"]
    assert (made["plan"], made["outcome"]["subscription"]["state"]) == (None, "waiting")
    assert payment["url"].startswith("https://fake.example/")
    assert payment["order"]["purpose"] == f"subscription:{made['outcome']['subscription']['id']}"
    assert payment["order"]["amount"] == "9900"
    assert [one["id"] for one in office.get(f"/v1/payments?customer={id}")["data"]] == [payment["order"]["id"]]
    fake.pay(payment["order"]["id"], money("9900", "KRW"))
    charge = {"purpose": "top_up", "amount": "1000"}
    assert office.refuse(f"/v1/customers/{id}/charges", charge) == (404, "no_saved_method")
    looked = office.post(f"/v1/payments/{payment['order']['id']}/look-up")  # nobody told us, so we ask
    assert (looked["state"], looked["purpose"].partition(":")[0]) == ("paid", "invoice")
    assert (office.get(f"/v1/customers/{id}")["plan"], balance(office, id)) == ("plus", "0")
    (method,) = office.get(f"/v1/customers/{id}/methods")["data"]
    assert (method["label"], "token" in method) == ("good card", False)
    assert office.post(f"/v1/customers/{id}/charges", charge, "once")["state"] == "paid"
    office.post(f"/v1/customers/{id}/charges", charge, "once")
    assert balance(office, id) == "1000"
    assert fake.calls.count("charge") == 1


def test_how_it_is_paid_is_said_or_follows_from_the_rail(office: Office) -> None:
    """Nothing said: by invoice; a rail: by card over it; a rail that is not there: nothing happens at all."""
    by_invoice = office.customer(plan="plus")["outcome"]["subscription"]
    assert (by_invoice["pays"], by_invoice["state"]) == ("invoice", "active")
    by_card = office.customer(plan="plus", rail="fake")["outcome"]
    assert (by_card["subscription"]["pays"], by_card["subscription"]["state"]) == ("card", "waiting")
    assert by_card["payment"]["order"]["rail"] == "fake"
    count = len(office.get("/v1/customers")["data"])
    assert office.refuse("/v1/customers", {"name": "Lee", "plan": "plus", "rail": "gone"}) == (404, "no_such_rail")
    assert len(office.get("/v1/customers")["data"]) == count
    begin = f"/v1/customers/{by_card['subscription']['customer']}/subscription"
    assert office.refuse(begin, {"plan": "pro", "rail": "gone"}) == (404, "no_such_rail")
    assert office.refuse(f"{begin}/change", {"plan": "pro", "rail": "gone"}) == (404, "no_such_rail")
    id = by_invoice["customer"]
    assert office.refuse(f"/v1/customers/{id}/packs", {"pack": "more", "rail": "gone"}) == (404, "no_such_rail")
    assert office.refuse(f"/v1/customers/{id}/methods", {"rail": "bank"}) == (400, "bad_purpose")


def test_payouts_and_what_nobody_can_explain(office: Office) -> None:
    assert {rail["rail"] for rail in office.get("/v1/rails")["data"]} == {"bank", "fake"}
    booked = office.post("/v1/suspense", {"rail": "bank", "amount": "700", "note": "no memo"})
    (row,) = office.get(f"/v1/ledger/transfers?cause={booked['id']}")["data"]
    assert (row["debit"], row["credit"], row["amount"], row["reference"]) == ("cash:bank", "suspense", "700", "no memo")
    assert len(office.get("/v1/suspense")["data"]) == 1
    office.post("/v1/suspense", {"rail": "bank", "amount": "700", "goes_out": True})
    accounts = office.get("/v1/ledger/accounts?prefix=suspense")["data"]
    assert accounts[0]["balance"] == "0"
    payout = {"rail": "fake", "received": "95", "cleared": "100", "fee": "5"}
    assert office.refuse("/v1/payouts", payout) == (403, "payout_exceeds_receivable")
    assert office.refuse("/v1/payouts", payout | {"fee": "4"}) == (400, "payout_does_not_sum")
    assert office.refuse("/v1/payouts", payout | {"rail": "nobody"}) == (404, "no_such_rail")


def test_coupons_packs_and_budgets(office: Office) -> None:
    coupon = {"code": "spring-10", "what": "percent", "permille": 100, "periods": 2, "plans": ["plus"]}
    assert office.post("/v1/coupons", coupon)["code"] == "SPRING-10"
    assert office.refuse("/v1/coupons", coupon) == (409, "coupon_exists")
    made = office.customer(plan="plus", coupon="spring-10")
    assert made["outcome"]["due"] == "8910"
    assert office.get("/v1/coupons")["data"][0]["taken"] == 1
    office.post("/v1/coupons", {"code": "GIFT", "what": "gift", "amount": "1000"})
    taken = office.post(f"/v1/customers/{made['id']}/coupons", {"code": "gift"})
    assert taken["code"] == "GIFT"
    assert office.refuse(f"/v1/customers/{made['id']}/coupons", {"code": "gift"})[0] == 409
    assert office.get(f"/v1/customers/{made['id']}/packs")["data"] == []
    assert office.refuse(f"/v1/customers/{made['id']}/packs", {"pack": "big"})[0] == 400
    budget = {"scope": f"key:{made['key']['id']}", "every": "day", "unit": "money", "amount": "12.5"}
    path = f"/v1/customers/{made['id']}/budgets"
    assert office.post(path, budget)["amount"] == "12.5"
    assert office.refuse(path, budget | {"scope": "key:key_other"})[0] == 404
    assert office.refuse(path, budget | {"unit": "answers", "amount": "1.5"}) == (400, "bad_budget")
    assert len(office.get(path)["data"]) == 1
    plan = {"scope": "plan:plus", "every": "month", "unit": "answers", "amount": "9"}
    assert office.refuse("/v1/budgets", plan, office.keys["support"]) == (403, "role_not_allowed")
    office.post("/v1/budgets", plan)
    assert len(office.get("/v1/budgets")["data"]) == 2
    office.post(f"{path}/remove", {name: budget[name] for name in ("scope", "every", "unit")})
    assert [one["scope"] for one in office.get("/v1/budgets")["data"]] == ["plan:plus"]


def test_a_profile_is_changed_from_now_on(office: Office) -> None:
    made = office.customer(plan="plus")
    path = f"/v1/customers/{made['id']}/profile"
    assert office.get(path)["tax"] == {"treatment": "inclusive", "rate_permille": 100, "rounding": "document"}
    changed = office.post(path, {"legal_name": " Kim  Ltd ", "treatment": "none", "country": "US"})
    assert (changed["legal_name"], changed["tax"]["treatment"], changed["country"]) == ("Kim Ltd", "none", "US")
    assert office.get(path) == changed
    assert office.refuse(path, {"country": "KR", "registration_number": "1234567890"})[1] == "bad_registration_number"
    detail = office.get(f"/v1/invoices/{made['outcome']['invoice']}")
    assert detail["profile"]["legal_name"] == "", "the document keeps the profile of its day"


def plan(office: Office, name: str) -> dict[str, Any]:
    terms: dict[str, Any] = office.get(f"/v1/plans/{name}")["data"][0]["terms"]
    return terms


def test_a_plan_is_read_changed_and_published_again(office: Office) -> None:
    office.customer(plan="plus")
    terms = plan(office, "plus")
    assert not office.post("/v1/plans/preview", terms)["is_new_version"], "what is read is what was written"
    assert office.post("/v1/plans", terms)["version"] == 1
    preview = office.post("/v1/plans/preview", terms | {"price": "12000"})
    assert (preview["is_new_version"], preview["current_version"], preview["customers"]) == (True, 1, 1)
    assert office.post("/v1/plans", terms | {"price": "12000"})["version"] == 2
    newest, first = office.get("/v1/plans/plus")["data"]
    assert (newest["terms"]["price"], newest["subscribers"], newest["is_on_sale"]) == ("12000", 0, True)
    assert (first["terms"]["price"], first["subscribers"], first["is_on_sale"]) == ("9900", 1, False)
    moved = office.post("/v1/plans/plus/move", {"from": "2027-03-01"})
    assert (moved["version"], moved["customers"]) == (2, 1)
    assert office.refuse("/v1/plans/plus/move", {"from": "2026-11-25"}) == (400, "notice_too_short")
    office.post("/v1/plans/plus/withdraw")
    assert office.refuse("/v1/customers", {"name": "Lee", "plan": "plus"}) == (400, "unknown_plan")
    assert office.send("GET", "/v1/plans/nobody").error["code"] == "no_such_plan"


def test_a_plan_that_loses_money_is_refused_unless_it_is_meant(office: Office) -> None:
    from solvent.billing.loss import ClassCost

    office.costs = (ClassCost("standard", answer_grains=100 * 10**7),)
    terms = {"name": "lossy", "price": "1000", "included": [{"answers": 100}]}
    preview = office.post("/v1/plans/preview", terms)
    assert (preview["finding"]["kind"], preview["finding"]["left"].startswith("-")) == ("loss", True)
    assert office.refuse("/v1/plans", terms) == (403, "plan_at_a_loss")
    assert office.post("/v1/plans", terms | {"at_a_loss": True})["version"] == 1
    for body, code in ((terms | {"price": "-1"}, "bad_plan"), (terms | {"name": "a b"}, "bad_plan"),
                       (terms | {"price": 5}, "bad_request"), (terms | {"colour": "red"}, "bad_request")):  # fmt: skip
        assert office.refuse("/v1/plans", body) == (400, code)


def test_what_processors_tell_that_does_not_agree_is_listed_in_pages(office: Office, place: Place) -> None:
    assert office.get("/v1/payments/mismatches")["data"] == []
    told = [
        EventRecord(rail, f"evt/{n}", "paid", "ord_1", "", 1, "9 KRW", "mismatch", "it says so", 10 + n // 3)
        for n, rail in enumerate(("fake", "fake", "bank", "fake", "bank"))
    ]

    def keep(connection: Connection) -> None:
        for record in (*told, msgspec.structs.replace(told[0], id="evt_fine", state="applied")):
            payment_store.note_event(connection, record.rail, Event(record.id, "paid", record.order_id), NOW_US)
            payment_store.set_event(connection, record)

    async def tell() -> None:
        async with place.opened() as database:
            await database.write(keep)

    asyncio.run(tell())
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = office.get(f"/v1/payments/mismatches?limit=2&cursor={cursor}")
        found += [one["event"] for one in page["data"]]
        cursor = page["next_cursor"]
    assert found == ["evt/3", "evt/4", "evt/1", "evt/0", "evt/2"]
    assert page["data"][0] == {
        "object": "payment.mismatch", "rail": "bank", "event": "evt/2", "kind": "paid", "order": "ord_1",
        "payment": None, "amount": "9 KRW", "signed": True, "why": "it says so", "seen_at": "1970-01-01T00:00:00.000Z",
    }  # fmt: skip
    for bad in ("1", "x/y/z", "1/y", "%20"):
        assert office.send("GET", f"/v1/payments/mismatches?cursor={bad}").error["code"] == "bad_cursor"


def test_a_customer_whose_bank_took_money_back_is_shown_so(office: Office) -> None:
    kim, lee = office.customer()["id"], office.customer("Lee")["id"]
    order = office.post(f"/v1/customers/{kim}/top-ups", {"amount": "5000", "rail": "bank"})["order"]["id"]
    office.post(f"/v1/payments/{order}/confirm", {"amount": "5000"})
    dispute = {"dispute": "letter-7", "amount": "5000"}
    for state, is_taken in (("open", True), ("won", False)):
        office.post(f"/v1/payments/{order}/chargeback", dispute | {"state": state})
        assert office.get(f"/v1/customers/{kim}")["charged_back"] is is_taken
        listed = {one["id"]: one["charged_back"] for one in office.get("/v1/customers")["data"]}
        assert listed == {kim: is_taken, lee: False}
    assert office.post(f"/v1/customers/{kim}/suspend")["charged_back"] is False
