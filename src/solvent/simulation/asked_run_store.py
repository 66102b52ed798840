"""The table of runs that were asked for. Their files go with their end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from solvent.db.tables import metadata
from solvent.simulation.asked_run import ACTIVE, STOPPED, AskedRun, End
from solvent.values.errors import NotFound
from solvent.values.limits import ASKED_RUNS_KEPT_MAX

_NUMBERS: Final = {"at_us", "done", "whole", "ended_us"}
asked_runs = Table(
    "asked_runs",
    metadata,
    *(
        Column(name, BigInteger if name in _NUMBERS else Text, primary_key=name == "id", nullable=False)
        for name in AskedRun.__struct_fields__
    ),
    Column("files", LargeBinary, nullable=False),
    Index("ix_asked_runs_state", "state"),
)
_ITS: Final = asked_runs.c
_HEAD: Final = select(*(_ITS[name] for name in AskedRun.__struct_fields__))


def add(connection: Connection, run: AskedRun, files: bytes) -> None:
    """Note one that was asked for, and forget the oldest that ended."""
    connection.execute(insert(asked_runs).values(**msgspec.structs.asdict(run), files=files))
    ended = select(_ITS.id).where(_ITS.state.not_in(ACTIVE)).order_by(_ITS.id.desc()).offset(ASKED_RUNS_KEPT_MAX)
    old = list(connection.execute(ended).scalars())
    if old:
        connection.execute(delete(asked_runs).where(_ITS.id.in_(old)))


def by_id(connection: Connection, id: str) -> AskedRun:
    """Raises NotFound for none."""
    row = connection.execute(_HEAD.where(_ITS.id == id)).first()
    if row is None:
        message = f"no run {id[:80]!r} was asked for, or it ended long ago; those that are kept are on the list"
        raise NotFound("no_such_asked_run", message, param="asked")
    return AskedRun(*row)


def files_of(connection: Connection, id: str) -> bytes:
    """What it reads; empty once it has ended."""
    return bytes(connection.execute(select(_ITS.files).where(_ITS.id == id)).scalar_one())


def newest(connection: Connection, count: int) -> list[AskedRun]:
    """Newest first."""
    return [AskedRun(*row) for row in connection.execute(_HEAD.order_by(_ITS.id.desc()).limit(count))]


def active(connection: Connection) -> list[AskedRun]:
    """Those that have not ended, oldest first."""
    return [AskedRun(*row) for row in connection.execute(_HEAD.where(_ITS.state.in_(ACTIVE)).order_by(_ITS.id))]


def change(connection: Connection, id: str, **values: Any) -> None:
    """Set some columns."""
    connection.execute(update(asked_runs).where(_ITS.id == id).values(**values))


def end(connection: Connection, id: str, how: End, now_us: int) -> None:
    """Say how it ended, and let go of its files."""
    values = msgspec.structs.asdict(how)
    change(connection, id, **values, ended_us=now_us, holder="", files=b"")


def end_lost(connection: Connection, is_alive: Callable[[str], bool], now_us: int) -> None:
    """End those whose process is dead."""
    for one in active(connection):
        if one.holder and not is_alive(one.holder):
            end(connection, one.id, STOPPED, now_us)
