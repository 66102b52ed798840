"""The table of alarms."""

from __future__ import annotations

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, select, tuple_

from solvent.audit.alarm import Alarm
from solvent.db.append import append_rows
from solvent.db.tables import metadata

alarms = Table(
    "alarms",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("words", Text, nullable=False),
    Index("ix_alarms_at_us", "at_us"),
)


def raise_alarms(connection: Connection, raised: list[Alarm]) -> None:
    """Journal: add alarms; one that was raised before stays as it was."""
    fresh = {alarm.id: alarm for alarm in reversed(raised)}
    append_rows(connection, alarms, map(msgspec.structs.astuple, fresh.values()), "ON CONFLICT (id) DO NOTHING")


def newest_alarms(
    connection: Connection, since_us: int, *, kind: str = "", subject: str = "", count: int = 200,
    before: tuple[int, str] | None = None,
) -> list[Alarm]:  # fmt: skip
    """Alarms from an instant on, newest first; of one kind or subject when named.

    before: instant and id of an alarm; only those that come after it in this order.
    """
    chosen = select(alarms).where(alarms.c.at_us >= since_us)
    if kind:
        chosen = chosen.where(alarms.c.kind == kind)
    if subject:
        chosen = chosen.where(alarms.c.subject == subject)
    if before is not None:
        chosen = chosen.where(tuple_(alarms.c.at_us, alarms.c.id) < before)
    rows = connection.execute(chosen.order_by(alarms.c.at_us.desc(), alarms.c.id.desc()).limit(count))
    return [Alarm(*row) for row in rows]
