"""Take a bill: its residual is posted to suspense, bills that it replaces are reversed, a large residual is an alarm.

All of it is one transaction, so a crash leaves the bill taken or not taken. The books are read before it: that takes
long in large ones, and answers wait for a transaction.
"""

from __future__ import annotations

from functools import partial
from hashlib import sha256

import msgspec

from solvent.audit import alarm_store
from solvent.audit.act import Act
from solvent.audit.alarm import Alarm, alarm
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.ledger import store as ledger_store
from solvent.reconciling import store
from solvent.reconciling.bill import Bill
from solvent.reconciling.compared import Compared
from solvent.reconciling.posted import residual_postings, reversal_postings
from solvent.reconciling.residual import is_over, percent_text, residual_lines, share_ppm
from solvent.values.errors import Conflict
from solvent.values.money import Money, plain
from solvent.values.period import day_name


class Taken(msgspec.Struct, frozen=True):
    """What came of it. is_new: whether it was not there before. replaced: the bills that it was taken for."""

    bill: str
    is_new: bool
    replaced: tuple[str, ...] = ()


async def take_bill(found: Compared, permille: int, database: Database, act: Act, *, again: bool = False) -> Taken:
    """found: the bill beside the books. permille: a residual beyond so many thousandths of the bill is an alarm.

    again: take it although it was taken before; the books may have been corrected since, or another may have replaced
    it. Raises Conflict where it overlaps a bill that it does not cover, or was replaced by another.
    """

    def work(connection: Connection) -> Taken:
        effect = partial(_take, connection, found, permille, act, again=again)
        return once(connection, act, "bill.import", found.bill.provider, effect, Taken)[0]

    return await database.write(work)


def _take(connection: Connection, found: Compared, permille: int, act: Act, *, again: bool) -> Taken:
    provider, days = found.bill.provider, (found.bill.first_day, found.bill.until_day)
    in_force = store.bills_in_force(connection, provider, *days)
    alike = store.newest_alike(connection, provider, found.bill.digest)
    if alike is not None and not again:
        if any(one.id == alike.id for one in in_force):
            return Taken(alike.id, is_new=False)
        _refuse_replaced(connection, alike)
    for one in in_force:
        if not (days[0] <= one.first_day and one.until_day <= days[1]):
            message = (
                f"{provider} {_days(one)} is in the books as {one.id}, and this bill covers only some of these days; "
                "export all of them, or other ones"
            )
            raise Conflict("bill_overlaps", message, param="file")
    id = "bill_" + sha256(f"{act.actor}\x1f{act.key}".encode()).hexdigest()[:24]
    bill = msgspec.structs.replace(found.bill, id=id, at_us=act.at_us)
    by_day = residual_lines(found.lines, found.booked, "day")
    rows = [row for old in in_force for row in reversal_postings(id, store.postings_of(connection, old.id), act.at_us)]
    rows += residual_postings(id, provider, bill.books_currency, by_day, act.at_us)
    store.add_bill(connection, bill, found.lines, found.booked, [one.id for one in in_force])
    ledger_store.append(connection, rows)
    if is_over(bill.billed_grains, bill.booked_grains, permille):
        alarm_store.raise_alarms(connection, [_alarm(bill)])
    return Taken(id, is_new=True, replaced=tuple(one.id for one in in_force))


def _refuse_replaced(connection: Connection, alike: Bill) -> None:
    newer = store.replaced_by(connection, [alike.id]).get(alike.id, "")
    message = (
        f"this file was taken as {alike.id}, and {newer} has replaced it since; to go back to it, import it again "
        "and say so (again)"
    )
    raise Conflict("bill_replaced", message, param="again")


def _alarm(bill: Bill) -> Alarm:
    amount = plain(Money(bill.residual_grains, bill.books_currency))
    ppm = share_ppm(bill.residual_grains, bill.billed_grains)
    share = percent_text(ppm) if ppm is not None else "100 %"
    return alarm(
        "bill_residual", bill.provider, bill.id, bill.at_us, bill=bill.id, days=_days(bill), amount=amount,
        billed=plain(Money(bill.billed_grains, bill.books_currency)), currency=bill.books_currency, share=share,
    )  # fmt: skip


def _days(bill: Bill) -> str:
    return f"{day_name(bill.first_day)}–{day_name(bill.until_day - 1)}"
