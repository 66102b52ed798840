"""What answers of a provider cost by the journal, by the day they were asked and the upstream's name of the model.

It reads what is owed the provider, so corrections of prices are in it, and attempts that failed. One statement a day:
the ids of answers sort by time, so each reads that day alone.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, case, func, or_, select

from solvent.answering.store import receipts
from solvent.ledger.account import api_payable, lost_cost
from solvent.ledger.store import transfers
from solvent.reconciling.bill import Booked
from solvent.values.ids import new_id
from solvent.values.period import start_of_day


def provider_costs(
    connection: Connection, provider: str, first_day: int, until_day: int, in_zone: ZoneInfo
) -> list[Booked]:
    """Of answers asked on [first_day, until_day) in a zone. model: "" for attempts that failed before they answered."""
    found: list[Booked] = []
    for day in range(first_day, until_day):
        found += _costs_of_day(connection, provider, day, in_zone)
    return found


def _costs_of_day(connection: Connection, provider: str, day: int, in_zone: ZoneInfo) -> list[Booked]:
    owed, lost = api_payable(provider), lost_cost(provider)
    move = transfers.c
    begin, end = (new_id("ans", start_of_day(one, in_zone), 0) for one in (day, day + 1))
    is_lost = or_(move.debit == lost, move.credit == lost)
    each = (
        select(
            case((is_lost, ""), else_=receipts.c.upstream).label("called"),
            case((is_lost, ""), else_=receipts.c.model).label("sold_as"),
            case((move.credit == owed, move.grains), else_=-move.grains).label("owed"),
            move.reference.label("answer"),
        )
        .select_from(transfers.join(receipts, receipts.c.id == move.reference))
        .where(and_(move.id >= begin, move.id < end), or_(move.credit == owed, move.debit == owed))
        .where(move.state == "posted")
        .subquery()
        .c
    )
    sums = (func.min(each.sold_as), func.sum(each.owed), func.count(each.answer.distinct()))
    rows = connection.execute(select(each.called, *sums).group_by(each.called).order_by(each.called))
    return [Booked(day, row[0], row[1], int(row[2]), int(row[3])) for row in rows]
