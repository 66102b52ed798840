"""What answers came to hour by hour. It reads their receipts: for a day or two, not for a month."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, case, func, select

from solvent.answering.store import receipts
from solvent.values.ids import new_id
from solvent.values.instant import HOUR_US, US_PER_S
from solvent.values.limits import BOOKED_S_MAX


class Hour(msgspec.Struct, frozen=True):
    """start_us: when it began. brought_grains: what answers were charged, without what gifts paid."""

    start_us: int
    answers: int = 0
    brought_grains: int = 0
    cost_grains: int = 0


def hours(connection: Connection, start_us: int, until_us: int) -> list[Hour]:
    """The hours since `start_us` in which answers ended, before `until_us`; none for an hour without answers."""
    ended = (
        select(
            ((receipts.c.at_us - start_us) // HOUR_US).label("number"),
            case((receipts.c.outcome == "failed", 0), else_=1).label("answers"),
            (receipts.c.charge_grains - receipts.c.granted_grains).label("brought"),
            receipts.c.cost_grains.label("cost"),
        )
        .where(
            receipts.c.id >= new_id("ans", max(0, start_us - BOOKED_S_MAX * US_PER_S), 0),
            receipts.c.id < new_id("ans", until_us, 0),
            receipts.c.at_us >= start_us, receipts.c.at_us < until_us,
        )
        .subquery()
    )  # fmt: skip
    number, *sums = ended.c
    rows = connection.execute(select(number, *(func.sum(one) for one in sums)).group_by(number).order_by(number))
    return [Hour(start_us + int(row[0]) * HOUR_US, int(row[1]), int(row[2]), int(row[3])) for row in rows]
