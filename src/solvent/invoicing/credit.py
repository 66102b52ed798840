"""A credit note gives back an invoice, whole or in part: its lines, mirrored.

What is credited of one line is cumulative, so that all parts together mirror it to the last won.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from solvent.invoicing.invoice import Invoice, InvoiceId, vat_home
from solvent.invoicing.line import Line, is_deferred
from solvent.invoicing.number import Number
from solvent.invoicing.tax import round_half_away
from solvent.values.errors import Conflict, Invalid
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money, plain

BREAKAGE: Final = "revenue:breakage"  # ledger.account.BREAKAGE, which is on this room's floor


class Part(msgspec.Struct, frozen=True):
    """How much of one line is given back.

    line: its place on the invoice, from 1. amount: with VAT, whole minor units, above zero.
    from_us: on a deferred line, from when on it is not earned any more; 0 for its whole time.
    """

    line: int
    amount: Money
    from_us: int = 0


class _Gone(msgspec.Struct):
    """What notes gave back of a line so far, in grains, with the sign of the line."""

    total: int = 0
    vat: int = 0


def credit_note(
    invoice: Invoice,
    before: Sequence[Invoice],
    parts: Sequence[Part] | None,
    id: InvoiceId,
    number: Number,
    issued_us: int,
    reference: str,
    remark: str,
) -> Invoice:
    """The note that gives back `parts`, or all that is left of the invoice. before: its credit notes so far.

    Raises Invalid for a part that is none, and Conflict for more than is left.
    """
    if invoice.kind != "invoice":
        raise Conflict("not_an_invoice", "a credit note cannot be credited; credit its invoice", param="invoice")
    gone = _gone(invoice, before)
    if parts is None:
        wanted = [
            Part(number, line.total - Money(past.total, invoice.currency))
            for number, (line, past) in enumerate(zip(invoice.lines, gone, strict=True), start=1)
        ]
    else:
        wanted = _checked(invoice, parts, gone)
    lines = tuple(_mirrored(invoice, part, gone[part.line - 1]) for part in wanted if part.amount.grains)
    if not lines:
        raise Conflict("invoice_credited", "all of this invoice has been given back already", param="invoice")
    currency = invoice.currency
    supply = Money(sum(line.supply.grains for line in lines), currency)
    vat = Money(sum(line.vat.grains for line in lines), currency)
    return Invoice(
        id=id, kind="credit_note", number=number, customer=invoice.customer, customer_name=invoice.customer_name,
        profile=invoice.profile, currency=currency, issued_us=issued_us, due_us=issued_us, from_us=invoice.from_us,
        until_us=invoice.until_us, reference=reference, lines=lines, supply=supply, vat=vat,
        vat_home=_vat_home(invoice, before, supply, vat), rate=invoice.rate, corrects=invoice.id,
        remark=" ".join(remark.split()),
    )  # fmt: skip


def _gone(invoice: Invoice, before: Sequence[Invoice]) -> list[_Gone]:
    sums = [_Gone() for _ in invoice.lines]
    for note in before:
        for line in note.lines:
            sums[line.corrects - 1].total -= line.total.grains
            sums[line.corrects - 1].vat -= line.vat.grains
    return sums


def _checked(invoice: Invoice, parts: Sequence[Part], gone: list[_Gone]) -> list[Part]:
    if len({part.line for part in parts}) < len(parts):
        raise Invalid("bad_credit", "a line is there twice; give each line back once", param="lines")
    for part in parts:
        if not 1 <= part.line <= len(invoice.lines):
            message = f"line {part.line} is not on this invoice; it has lines 1 to {len(invoice.lines)}"
            raise Invalid("bad_credit", message, param="lines")
        amount, line = part.amount, invoice.lines[part.line - 1]
        if amount.currency != invoice.currency or amount.grains <= 0 or amount.grains % GRAINS_PER_MINOR_UNIT:
            message = f"line {part.line}: {plain(amount)} {amount.currency} is not a whole amount of {invoice.currency}"
            raise Invalid("bad_credit", message, param="lines")
        left = line.total.grains - gone[part.line - 1].total
        if amount.grains > left:
            most = plain(Money(max(0, left), invoice.currency))
            message = f"line {part.line}: at most {most} of it is left to give back"
            raise Conflict("exceeds_invoice", message, param="lines")
    return list(parts)


def _mirrored(invoice: Invoice, part: Part, gone: _Gone) -> Line:
    """The line of a note. Its VAT is the difference between two roundings, so that all of them sum to the line's."""
    line = invoice.lines[part.line - 1]
    whole = abs(line.total.grains) * GRAINS_PER_MINOR_UNIT
    share = round_half_away(abs(line.vat.grains) * (gone.total + part.amount.grains), whole) * GRAINS_PER_MINOR_UNIT
    vat = share - gone.vat
    mirrored = msgspec.structs.replace(
        line,
        supply=Money(vat - part.amount.grains, invoice.currency),
        vat=Money(-vat, invoice.currency),
        corrects=part.line,
        from_us=max(line.from_us, part.from_us),
    )
    if not is_deferred(line):
        return mirrored
    if line.pot:  # what is given back of a pack is what will not be used: it leaves what would expire
        start_us = max(part.from_us, line.until_us - 1)
        return msgspec.structs.replace(mirrored, pot="", from_us=start_us, revenue_account=BREAKAGE)
    if mirrored.from_us >= line.until_us:
        message = f"line {part.line} is earned whole by then; leave out from when on, to take back what was earned"
        raise Invalid("bad_credit", message, param="lines")
    return mirrored


def _vat_home(invoice: Invoice, before: Sequence[Invoice], supply: Money, vat: Money) -> Money:
    """What the last note takes back is what is left, whatever the notes before it rounded to."""
    if sum(note.total.grains for note in before) + supply.grains + vat.grains == -invoice.total.grains:
        left = invoice.vat_home
        for note in before:
            left = left + note.vat_home
        return -left
    return vat_home(vat, invoice.profile, invoice.rate)
