"""Which schedules the margins of days lack something of, and adding it: a step is harmless to repeat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, func, select, text

from solvent.billing.accrual import AddEarned, DayEarned, accrued_by_time, accrued_by_use
from solvent.billing.recognition import DONE_US, Schedule
from solvent.billing.recognition_store import IS_OPEN, IS_OPEN_POT, note_accrued, open_among, schedules
from solvent.ledger.beside_store import out_beside
from solvent.ledger.store import DEFAULT_TIME_ZONE, TIME_ZONE, balances, mark
from solvent.values.limits import ACCRUALS_AT_ONCE
from solvent.values.period import day_number, start_of_day, zone

_BEGINNING_US: Final = 0


def due(connection: Connection, currency: str, now_us: int) -> list[str]:
    """Ids of schedules of which a day through today has nothing yet, the oldest days first; a few hundred at once.

    currency: the operator's. Plans and packs are sold in no other, and margins are kept in no other.
    """
    in_zone = zone(mark(connection, TIME_ZONE) or DEFAULT_TIME_ZONE)
    end_us = start_of_day(day_number(now_us, in_zone) + 1, in_zone)
    chosen = select(schedules.c.id).where(
        schedules.c.accrue_us < end_us, text(IS_OPEN), schedules.c.currency == currency
    )
    return list(connection.execute(chosen.order_by(schedules.c.accrue_us).limit(ACCRUALS_AT_ONCE)).scalars())


def used_since(connection: Connection, currency: str, after: str) -> list[str]:
    """Ids of packs whose pots were taken from since they were last looked at, in order, after an id."""
    taken = select(func.coalesce(func.sum(balances.c.debits), 0)).where(balances.c.account == schedules.c.pot)
    chosen = select(schedules.c.id).where(
        text(IS_OPEN_POT), schedules.c.id > after, schedules.c.currency == currency,
        schedules.c.pot_debits != taken.scalar_subquery(),
    )  # fmt: skip
    return list(connection.execute(chosen.order_by(schedules.c.id).limit(ACCRUALS_AT_ONCE)).scalars())


def accrue_some(connection: Connection, ids: Sequence[str], add_earned: AddEarned, now_us: int) -> int:
    """Add to the margins of days what they lack of some schedules, as many days as fit; how many that were."""
    in_zone = zone(mark(connection, TIME_ZONE) or DEFAULT_TIME_ZONE)
    today = day_number(now_us, in_zone)
    found = open_among(connection, ids)
    taken = _taken(connection, [one.pot for one in found if one.pot])
    earned: list[DayEarned] = []
    changed: list[Schedule] = []
    for schedule in found:
        if len(earned) >= ACCRUALS_AT_ONCE:
            break
        if schedule.pot:
            parts, after = accrued_by_use(schedule, *taken[schedule.pot], today, in_zone)
        else:
            parts, after = accrued_by_time(schedule, today, in_zone, ACCRUALS_AT_ONCE - len(earned))
        if after != schedule:
            earned += [(day, schedule.customer, schedule.plan, grains) for day, grains in parts]
            changed.append(after)
    add_earned(connection, earned)
    note_accrued(connection, changed)
    return len(earned)


def _taken(connection: Connection, pots: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Pieces that were taken out of pots, and those of them that answers took."""
    if not pots:
        return {}
    sums = select(balances.c.account, func.sum(balances.c.debits)).where(balances.c.account.in_(pots))
    debits = dict.fromkeys(pots, 0)
    debits |= {account: int(grains) for account, grains in connection.execute(sums.group_by(balances.c.account))}
    used = dict(debits)
    for account, _, _, grains in out_beside(connection, pots, _BEGINNING_US, DONE_US):
        used[account] -= grains
    return {account: (debits[account], used[account]) for account in debits}
