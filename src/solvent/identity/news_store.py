"""The table of news: written in the transaction of what is told, taken by whoever posts letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, get_args

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, Text, delete, func, select, update

from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.identity.news import DONE_US, AboutAccess, AboutSpending, News
from solvent.values.ids import PersonId
from solvent.values.instant import DAY_US, US_PER_S
from solvent.values.limits import NEWS_A_DAY_MAX, NEWS_DAYS, NEWS_OF_SPENDING_A_DAY_MAX, NEWS_TRIES_MAX, NEWS_TRY_S

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
_A_DAY: Final = ((get_args(AboutAccess), NEWS_A_DAY_MAX), (get_args(AboutSpending), NEWS_OF_SPENDING_A_DAY_MAX))


def tell(connection: Connection, told: News) -> None:
    """Have it sent, once: what was told before is not told again. Of one person only so many a day."""
    kinds, most = next(one for one in _A_DAY if told.kind in one[0])
    of_theirs = (table.c.person == told.person) & (table.c.at_us > told.at_us - DAY_US)
    counted = select(func.count()).where(of_theirs, table.c.kind.in_(kinds))
    if connection.execute(counted).scalar_one() >= most:
        return
    append_rows(connection, table, [msgspec.structs.astuple(told)], "ON CONFLICT (id) DO NOTHING")


def of_spending(connection: Connection, people: Sequence[PersonId]) -> list[News]:
    """What some people were told of their limits."""
    chosen = select(table).where(table.c.person.in_(people), table.c.kind.in_(get_args(AboutSpending)))
    return [_news(row) for row in connection.execute(chosen)]


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


def end(connection: Connection, told: News) -> None:
    """It was sent, or is to go to nobody. What it was about is kept of limits alone: the next depends on it."""
    about = told.about if told.kind in get_args(AboutSpending) else "{}"
    connection.execute(update(table).where(table.c.id == told.id).values(next_us=DONE_US, about=about))


def forget_of(connection: Connection, person: PersonId) -> None:
    """All of a person's."""
    connection.execute(delete(table).where(table.c.person == person))


def forget_old(connection: Connection, now_us: int) -> None:
    """Those that nothing could tell again any more."""
    connection.execute(delete(table).where(table.c.at_us <= now_us - NEWS_DAYS * DAY_US))


def _news(row: Row[Any]) -> News:
    return News(*tuple(row))
