"""The request log: what customers asked and were told, masked, where that is switched on."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, delete, func, select, update

from solvent.answering.logged import Logged
from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.values.ids import CustomerId

_NUMBERS = {"at_us", "until_us", "asked_characters", "told_characters"}

logged_answers = Table(
    "logged_answers",
    metadata,
    *(
        Column(name, BigInteger if name in _NUMBERS else Text, primary_key=name == "id", nullable=False)
        for name in Logged.__struct_fields__
    ),
    Index("ix_logged_answers_customer_id", "customer", "id"),
    Index("ix_logged_answers_model_id", "model", "id"),
    Index("ix_logged_answers_until_us", "until_us"),
)
_ITS = logged_answers.c
_ALL_BUT_TEXTS = [column for column in _ITS if column.name not in ("asked", "told")]


def append(connection: Connection, rows: list[Logged]) -> None:
    """Journal: write answers into the log."""
    append_rows(connection, logged_answers, map(msgspec.structs.astuple, rows))


def answer_logged(connection: Connection, id: str, customer: CustomerId | None, now_us: int) -> Logged | None:
    """One answer whose time is not over, of anybody for None, or None."""
    chosen = select(logged_answers).where(_ITS.id == id, _ITS.until_us > now_us)
    if customer is not None:
        chosen = chosen.where(_ITS.customer == customer)
    row = connection.execute(chosen).first()
    return Logged(*row) if row else None


def newest_logged(
    connection: Connection, count: int, now_us: int, *, customer: str = "", model: str = "", before: str = "",
    since_us: int = 0,
) -> list[Logged]:  # fmt: skip
    """The last answers whose time is not over, newest first and without their texts. before: the id of one."""
    chosen = select(*_ALL_BUT_TEXTS).where(_ITS.until_us > now_us, _ITS.at_us >= since_us)
    for column, wanted in ((_ITS.customer, customer), (_ITS.model, model)):
        if wanted:
            chosen = chosen.where(column == wanted)
    if before:
        chosen = chosen.where(_ITS.id < before)
    rows = connection.execute(chosen.order_by(_ITS.id.desc()).limit(count))
    return [Logged(*(*row, "", "")) for row in rows]


def end_now(connection: Connection, customer: CustomerId) -> int:
    """The time of all that is there of a customer is over; how many there were. They are deleted next."""
    theirs: Any = (_ITS.customer == customer, _ITS.until_us > 0)
    count = connection.execute(select(func.count()).select_from(logged_answers).where(*theirs)).scalar_one()
    connection.execute(update(logged_answers).where(*theirs).values(until_us=0))
    return int(count)


def forget_over(connection: Connection, now_us: int, most: int) -> int:
    """Delete up to `most` answers whose time is over; how many there were."""
    over = select(_ITS.id).where(_ITS.until_us <= now_us).order_by(_ITS.until_us).limit(most)
    return connection.execute(delete(logged_answers).where(_ITS.id.in_(over))).rowcount
