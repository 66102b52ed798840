"""Invoices add up, in every currency and under every treatment; how one stands follows from what happened to it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.invoicing.drafts import DAY_US, RATE, TAXES, draft, drafts, issued, line

from solvent.invoicing.invoice import (
    DatedRate,
    Invoice,
    InvoiceDraft,
    Standing,
    due_grains,
    paid_with,
    returned_with,
    state_of,
)
from solvent.invoicing.line import DraftLine
from solvent.invoicing.tax import Tax
from solvent.values.errors import Conflict, Invalid
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money


@given(drafts(), TAXES)
def test_lines_sum_to_the_document_in_whole_minor_units(wanted: InvoiceDraft, tax: Tax) -> None:
    try:
        invoice = issued(wanted, tax)
    except Invalid:
        return
    assert invoice.supply.grains == sum(part.supply.grains for part in invoice.lines)
    assert invoice.vat.grains == sum(part.vat.grains for part in invoice.lines)
    assert invoice.total == invoice.supply + invoice.vat
    for part in (invoice.supply, invoice.vat, *(one.supply for one in invoice.lines)):
        assert part.grains % GRAINS_PER_MINOR_UNIT == 0
    outside = [part for part in invoice.lines if part.tax == "outside"]
    assert not any(part.vat.grains for part in outside)
    if tax.treatment in ("none", "reverse_charge"):
        assert invoice.vat.grains == 0


@given(drafts(), TAXES)
def test_an_invoice_is_within_half_a_unit_of_its_draft(wanted: InvoiceDraft, tax: Tax) -> None:
    assume(tax.rounding == "document" and tax.treatment != "exclusive")
    try:
        invoice = issued(wanted, tax)
    except Invalid:
        return
    exact = sum(line.amount.grains for line in wanted.lines)
    assert abs(invoice.total.grains - exact) <= GRAINS_PER_MINOR_UNIT  # half for what is taxed, half for what is not


@given(drafts(), TAXES)
def test_a_document_reads_back_as_it_was_written(wanted: InvoiceDraft, tax: Tax) -> None:
    try:
        invoice = issued(wanted, tax)
    except Invalid:
        return
    assert msgspec.json.decode(msgspec.json.encode(invoice), type=Invoice) == invoice


def test_won_have_no_decimals_and_vat_is_inside() -> None:
    invoice = issued(draft(line(29_000), line(-2_900, "coupon"), line("0.4", "usage", "revenue:answers")))
    assert [(part.supply.grains, part.vat.grains) for part in invoice.lines] == [
        (26_363 * 10**7, 2_637 * 10**7),  # 2,636.36 and -263.64 of VAT: the first of equal remainders goes up
        (-2_636 * 10**7, -264 * 10**7),
        (0, 0),
    ]
    assert (invoice.supply, invoice.vat) == (Money(23_727 * 10**7, "KRW"), Money(2_373 * 10**7, "KRW"))
    assert invoice.total == Money(26_100 * 10**7, "KRW")


def test_vat_in_another_currency_is_stated_in_won_by_a_dated_rate() -> None:
    dollars = DraftLine(kind="subscription", amount=Money(110 * 10**9, "USD"), credit_account="revenue:answers")
    invoice = issued(draft(dollars))
    assert (invoice.vat, invoice.rate) == (Money(10 * 10**9, "USD"), RATE)
    assert invoice.vat_home == Money(13_855 * 10**7, "KRW")
    with pytest.raises(Invalid, match="exchange rate of the day"):
        issued(draft(dollars), rate=None)
    with pytest.raises(Invalid, match="exchange rate of the day"):
        issued(draft(dollars), rate=DatedRate("EUR", 1, 1, 0, ""))
    untaxed = issued(draft(dollars), Tax("reverse_charge"), rate=None)
    assert untaxed.vat_home == Money(0, "KRW")


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (draft(), "1 to"),
        (draft(line(1), line(-2)), "less than nothing"),
        (draft(line(1), line(1, from_us=5, until_us=5)), "line 2"),
        (draft(line(1), line(1, text="x" * 200)), "line 2"),
        (draft(line(1), line(1, account="")), "line 2"),
        (draft(line(1), DraftLine(kind="usage", amount=Money(1, "USD"), credit_account="a")), "line 2"),
        (draft(*[line(1)] * 1001), "1 to"),
    ],
)
def test_what_makes_no_invoice_is_refused_by_name(wanted: InvoiceDraft, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        issued(wanted)


@given(st.integers(0, 10**9), st.lists(st.tuples(st.booleans(), st.integers(1, 10**9)), max_size=12))
def test_never_more_is_paid_than_due_nor_given_back_than_paid(total: int, steps: list[tuple[bool, int]]) -> None:
    standing = Standing()
    for is_payment, grains in steps:
        before = due_grains(total, standing)
        try:
            standing = paid_with(total, standing, grains) if is_payment else returned_with(standing, grains)
        except Conflict:
            assert grains > before if is_payment else grains > standing.paid - standing.returned
            continue
        assert due_grains(total, standing) == before + (-grains if is_payment else grains)
        assert 0 <= standing.returned <= standing.paid
        assert state_of(total, standing) == ("paid" if due_grains(total, standing) == 0 else "issued")


@pytest.mark.parametrize(
    ("standing", "state"),
    [
        (Standing(), "issued"),
        (Standing(paid=60), "issued"),
        (Standing(paid=100), "paid"),
        (Standing(paid=60, credited=40), "paid"),
        (Standing(credited=100), "void"),
        (Standing(paid=100, credited=100), "credited"),
        (Standing(paid=100, returned=100), "issued"),
        (Standing(paid=100, returned=100, credited=100), "credited"),
        (Standing(written_off=100), "written_off"),
        (Standing(paid=60, written_off=40), "written_off"),
        (Standing(paid=100, returned=60, written_off=40), "issued"),
    ],
)
def test_how_an_invoice_over_100_stands(standing: Standing, state: str) -> None:
    assert state_of(100, standing) == state


def test_an_invoice_over_nothing_is_paid() -> None:
    assert state_of(0, Standing()) == "paid"
    assert issued(draft(line(5), line(-5))).total.grains == 0


def test_the_period_is_kept() -> None:
    invoice = issued(draft(line(5)))
    assert (invoice.from_us, invoice.until_us, invoice.due_us) == (0, 30 * DAY_US, 14 * DAY_US)
