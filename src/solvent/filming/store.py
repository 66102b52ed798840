"""The table of videos."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, Table, Text, delete, func, select, update

from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.filming.video import UNFINISHED, Video
from solvent.values.ids import CustomerId

_TEXTS = {
    "id", "answer", "customer", "key", "model", "size", "holder", "state", "provider", "place", "fault", "fault_words",
}  # fmt: skip


def _column(name: str) -> Column[Any]:
    kind = Text if name in _TEXTS else LargeBinary if name == "pledge" else BigInteger
    return Column(name, kind, primary_key=name == "id", nullable=False)


videos = Table(
    "videos",
    metadata,
    *map(_column, Video.__struct_fields__),
    Index("ix_videos_customer_id", "customer", "id"),
    Index("ix_videos_state_next_look_us", "state", "next_look_us"),
)
_its = videos.c


def append(connection: Connection, rows: list[Video]) -> None:
    """Journal: add videos."""
    append_rows(connection, videos, map(msgspec.structs.astuple, rows))


def video(connection: Connection, id: str) -> Video | None:
    """One video, or None."""
    row = connection.execute(select(videos).where(_its.id == id)).first()
    return Video(*row) if row else None


def page(
    connection: Connection, customer: CustomerId, after: str, count: int, *, oldest_first: bool = False
) -> list[Video]:  # fmt: skip
    """Up to `count` videos of a customer that follow the video `after`; the first ones for ""."""
    chosen = select(videos).where(_its.customer == customer)
    if after:
        chosen = chosen.where(_its.id > after if oldest_first else _its.id < after)
    chosen = chosen.order_by(_its.id if oldest_first else _its.id.desc()).limit(count)
    return [Video(*row) for row in connection.execute(chosen)]


def unfinished(connection: Connection, customer: CustomerId) -> int:
    """How many videos of a customer have not ended."""
    chosen = select(func.count()).where(_its.customer == customer, _its.state.in_(UNFINISHED))
    return int(connection.execute(chosen).scalar_one())


def due(connection: Connection, now_us: int, most: int) -> list[str]:
    """Up to `most` videos that are to be looked at by now, those that wait longest first."""
    chosen = select(_its.id).where(_its.state.in_(UNFINISHED), _its.next_look_us <= now_us)
    return list(connection.execute(chosen.order_by(_its.next_look_us).limit(most)).scalars())


def change(connection: Connection, id: str, **values: Any) -> None:
    """Note what has become of a video."""
    connection.execute(update(videos).where(_its.id == id).values(**values))


def forget(connection: Connection, id: str) -> None:
    """Delete what is known of a video."""
    connection.execute(delete(videos).where(_its.id == id))


def forget_old(connection: Connection, before_us: int, most: int) -> int:
    """Delete what is known of up to `most` videos that ended before an instant; how many there were."""
    old = select(_its.id).where(_its.state.not_in(UNFINISHED), _its.ended_us < before_us).limit(most)
    return connection.execute(delete(videos).where(_its.id.in_(old))).rowcount
