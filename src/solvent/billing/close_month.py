"""Close a month: earn what is earned, state and invoice what was used, set the VAT aside, and prove it all.

In small steps, so that answers go on being booked beside it, and a close that was cut short goes on where it was.
"""

from __future__ import annotations

import asyncio
from functools import partial

from solvent.audit.act import Act
from solvent.billing import close_store
from solvent.billing.accrual import AddEarned
from solvent.billing.accrue import accrue
from solvent.billing.close import Closing, Fold, UsageReader
from solvent.db.port import Database
from solvent.values.instant import DAY_US


async def close_month(
    month: int, currency: str, usage: UsageReader, database: Database, act: Act, *, due_days: int = 14,
    add_earned: AddEarned | None = None, fold: Fold | None = None,
) -> Closing:  # fmt: skip
    """month: such as 202611, in the zone the books are kept in; after its end, and after the month before it.

    currency: of the operator's prices. usage: reads what customers used in some days. due_days: to pay for what was
    used on account, from the closing on. add_earned: adds what plans earned to the margins of days, if there are any.
    fold: takes into what `usage` reads the answers that are not in it yet.
    Closing a closed month gives its closing again, also one that another closes meanwhile. Raises Invalid for no
    month, and Conflict before its turn.
    """
    known = await database.write(partial(close_store.begin, month=month, now_us=act.at_us))
    if known is not None:
        return known
    if fold is not None:
        await database.write(fold)
    if add_earned is not None:
        await accrue(add_earned, currency, database, act.at_us)
    after = " "
    while after:
        after = await database.write(partial(close_store.recognise_some, month=month, after=after))
    state = partial(close_store.statements_after, month=month, currency=currency, usage=usage)
    made, customer = await database.read(partial(state, after=""))
    while customer:  # the next are made while these are written
        written = database.write(partial(close_store.keep_statements, month=month, made=made))
        _, (made, customer) = await asyncio.gather(written, database.read(partial(state, after=customer)))
    due_us = act.at_us + due_days * DAY_US
    bill = partial(close_store.invoice_usage, month=month, due_us=due_us, now_us=act.at_us)
    customer = await database.write(partial(bill, after=""))
    while customer:
        customer = await database.write(partial(bill, after=customer))
    await database.write(partial(close_store.post_vat, month=month))
    proof = await database.read(partial(close_store.prove, month=month))
    return await database.write(partial(close_store.finish, month=month, proof=proof, act=act))
