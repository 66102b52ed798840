"""BILLING_CASES, "Books", "Wallets" and "Identity of a charge", as far as the spine goes."""

from __future__ import annotations

import pytest
from tests.doors.books import check, read_books
from tests.doors.server import Solvent, question

from solvent.ledger.account import CUSTOMER_GRANTS, wallet
from solvent.values.ids import CustomerId

pytestmark = pytest.mark.xdist_group("stories_of_books")


def test_every_receipt_can_be_rebuilt_from_the_journal(solvent: Solvent) -> None:
    for script in ({}, {"usage": "none"}, {"status": 500, "body": ""}, {"usage": {"prompt_tokens": -1}}):
        for stream in (False, True):
            solvent.send("POST", "/v1/chat/completions", question(script, stream=stream))
    books = read_books(solvent.data)
    check(books)
    assert len(books.receipts) >= 8
    for receipt in books.receipts.values():
        rows = [row for row in books.transfers.values() if row.reference == receipt.id]
        paid = sum(row.grains for row in rows if row.state == "posted" and row.debit == wallet(receipt.customer))
        cost = sum(row.grains for row in rows if row.debit.startswith("cost:"))
        assert (paid, cost) == (receipt.charge_grains, receipt.cost_grains)


def test_reading_a_receipt_again_charges_nothing(solvent: Solvent) -> None:
    answer = solvent.send("POST", "/v1/chat/completions", question())
    before = solvent.wallet()["balance"]
    bodies = {solvent.send("GET", f"/v1/answers/{answer.headers['x-request-id']}").body for _ in range(5)}
    assert len(bodies) == 1
    assert solvent.wallet()["balance"] == before


def test_a_repeated_top_up_credits_once(solvent: Solvent) -> None:
    """Five times the same request, at once or in a row: one transfer, whatever was answered."""
    id, key = solvent.customer()
    for _ in range(5):
        solvent.operate("POST", "/v1/grants", {"customer": id, "amount": "7"}, Idempotency_Key="order-7")
    assert solvent.wallet(key)["balance"] == "7"
    rows = [row for row in read_books(solvent.data).transfers.values() if row.credit == wallet(CustomerId(id))]
    assert [(row.debit, row.grains) for row in rows] == [(CUSTOMER_GRANTS, 7 * 10**9)]


def test_a_key_that_was_used_for_one_customer_gives_another_nothing(solvent: Solvent) -> None:
    """The key belongs to the operator who sends it: for another customer it is another request."""
    (first, first_key), (second, second_key) = (solvent.customer() for _ in range(2))
    headers = {"idempotency-key": "same"}
    statuses = [
        solvent.send("POST", "/v1/grants", {"customer": id, "amount": "1"}, solvent.operator_key, headers).status
        for id in (first, second, first)
    ]
    assert statuses == [200, 422, 200]
    assert [solvent.wallet(key)["balance"] for key in (first_key, second_key)] == ["1", "0"]


def test_a_failed_answer_leaves_a_receipt_and_a_void_hold(solvent: Solvent) -> None:
    answer = solvent.send("POST", "/v1/chat/completions", question({"status": 503, "body": ""}))
    id = answer.headers["x-request-id"]
    rows = [row for row in read_books(solvent.data).transfers.values() if row.reference == id]
    assert {row.state for row in rows} == {"pending", "voided"}
    assert solvent.receipt(id)["outcome"] == "failed"
