"""Correct a price: every answer that it rated is rated anew, and the differences are posted beside the old rows."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from solvent.answering.correction_store import (
    Corrected,
    Order,
    answers_to_correct,
    book,
    plan,
)
from solvent.answering.receipt import Receipt
from solvent.audit.act import Act
from solvent.audit.store import is_known, once
from solvent.db.port import Connection, Database
from solvent.ledger.account import wallet
from solvent.ledger.call_in_leases import call_in_leases
from solvent.values.ids import AnswerId

ACTION = "prices.correct"


async def correct_prices(order: Order, act: Act, database: Database, *, write: bool = True) -> Corrected:
    """Correct all answers of an order, some at a time; what is done stays done, and is not done again.

    act: its key makes a repetition harmless and gives what came of it the first time. write: False only says what
    would be done. Raises Conflict for a key that was used for something else, Invalid where the currencies differ.
    """
    if write:
        known = await database.read(partial(_known, act=act, order=order))
        if known is not None:
            return known
    whole = Corrected()
    while found := await database.read(partial(answers_to_correct, order=order, after=whole.last)):
        if write and order.book == "price" and order.collect:
            for customer, currency in sorted({(one.customer, one.currency) for one in found}):
                await call_in_leases(wallet(customer), currency, database)
        if write:
            step = replace(act, key=f"{act.key}/{found[-1].id}")
            whole += await database.write(partial(_book, order=order, found=found, step=step))
        else:
            planned = await database.read(partial(plan, order=order, found=found, at_us=act.at_us))
            whole += planned.outcome
    whole = replace(whole, last=AnswerId(""))
    return await database.write(partial(_note, act=act, order=order, whole=whole)) if write else whole


def _known(connection: Connection, *, act: Act, order: Order) -> Corrected | None:
    if not is_known(connection, act):
        return None
    return once(connection, act, ACTION, order.name, Corrected, Corrected)[0]


def _note(connection: Connection, *, act: Act, order: Order, whole: Corrected) -> Corrected:
    return once(connection, act, ACTION, order.name, lambda: whole, Corrected)[0]


def _book(connection: Connection, *, order: Order, found: list[Receipt], step: Act) -> Corrected:
    """One step: planned again inside the transaction, so that what is read is what is written beside."""
    planned = plan(connection, order, found, step.at_us)
    if not planned.made and not is_known(connection, step):
        return planned.outcome
    return once(connection, step, ACTION, order.name, lambda: book(connection, planned, order.day), Corrected)[0]
