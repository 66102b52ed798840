"""Credit notes mirror: all parts of a line sum to it, supply and VAT alike, to the last minor unit."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.invoicing.drafts import DAY_US, TAXES, draft, drafts, issued, line

from solvent.invoicing.credit import Part, credit_note
from solvent.invoicing.invoice import Invoice, InvoiceDraft, InvoiceId
from solvent.invoicing.number import Number
from solvent.invoicing.tax import Tax
from solvent.ledger.account import BREAKAGE
from solvent.values.errors import Conflict, Invalid, SolventError
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money


def credited(invoice: Invoice, before: list[Invoice], parts: list[Part] | None) -> Invoice:
    number = Number("CN", 2026, len(before) + 1)
    return credit_note(invoice, before, parts, InvoiceId(f"inv_c{len(before)}"), number, 5, "back", "")


@given(drafts(), TAXES, st.data())
def test_parts_and_the_rest_mirror_the_invoice_line_by_line(
    wanted: InvoiceDraft, tax: Tax, data: st.DataObject
) -> None:
    try:
        invoice = issued(wanted, tax)
    except Invalid:
        assume(False)
    notes: list[Invoice] = []
    for _ in range(data.draw(st.integers(0, 3))):
        number = data.draw(st.integers(1, len(invoice.lines)))
        units = data.draw(st.integers(1, max(1, invoice.lines[number - 1].total.grains // GRAINS_PER_MINOR_UNIT)))
        part = Part(number, Money(units * GRAINS_PER_MINOR_UNIT, invoice.currency))
        with suppress(Conflict):  # more than is left of it
            notes.append(credited(invoice, notes, [part]))
    with suppress(Conflict):  # nothing is left of it
        notes.append(credited(invoice, notes, None))
    for number, whole in enumerate(invoice.lines, start=1):
        parts = [mirrored for note in notes for mirrored in note.lines if mirrored.corrects == number]
        assert sum(mirrored.supply.grains for mirrored in parts) == -whole.supply.grains
        assert sum(mirrored.vat.grains for mirrored in parts) == -whole.vat.grains
    for note in notes:
        assert note.total.grains == sum(mirrored.total.grains for mirrored in note.lines)
        assert note.corrects == invoice.id
    assert sum(note.vat_home.grains for note in notes) == -invoice.vat_home.grains
    with pytest.raises(Conflict, match="given back already"):
        credited(invoice, notes, None)


def test_part_of_a_line_takes_its_part_of_the_vat() -> None:
    invoice = issued(draft(line(11_000), line(5_500, "usage", "revenue:answers")))
    note = credited(invoice, [], [Part(1, Money(5_500 * 10**7, "KRW"), from_us=15 * DAY_US)])
    assert (note.supply, note.vat) == (Money(-5_000 * 10**7, "KRW"), Money(-500 * 10**7, "KRW"))
    assert (note.lines[0].from_us, note.lines[0].until_us) == (15 * DAY_US, 30 * DAY_US)


def test_what_is_given_back_of_a_pack_leaves_what_would_expire() -> None:
    pack = line(11_000, "pack", "deferred:pack_1", quantity=100, pot="allowance:cus_1:pack_1")
    note = credited(issued(draft(pack)), [], [Part(1, Money(5_500 * 10**7, "KRW"))])
    (back,) = note.lines
    assert (back.pot, back.revenue_account, back.until_us - back.from_us) == ("", BREAKAGE, 1)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ([Part(3, Money(10**7, "KRW"))], "lines 1 to 2"),
        ([Part(0, Money(10**7, "KRW"))], "lines 1 to 2"),
        ([Part(1, Money(10**7, "USD"))], "whole amount"),
        ([Part(1, Money(10**7 + 1, "KRW"))], "whole amount"),
        ([Part(1, Money(0, "KRW"))], "whole amount"),
        ([Part(1, Money(11_001 * 10**7, "KRW"))], "at most 11000"),
        ([Part(1, Money(10**7, "KRW")), Part(1, Money(10**7, "KRW"))], "twice"),
        ([Part(1, Money(10**7, "KRW"), from_us=30 * DAY_US)], "earned whole"),
        ([], "given back already"),
    ],
)
def test_what_cannot_be_given_back_is_refused_by_name(parts: list[Part], says: str) -> None:
    invoice = issued(draft(line(11_000), line(5_500)))
    with pytest.raises(SolventError, match=says):
        credited(invoice, [], parts)


def test_a_credit_note_is_not_credited() -> None:
    note = credited(issued(draft(line(11_000)), Tax()), [], None)
    with pytest.raises(Conflict, match="credit its invoice"):
        credited(note, [], None)
