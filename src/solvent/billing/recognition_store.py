"""The table of schedules: deferred sums, how much of each was recognised, and how much its days' margins have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, and_, select, text

from solvent.billing.recognition import DONE_US, Schedule, earned_between, handed_over
from solvent.db.append import append_rows
from solvent.db.tables import metadata, partial_index

# Those that a day's margins may still lack something of: the others pile up over the years.
IS_OPEN: Final = f"accrue_us < {DONE_US}"
IS_OPEN_POT: Final = f"pot <> '' AND accrue_us <> {DONE_US}"  # so said that no other index fits

schedules = Table(
    "schedules",
    metadata,
    Column("id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("customer", "plan", "account", "revenue_account", "currency")),
    *(Column(name, BigInteger, nullable=False) for name in ("grains", "from_us", "until_us")),
    Column("pot", Text, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in ("pieces", "recognised_grains", "attention_us")),
    *(Column(name, BigInteger, nullable=False) for name in ("accrued_grains", "accrue_us", "pot_debits")),
    Index("ix_schedules_attention_us", "attention_us"),
    Index("ix_schedules_account", "account"),
    Index("ix_schedules_until_us", "until_us"),
    partial_index("ix_schedules_accrue_us", "accrue_us", where=IS_OPEN),
    partial_index("ix_schedules_open_pots", "id", where=IS_OPEN_POT),
)

_POSTED: Final = (
    "ON CONFLICT (id) DO UPDATE SET recognised_grains = excluded.recognised_grains, "
    "attention_us = excluded.attention_us"
)
_ACCRUED: Final = "ON CONFLICT (id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in ("accrued_grains", "accrue_us", "pot_debits")
)


def add_schedules(connection: Connection, added: Iterable[Schedule]) -> None:
    """Begin to recognise some sums. A known id fails."""
    append_rows(connection, schedules, map(msgspec.structs.astuple, added))


def hand_over(connection: Connection, account: str, plan: str, at_us: int) -> None:
    """From an instant on a plan earns all that is still to be earned by time of a deferred account."""
    add_schedules(connection, handed_over(schedules_of(connection, account), plan, at_us))


def note_recognised(connection: Connection, changed: Iterable[Schedule]) -> None:
    """Note what was posted; nothing else of a schedule changes."""
    append_rows(connection, schedules, map(msgspec.structs.astuple, changed), _POSTED)


def note_accrued(connection: Connection, changed: Iterable[Schedule]) -> None:
    """Note what the margins of days have by now; nothing else of a schedule changes."""
    append_rows(connection, schedules, map(msgspec.structs.astuple, changed), _ACCRUED)


def open_among(connection: Connection, ids: Sequence[str]) -> list[Schedule]:
    """Those of some schedules that a day's margins may lack something of, by id."""
    chosen = select(schedules).where(schedules.c.id.in_(ids), text(IS_OPEN)).order_by(schedules.c.id)
    return [_read(row) for row in connection.execute(chosen)]


def schedules_waiting(connection: Connection, until_us: int, after: str, count: int) -> list[Schedule]:
    """Schedules with something to recognise before an instant, by id, after an id."""
    chosen = and_(schedules.c.attention_us < until_us, schedules.c.id > after)
    rows = connection.execute(select(schedules).where(chosen).order_by(schedules.c.id).limit(count))
    return [_read(row) for row in rows]


def schedules_of(connection: Connection, account: str) -> list[Schedule]:
    """Every schedule of one deferred account, by id."""
    rows = connection.execute(select(schedules).where(schedules.c.account == account).order_by(schedules.c.id))
    return [_read(row) for row in rows]


def revenue_between(connection: Connection, from_us: int, until_us: int) -> dict[tuple[str, str, str], int]:
    """Grains earned by time in [from_us, until_us), by customer, plan and currency; posted or not.

    For the profit and loss of a day: what subscriptions bring in while the month is still open.
    """
    chosen = and_(schedules.c.until_us > from_us, schedules.c.from_us < until_us, schedules.c.pot == "")
    sums: dict[tuple[str, str, str], int] = {}
    for row in connection.execute(select(schedules).where(chosen)):
        schedule = _read(row)
        key = (schedule.customer, schedule.plan, schedule.currency)
        sums[key] = sums.get(key, 0) + earned_between(schedule, from_us, until_us)
    return sums


def packs_between(connection: Connection, from_us: int, until_us: int) -> list[Schedule]:
    """What is earned by use, and may be in [from_us, until_us): packs that were good then, by id."""
    chosen = and_(schedules.c.until_us > from_us, schedules.c.from_us < until_us, schedules.c.pot != "")
    return [_read(row) for row in connection.execute(select(schedules).where(chosen).order_by(schedules.c.id))]


def _read(row: Any) -> Schedule:
    return Schedule(**dict(zip(Schedule.__struct_fields__, row, strict=True)))
