"""What a subscription gives back of a period that costs less after all: credit notes, and the money that was paid."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from solvent.billing import invoice_store
from solvent.billing.recognition_store import hand_over
from solvent.billing.subscription import Subscription
from solvent.billing.turn import reference
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.credit import Part
from solvent.invoicing.invoice import Invoice, InvoiceId, due_grains
from solvent.invoicing.line import Line
from solvent.invoicing.store import profile_at
from solvent.invoicing.tax import Tax, round_half_away, split
from solvent.ledger.account import deferred, wallet
from solvent.ledger.pot_store import touch_customers
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money


def give_back(
    connection: Connection, subscription: Subscription, amount: Money, from_us: int, now_us: int
) -> Money:  # fmt: skip
    """Credit `amount` of the period's invoices, newest first, as not earned from an instant on.

    amount: whole minor units, in the terms of the lines of the invoices (see `DraftLine`). What was paid of it goes
    into the wallet; of a customer whose wallet is filled without VAT, it stays on their account until it is refunded
    or set against another invoice. Returns how much was credited, VAT included.
    """
    left = amount.grains
    credited = 0
    for invoice in _of_period(connection, subscription):
        if left <= 0:
            break
        parts, given = _parts(connection, subscription, invoice, left, from_us)
        if not parts:
            continue
        left -= given
        step = f"{invoice.reference}/credit.{len(invoicing_store.credit_notes_of(connection, invoice.id))}"
        note = invoice_store.credit(connection, invoice.id, parts, now_us, step)
        credited -= note.total.grains
        return_too_much(connection, invoice.id, step, now_us)
    hand_over(connection, deferred(subscription.id), subscription.plan, from_us)
    return Money(credited, amount.currency)


def count_documents(connection: Connection, subscription: Subscription) -> int:
    """How many invoices and credit notes there are of this period."""
    invoices = invoicing_store.invoices
    mine = invoices.c.reference.startswith(reference(subscription), autoescape=True)
    return int(connection.execute(select(func.count()).select_from(invoices).where(mine)).scalar_one())


def oldest_unpaid(connection: Connection, subscription: Subscription) -> str:
    """The oldest invoice of a subscription of which something is still to be paid; "" for none."""
    invoices = invoicing_store.invoices
    mine = invoices.c.reference.startswith(f"{subscription.id}/", autoescape=True)
    chosen = select(invoices.c.id).where(mine, invoices.c.state == "issued", invoices.c.kind == "invoice")
    return str(connection.execute(chosen.order_by(invoices.c.issued_us, invoices.c.number).limit(1)).scalar() or "")


def _of_period(connection: Connection, subscription: Subscription) -> list[Invoice]:
    """The invoices of the period, newest first."""
    invoices = invoicing_store.invoices
    mine = invoices.c.reference.startswith(reference(subscription), autoescape=True)
    chosen = select(invoices.c.id).where(mine, invoices.c.kind == "invoice")
    ids = connection.execute(chosen.order_by(invoices.c.issued_us.desc(), invoices.c.number.desc())).scalars().all()
    return [invoicing_store.invoice_by_id(connection, InvoiceId(id))[0] for id in ids]


def _parts(
    connection: Connection, subscription: Subscription, invoice: Invoice, wanted: int, from_us: int
) -> tuple[list[Part], int]:
    """Parts of an invoice's lines that come to at most `wanted` grains, and what they come to in the lines' terms."""
    gone: dict[int, int] = {}
    for note in invoicing_store.credit_notes_of(connection, invoice.id):
        for line in note.lines:
            gone[line.corrects] = gone.get(line.corrects, 0) - line.total.grains
    account = deferred(subscription.id)
    open_grains = sum(line.total.grains - gone.get(n, 0) for n, line in enumerate(invoice.lines, start=1))
    parts, given = [], 0
    for number, line in enumerate(invoice.lines, start=1):
        most = min(line.total.grains - gone.get(number, 0), open_grains)
        if most <= 0 or line.credit_account != account or line.until_us <= from_us or given >= wanted:
            continue
        share, total = _share(line, wanted - given, most, invoice.profile.tax)
        if total > 0:
            parts.append(Part(number, Money(total, invoice.currency), max(from_us, line.from_us)))
            given += share
            open_grains -= total
    return parts, given


def _share(line: Line, wanted: int, most: int, tax: Tax) -> tuple[int, int]:
    """Of one line: what is given back in the terms it was asked in, and the same with VAT, at most `most`."""
    if tax.treatment == "inclusive" or line.tax == "outside":
        given = min(wanted, most)
        return given, given
    total = split(wanted // GRAINS_PER_MINOR_UNIT, tax).total * GRAINS_PER_MINOR_UNIT
    if total <= most:
        return wanted, total
    # All that is left of it: the rest of what is wanted is looked for elsewhere.
    rate = tax.rate_permille if tax.treatment == "exclusive" else 0
    return round_half_away(most * 1000, (1000 + rate) * GRAINS_PER_MINOR_UNIT) * GRAINS_PER_MINOR_UNIT, most


def return_too_much(connection: Connection, id: InvoiceId, step: str, now_us: int) -> None:
    """What was paid beyond what an invoice asks for goes into the wallet. Of a customer whose wallet is filled with
    VAT taken out it stays, and pays the next invoice (`set_off_store`)."""
    invoice, standing = invoicing_store.invoice_by_id(connection, id)
    over = -due_grains(invoice.total.grains, standing)
    taxes = {invoice.profile.tax.treatment, profile_at(connection, invoice.customer, now_us).tax.treatment}
    if over <= 0 or "exclusive" in taxes:
        return
    amount = Money(over, invoice.currency)
    invoice_store.give_back(connection, id, amount, wallet(invoice.customer), now_us, step)
    touch_customers(connection, [invoice.customer])


def give_back_share(connection: Connection, id: InvoiceId, part: int, whole: int, now_us: int) -> Money:
    """Credit part/whole of what an invoice asks for, in whole minor units rounded down; return what was paid of it."""
    invoice, _ = invoicing_store.invoice_by_id(connection, id)
    parts = []
    for number, line in enumerate(invoice.lines, start=1):
        grains = line.total.grains * part // (whole * GRAINS_PER_MINOR_UNIT) * GRAINS_PER_MINOR_UNIT
        if grains > 0:
            parts.append(Part(number, Money(grains, invoice.currency), now_us))
    if not parts:
        return Money(0, invoice.currency)
    step = f"{invoice.reference}/credit.{len(invoicing_store.credit_notes_of(connection, id))}"
    note = invoice_store.credit(connection, id, parts, now_us, step)
    return_too_much(connection, id, step, now_us)
    return -note.total


def total_of_invoice(connection: Connection, id: InvoiceId) -> Money:
    """What an invoice asks for, VAT included."""
    return invoicing_store.invoice_by_id(connection, id)[0].total
