"""What was paid of an invoice and is credited pays the customer's next one, before anybody is charged for that."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, select

from solvent.billing import credit_store, invoice_store, subscription_store
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.invoice import InvoiceId, due_grains
from solvent.ledger.account import SET_OFF
from solvent.ledger.store import beside_answers, transfers
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


def kept_by_invoice(connection: Connection, id: InvoiceId, wanted: int, now_us: int) -> int:
    """Grains that an invoice still has of all payments, when `wanted` of them are to go back.

    What it paid of others is taken back for that, the newest first: those ask again, and are seen to.
    """
    _, standing = invoicing_store.invoice_by_id(connection, id)
    kept = standing.paid - standing.returned
    for row in _set_off_from(connection, id) if kept < wanted else ():
        mark = row.id.rpartition(".")[2]
        (paid,) = _rows(connection, transfers.c.debit == SET_OFF, transfers.c.id.like(f"%.paid.{mark}"))
        step, amount, other = f"taken-back/{mark}", Money(row.grains, row.currency), InvoiceId(paid.reference)
        invoice_store.give_back(connection, other, amount, SET_OFF, now_us, step)
        invoice_store.take_again(connection, id, amount, SET_OFF, now_us, step)
        owe_again(connection, other)
        kept += amount.grains
        if kept >= wanted:
            break
    return kept


def owe_again(connection: Connection, id: InvoiceId) -> None:
    """An invoice that was paid asks again: if a plan that runs is for it, `collect_due` sees to it from now on."""
    invoice, _ = invoicing_store.invoice_by_id(connection, id)
    running = subscription_store.current(connection, invoice.customer)
    if running is not None and invoice.reference.startswith(f"{running.id}/"):
        oldest = credit_store.oldest_unpaid(connection, running)
        subscription_store.put(connection, [msgspec.structs.replace(running, invoice=oldest)])


def _set_off_from(connection: Connection, id: InvoiceId) -> list[Any]:
    """What an invoice has paid of others and was not taken back, newest first."""
    given = _rows(
        connection, transfers.c.credit == SET_OFF, transfers.c.reference == id, transfers.c.id.like("%.back.%")
    )
    taken = {row.id for row in _rows(connection, transfers.c.debit == SET_OFF, transfers.c.reference == id)}
    return [row for row in given if f"{id}.again.{_undone(row.id)}" not in taken]


def _undone(given: str) -> str:
    return invoice_store.mark_of(f"taken-back/{given.rpartition('.')[2]}")


def _rows(connection: Connection, *chosen: ColumnElement[bool]) -> list[Any]:
    # So that the index of what is not an answer's finds it.
    rows = select(transfers).where(*chosen, beside_answers(connection)).order_by(transfers.c.seq.desc())
    return list(connection.execute(rows))
