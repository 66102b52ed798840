"""What was paid of an invoice and is credited pays the customer's next one, before anybody is charged for that."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select

from solvent.billing import invoice_store
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.invoice import InvoiceId, due_grains
from solvent.ledger.account import SET_OFF
from solvent.values.money import Money


def set_off(connection: Connection, id: InvoiceId, now_us: int) -> bool:
    """Pay an invoice with what others of this customer have too much. Returns whether nothing of it is due any more.

    What goes into the wallet at once (`credit_store`) is not here any more; the oldest is used first.
    """
    invoice, standing = invoicing_store.invoice_by_id(connection, id)
    due = due_grains(invoice.total.grains, standing)
    table = invoicing_store.invoices
    too_much = table.c.paid_grains - table.c.returned_grains > (
        table.c.supply_grains + table.c.vat_grains - table.c.credited_grains
    )
    mine = and_(table.c.customer == invoice.customer, table.c.kind == "invoice", too_much)
    mine = and_(mine, table.c.currency == invoice.currency)
    others = select(table.c.id).where(mine).order_by(table.c.issued_us, table.c.number)
    for other in connection.execute(others).scalars().all() if due > 0 else ():
        credited, stands = invoicing_store.invoice_by_id(connection, InvoiceId(other))
        part = Money(min(due, -due_grains(credited.total.grains, stands)), invoice.currency)
        if part.grains <= 0:
            continue
        # How much is back by now tells this time from others: nothing is moved twice.
        step = f"set-off/{other}/{id}/{stands.returned}"
        invoice_store.give_back(connection, InvoiceId(other), part, SET_OFF, now_us, step)
        invoice_store.pay(connection, id, part, SET_OFF, now_us, step)
        due -= part.grains
        if not due:
            break
    return due <= 0
