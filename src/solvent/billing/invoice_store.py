"""An invoice is a document and its postings, in one transaction: issue, pay, give back, credit.

Store functions, so that a renewal or a payment writes its own rows and the invoice's together.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec
from sqlalchemy import Connection, select

from solvent.billing.invoice_postings import invoice_postings, schedules_of_invoice
from solvent.billing.recognition_store import add_schedules
from solvent.billing.vat_rate_store import vat_rate
from solvent.identity.store import customers
from solvent.invoicing import store
from solvent.invoicing.credit import Part, credit_note
from solvent.invoicing.invoice import (
    Invoice,
    InvoiceDraft,
    InvoiceId,
    Standing,
    due_grains,
    expected_again,
    made_out,
    paid_with,
    returned_less,
    returned_with,
    written_off_with,
)
from solvent.invoicing.number import CREDIT_NOTES, INVOICES, Number
from solvent.ledger import store as ledger_store
from solvent.ledger.account import BAD_DEBT, invoiced, unbilled
from solvent.ledger.transfer import posting
from solvent.values.errors import Conflict, Invalid
from solvent.values.ids import CustomerId, TransferId, new_id
from solvent.values.money import Money
from solvent.values.period import month_number, zone


def issue(connection: Connection, draft: InvoiceDraft, now_us: int) -> Invoice:
    """Number the draft, write it, and post it: receivable:invoices:<customer> against each line's account and VAT.

    A draft whose `reference` was invoiced before gives that invoice again. An invoice over nothing is paid at once.
    Where VAT is owed in another currency, it is at the rate of the day.
    Raises Invalid for a draft that makes no invoice, also for want of that rate.
    """
    return issue_many(connection, [draft], now_us)[0]


def issue_many(
    connection: Connection,
    drafts: Sequence[InvoiceDraft],
    now_us: int,
    *,
    cause: str = "",
) -> list[Invoice]:
    """Issue many as `issue` does each; in their order. cause: what their postings refer to, instead of the invoice."""
    known = store.invoices_for(connection, [draft.reference for draft in drafts])
    fresh = {draft.reference: draft for draft in drafts if draft.reference not in known}
    owing = sorted({draft.customer for draft in fresh.values()})
    profiles = store.profiles_at(connection, owing, now_us)
    names = names_of(connection, owing)
    year = year_of(connection, now_us)
    made = [
        made_out(
            draft, invoice_id(draft.reference, now_us), Number(INVOICES, year, 0), profiles[draft.customer],
            names.get(draft.customer, draft.customer), now_us,
            vat_rate(connection, profiles[draft.customer], draft.currency, now_us),
        )
        for draft in fresh.values()
    ]  # fmt: skip
    # Only what stands takes a number.
    numbers = store.next_numbers(connection, INVOICES, year, len(made))
    issued = [msgspec.structs.replace(one, number=number) for one, number in zip(made, numbers, strict=True)]
    write(connection, issued, cause=cause)
    known |= {invoice.reference: invoice for invoice in issued}
    return [known[draft.reference] for draft in drafts]


def write(connection: Connection, documents: Sequence[Invoice], *, cause: str = "") -> None:
    """Write documents that have their numbers, their postings, and what is to be recognised later."""
    store.add_invoices(connection, documents)
    rows = [row for document in documents for row in invoice_postings(document, cause)]
    ledger_store.append(connection, rows)
    add_schedules(connection, (one for document in documents for one in schedules_of_invoice(document)))


def pay(connection: Connection, id: InvoiceId, amount: Money, via: str, at_us: int, reference: str) -> Invoice:
    """Book a payment, whole or in part: debit `via` (cash:bank, receivable:processor:<rail>, wallet:<customer>).

    The same reference books once. Raises NotFound, and Conflict for more than is due.
    """
    return _move(connection, id, amount, via, at_us, reference, is_payment=True)


def give_back(connection: Connection, id: InvoiceId, amount: Money, via: str, at_us: int, reference: str) -> Invoice:
    """Book money that was paid and goes back, by a refund or a chargeback: credit `via`.

    What is not credited becomes due again. Raises NotFound, and Conflict for more than was paid.
    """
    return _move(connection, id, amount, via, at_us, reference, is_payment=False)


def take_again(connection: Connection, id: InvoiceId, amount: Money, via: str, at_us: int, reference: str) -> None:
    """Book money that was given back and came to us again: debit `via`. More than is due is the customer's credit."""
    invoice, standing = store.invoice_by_id(connection, id)
    transfer = TransferId(f"{id}.again.{mark_of(reference)}")
    ledger_store.append(connection, [posting(transfer, at_us, via, invoiced(invoice.customer), amount, id)])
    store.set_standing(connection, invoice, returned_less(standing, amount.grains))


def credit(
    connection: Connection,
    id: InvoiceId,
    parts: Sequence[Part] | None,
    now_us: int,
    reference: str,
    remark: str = "",
) -> Invoice:
    """Issue a credit note for parts of an invoice, or for all that is left of it, and post its mirror image.

    What was paid already stays on receivable:invoices:<customer>, to be given back (`give_back`) or used.
    The same reference gives the same note again. Raises NotFound, Invalid, and Conflict for more than is left.
    """
    known = store.invoices_for(connection, [reference])
    if known:
        return known[reference]
    invoice, standing = store.invoice_by_id(connection, id)
    if any(line.kind == "top_up" for line in invoice.lines):
        message = f"invoice {id} is of a top-up: refund its payment, and the credit note is issued with the money"
        raise Conflict("invoice_of_top_up", message, param="invoice")
    before = store.credit_notes_of(connection, id)
    year = year_of(connection, now_us)
    unnumbered = Number(CREDIT_NOTES, year, 0)
    note_id = invoice_id(reference, now_us)
    note = credit_note(invoice, before, parts, note_id, unnumbered, now_us, reference, remark)
    (number,) = store.next_numbers(connection, CREDIT_NOTES, year, 1)
    note = msgspec.structs.replace(note, number=number)
    expected = expected_again(invoice.total.grains, standing, -note.total.grains)
    _expect_again(connection, invoice, standing, expected, now_us, reference)
    write(connection, [note])
    credited = standing.credited - note.total.grains
    store.set_standing(connection, invoice, msgspec.structs.replace(expected, credited=credited))
    return note


def write_off(connection: Connection, id: InvoiceId, at_us: int, reference: str) -> Money:
    """Give up what an invoice still asks for, VAT included: expense:bad_debt. Returns how much that is.

    The document stays as it is. When it is paid or credited after all, that much is expected again first.
    Raises NotFound, and Conflict when nothing is due.
    """
    invoice, standing = store.invoice_by_id(connection, id)
    if invoice.kind != "invoice":
        raise Conflict("not_an_invoice", "a credit note asks for nothing; write off its invoice", param="invoice")
    after = written_off_with(invoice.total.grains, standing)
    amount = Money(due_grains(invoice.total.grains, standing), invoice.currency)
    transfer = TransferId(f"{id}.off.{mark_of(reference)}")
    ledger_store.append(connection, [posting(transfer, at_us, BAD_DEBT, invoiced(invoice.customer), amount, id)])
    store.set_standing(connection, invoice, after)
    return amount


def _expect_again(
    connection: Connection, invoice: Invoice, before: Standing, after: Standing, at_us: int, reference: str
) -> None:
    amount = Money(before.written_off - after.written_off, invoice.currency)
    if amount.grains:
        transfer = TransferId(f"{invoice.id}.due.{mark_of(reference)}")
        owed = invoiced(invoice.customer)
        ledger_store.append(connection, [posting(transfer, at_us, owed, BAD_DEBT, amount, invoice.id)])


def mark_of(reference: str) -> str:
    """What the id of a posting has of the reference it is booked once for."""
    return sha256(reference.encode()).hexdigest()[:20]


def unbilled_grains(connection: Connection, customer: CustomerId, currency: str) -> int:
    """What a customer used on account and no invoice has asked for yet; exact, so not in whole minor units."""
    account = unbilled(customer)
    moved = ledger_store.balances_at(connection, (account,)).get((account, currency))
    return moved.debits - moved.credits if moved else 0


def _move(
    connection: Connection, id: InvoiceId, amount: Money, via: str, at_us: int, reference: str, *, is_payment: bool
) -> Invoice:
    invoice, standing = store.invoice_by_id(connection, id)
    if amount.currency != invoice.currency:
        message = f"the invoice is in {invoice.currency}, the payment in {amount.currency}; exchange it first"
        raise Invalid("wrong_currency", message, param="currency")
    transfer = TransferId(f"{id}.{'paid' if is_payment else 'back'}.{mark_of(reference)}")
    transfers = ledger_store.transfers
    if connection.execute(select(transfers.c.id).where(transfers.c.id == transfer)).first() is not None:
        return invoice
    owed = invoiced(invoice.customer)
    if is_payment:
        expected = expected_again(invoice.total.grains, standing, amount.grains)
        paid = paid_with(invoice.total.grains, expected, amount.grains)
        _expect_again(connection, invoice, standing, expected, at_us, reference)
        standing = paid
        row = posting(transfer, at_us, via, owed, amount, id)
    else:
        standing = returned_with(standing, amount.grains)
        row = posting(transfer, at_us, owed, via, amount, id)
    ledger_store.append(connection, [row])
    store.set_standing(connection, invoice, standing)
    return invoice


def invoice_id(reference: str, at_us: int) -> InvoiceId:
    """Sorts by the day of issue; its other half comes from the reference, so that no dice are thrown."""
    return InvoiceId(new_id("inv", at_us, int.from_bytes(sha256(reference.encode()).digest()[:8], "big")))


def year_of(connection: Connection, at_us: int) -> int:
    """The calendar year in the zone the books are kept in."""
    kept = ledger_store.mark(connection, ledger_store.TIME_ZONE) or ledger_store.DEFAULT_TIME_ZONE
    return month_number(at_us, zone(kept)) // 100


def names_of(connection: Connection, ids: Sequence[CustomerId]) -> dict[CustomerId, str]:
    """What customers are called now, by id; those that nobody knows are left out."""
    rows = connection.execute(select(customers.c.id, customers.c.name).where(customers.c.id.in_(ids)))
    return {CustomerId(row.id): row.name for row in rows}
