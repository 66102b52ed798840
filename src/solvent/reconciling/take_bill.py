"""Take a bill: its residual is posted to suspense, bills that it replaces are reversed, a large residual is an alarm.

All of it is one transaction, so a crash leaves the bill taken or not taken. The books are read before it: that takes
long in large ones, and answers wait for a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from typing import Final

import msgspec

from solvent.audit import alarm_store
from solvent.audit.act import Act
from solvent.audit.alarm import Alarm, alarm
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.ledger import store as ledger_store
from solvent.reconciling import store
from solvent.reconciling.bill import Bill, span_us
from solvent.reconciling.compared import Compared
from solvent.reconciling.posted import residual_postings, reversal_postings
from solvent.reconciling.residual import (
    Limit,
    ResidualLine,
    is_over,
    over,
    percent_text,
    residual_lines,
    share_ppm,
)
from solvent.values.errors import Conflict
from solvent.values.money import Money, plain
from solvent.values.period import day_name

_ZONES_DAYS: Final = 2  # days of the same number lie no further apart in any two time zones


class Taken(msgspec.Struct, frozen=True):
    """What came of it. is_new: whether it was not there before. replaced: the bills that it was taken for."""

    bill: str
    is_new: bool
    replaced: tuple[str, ...] = ()


async def take_bill(found: Compared, limit: Limit, database: Database, act: Act, *, again: bool = False) -> Taken:
    """found: the bill beside the books. limit: a residual beyond it, of all, of a day or of a model, is an alarm.

    again: take it although it was taken before; the books may have been corrected since, or another may have replaced
    it. Raises Conflict where it overlaps a bill that it does not cover, or was replaced by another.
    """

    def work(connection: Connection) -> Taken:
        effect = partial(_take, connection, found, limit, act, again=again)
        return once(connection, act, "bill.import", found.bill.provider, effect, Taken)[0]

    return await database.write(work)


def _take(connection: Connection, found: Compared, limit: Limit, act: Act, *, again: bool) -> Taken:
    provider, span = found.bill.provider, span_us(found.bill)
    near = store.bills_in_force(
        connection, provider, found.bill.first_day - _ZONES_DAYS, found.bill.until_day + _ZONES_DAYS
    )
    in_force = [one for one in near if span_us(one)[0] < span[1] and span[0] < span_us(one)[1]]
    alike = store.newest_alike(connection, provider, found.bill.digest)
    if alike is not None and not again:
        if any(one.id == alike.id for one in in_force):
            return Taken(alike.id, is_new=False)
        _refuse_replaced(connection, alike)
    for one in in_force:
        if not (span[0] <= span_us(one)[0] and span_us(one)[1] <= span[1]):
            message = (
                f"{provider} {_days(one)} ({one.zone}) is in the books as {one.id}, and this bill ({found.bill.zone}) "
                "covers only some of that time; export all of it, or other days, in the same time zone"
            )
            raise Conflict("bill_overlaps", message, param="file")
    id = "bill_" + sha256(f"{act.actor}\x1f{act.key}".encode()).hexdigest()[:24]
    bill = msgspec.structs.replace(found.bill, id=id, at_us=act.at_us)
    by_day = residual_lines(found.lines, found.booked, "day")
    rows = [row for old in in_force for row in reversal_postings(id, store.postings_of(connection, old.id), act.at_us)]
    rows += residual_postings(id, provider, bill.books_currency, by_day, act.at_us)
    store.add_bill(connection, bill, found.lines, found.booked, [one.id for one in in_force])
    ledger_store.append(connection, rows)
    beyond, rings = over(found.lines, found.booked, limit)
    if rings:
        alarm_store.raise_alarms(connection, [_alarm(bill, beyond, limit)])
    return Taken(id, is_new=True, replaced=tuple(one.id for one in in_force))


def _refuse_replaced(connection: Connection, alike: Bill) -> None:
    newer = store.replaced_by(connection, [alike.id]).get(alike.id, "")
    message = (
        f"this file was taken as {alike.id}, and {newer} has replaced it since; to go back to it, import it again "
        "and say so (again)"
    )
    raise Conflict("bill_replaced", message, param="again")


def _alarm(bill: Bill, beyond: Sequence[ResidualLine], limit: Limit) -> Alarm:
    """Of all of it, or where that is within the limit of the day or model that is furthest beyond it."""
    days, residual, billed = _days(bill), bill.residual_grains, bill.billed_grains
    if not is_over(billed, bill.booked_grains, limit):
        one = beyond[0]
        days = day_name(one.day) if one.day >= 0 else f"{days}, {one.model or '-'}"
        residual, billed = one.grains, one.billed_grains
    ppm = share_ppm(residual, billed)
    return alarm(
        "bill_residual", bill.provider, bill.id, bill.at_us, bill=bill.id, days=days,
        amount=plain(Money(residual, bill.books_currency)), billed=plain(Money(billed, bill.books_currency)),
        currency=bill.books_currency, share=percent_text(ppm) if ppm is not None else "100 %",
    )  # fmt: skip


def _days(bill: Bill) -> str:
    return f"{day_name(bill.first_day)}–{day_name(bill.until_day - 1)}"
