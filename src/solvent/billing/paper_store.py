"""The papers of top-ups that VAT was paid with: an invoice when one is paid, and a credit note for what goes back.

The money is booked with the payment, so these documents have no postings: they say what was booked, to the won.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from solvent.billing import reversal_store
from solvent.billing.invoice_store import invoice_id, names_of, year_of
from solvent.billing.order import TOP_UP, PaymentOrder
from solvent.billing.reversal import DisputeRecord, RefundOrder
from solvent.billing.vat_rate_store import needs_rate, vat_rate
from solvent.invoicing import store
from solvent.invoicing.credit import Part, credit_note
from solvent.invoicing.invoice import Invoice, InvoiceDraft, Standing, made_out, vat_home
from solvent.invoicing.line import DraftLine, Line
from solvent.invoicing.number import CREDIT_NOTES, INVOICES, Number
from solvent.ledger.account import wallet
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money


def note_paid(connection: Connection, order: PaymentOrder, at_us: int) -> None:
    """A top-up is paid: issue its invoice, if it was taxed. Where VAT is owed in another currency and no rate is
    known, there is none."""
    if order.kind == TOP_UP and order.vat_grains:
        _issue(connection, order, order.grains, order.vat_grains, order.id, at_us)


def note_back(connection: Connection, order: PaymentOrder, back: RefundOrder | DisputeRecord, at_us: int) -> None:
    """Some of a top-up went back for good: credit it, its VAT as it was booked."""
    if back.grains % GRAINS_PER_MINOR_UNIT:
        return  # no document can say that
    supply, vat = back.grains - back.vat_grains, back.vat_grains
    for invoice, standing in _invoices(connection, order):
        notes = store.credit_notes_of(connection, invoice.id)
        # What is left of its supply and of its VAT, each by itself: so the documents come to what was booked.
        from_supply = min(supply, invoice.supply.grains + sum(note.supply.grains for note in notes))
        from_vat = min(vat, invoice.vat.grains + sum(note.vat.grains for note in notes))
        part = from_supply + from_vat
        if not part:
            continue
        reference = f"{_step(order, back)}/{invoice.id}"
        unnumbered = Number(CREDIT_NOTES, year_of(connection, at_us), 0)
        parts = (Part(1, Money(part, order.currency)),)
        id = invoice_id(reference, at_us)
        note = credit_note(invoice, notes, parts, id, unnumbered, at_us, reference, "")
        _add(connection, _with_vat(note, -from_vat))
        gone = Standing(standing.paid, standing.returned + part, standing.credited + part)
        store.set_standing(connection, invoice, gone)
        supply, vat = supply - from_supply, vat - from_vat


def note_returned(connection: Connection, order: PaymentOrder, back: RefundOrder | DisputeRecord, at_us: int) -> None:
    """What went back and was credited came to us again: a credit note stays, so it is invoiced anew."""
    step = _step(order, back)
    references = [f"{step}/{invoice.id}" for invoice, _ in _invoices(connection, order)]
    if references and store.invoices_for(connection, references):
        _issue(connection, order, back.grains, back.vat_grains, f"{step}/again", at_us)


def _step(order: PaymentOrder, back: RefundOrder | DisputeRecord) -> str:
    """What a refund or dispute of an order is called in references."""
    return f"{order.id}/{back.id}"


def _invoices(connection: Connection, order: PaymentOrder) -> list[tuple[Invoice, Standing]]:
    """All invoices of a top-up and how they stand; nearly always it is one."""
    if order.kind != TOP_UP or not order.vat_grains:
        return []
    backs: list[RefundOrder | DisputeRecord] = [
        *reversal_store.refunds_of(connection, order.id),
        *reversal_store.disputes_of(connection, order.id),
    ]
    references = [order.id, *(f"{_step(order, back)}/again" for back in backs)]
    found = store.invoices_for(connection, references)
    return [store.invoice_by_id(connection, found[name].id) for name in references if name in found]


def _issue(connection: Connection, order: PaymentOrder, grains: int, vat: int, reference: str, at_us: int) -> None:
    profile = store.profile_at(connection, order.customer, order.paid_us or at_us)
    rate = vat_rate(connection, profile, order.currency, at_us)
    if rate is None and needs_rate(profile, order.currency):
        return
    line = DraftLine(kind="top_up", amount=Money(grains - vat, order.currency), credit_account=wallet(order.customer))
    draft = InvoiceDraft(
        customer=order.customer, currency=order.currency, lines=(line,), reference=reference, from_us=0, until_us=0,
        due_us=at_us,
    )  # fmt: skip
    name = names_of(connection, [order.customer]).get(order.customer, order.customer)
    unnumbered = Number(INVOICES, year_of(connection, at_us), 0)
    made = made_out(draft, invoice_id(reference, at_us), unnumbered, profile, name, at_us, rate)
    invoice = _add(connection, _with_vat(made, vat, grains))
    store.set_standing(connection, invoice, Standing(paid=grains))


def _with_vat(document: Invoice, vat: int, total: int | None = None) -> Invoice:
    """A document of one line, with exactly the VAT that was booked."""
    currency = document.currency
    supply = (document.total.grains if total is None else total) - vat
    amounts = {"supply": Money(supply, currency), "vat": Money(vat, currency)}
    (line,) = document.lines
    lines: tuple[Line, ...] = (msgspec.structs.replace(line, **amounts),)
    home = vat_home(amounts["vat"], document.profile, document.rate)
    return msgspec.structs.replace(document, lines=lines, vat_home=home, **amounts)


def _add(connection: Connection, document: Invoice) -> Invoice:
    series, year = document.number.series, document.number.year
    (number,) = store.next_numbers(connection, series, year, 1)
    numbered = msgspec.structs.replace(document, number=number)
    store.add_invoices(connection, [numbered])
    return numbered
