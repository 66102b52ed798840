"""The table of news: written in the transaction of what is told, taken by whoever posts letters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, Text, delete, func, select, update

from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.identity.news import DONE_US, AboutAccess, News
from solvent.values.ids import PersonId
from solvent.values.instant import DAY_US, US_PER_S
from solvent.values.limits import NEWS_A_DAY_MAX, NEWS_DAYS, NEWS_TRIES_MAX, NEWS_TRY_S

table = Table(
    "news",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("next_us", BigInteger, nullable=False),
    Column("tries", BigInteger, nullable=False),
    Index("ix_news_next_us", "next_us"),
    Index("ix_news_person_at_us", "person", "at_us"),
    Index("ix_news_at_us", "at_us"),
)
_ABOUT_ACCESS: Final = get_args(AboutAccess)


def tell(connection: Connection, told: News) -> None:
    """Have it sent, once: what was told before is not told again. Of one person only so many a day."""
    of_theirs = (table.c.person == told.person) & (table.c.at_us > told.at_us - DAY_US)
    counted = select(func.count()).where(of_theirs, table.c.kind.in_(_ABOUT_ACCESS))
    if told.kind in _ABOUT_ACCESS and connection.execute(counted).scalar_one() >= NEWS_A_DAY_MAX:
        return
    append_rows(connection, table, [msgspec.structs.astuple(told)], "ON CONFLICT (id) DO NOTHING")


def untold(connection: Connection, meant: Mapping[str, News]) -> list[News]:
    """Those that were not told before, by id."""
    known = connection.execute(select(table.c.id).where(table.c.id.in_(list(meant)))).scalars()
    return [meant[id] for id in meant.keys() - set(known)]


def is_due(connection: Connection, now_us: int) -> bool:
    """Whether anything is to be sent now."""
    return connection.execute(select(table.c.id).where(table.c.next_us <= now_us).limit(1)).first() is not None


def claim(connection: Connection, now_us: int, count: int) -> list[News]:
    """What is to be sent now. Nobody else gets it, until this one must have ended: then it is sent again."""
    due = select(table).where(table.c.next_us <= now_us).order_by(table.c.next_us, table.c.id).limit(count)
    claimed = [_news(row) for row in connection.execute(due)]
    for one in claimed:
        is_over = one.tries + 1 >= NEWS_TRIES_MAX
        next_us = DONE_US if is_over else now_us + (NEWS_TRY_S * US_PER_S << one.tries)
        connection.execute(update(table).where(table.c.id == one.id).values(next_us=next_us, tries=one.tries + 1))
    return claimed


def end(connection: Connection, id: str) -> None:
    """It was sent, or has nobody to go to. What it was about is not kept, only that it was told."""
    connection.execute(update(table).where(table.c.id == id).values(next_us=DONE_US, about="{}"))


def forget_of(connection: Connection, person: PersonId) -> None:
    """All of a person's."""
    connection.execute(delete(table).where(table.c.person == person))


def forget_old(connection: Connection, now_us: int) -> None:
    """Those that nothing could tell again any more."""
    connection.execute(delete(table).where(table.c.at_us <= now_us - NEWS_DAYS * DAY_US))


def _news(row: Row[Any]) -> News:
    return News(*tuple(row))
