"""The journal of changes, and the one way to make one: `once`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import TypeVar

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, Table, Text, bindparam, select, tuple_

from solvent.audit.act import Act, Change
from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.values.errors import Conflict

T = TypeVar("T")

changes = Table(
    "changes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("result", LargeBinary, nullable=False),
    Index("uq_changes_actor_key", "actor", "key", unique=True),
    Index("ix_changes_at_us", "at_us"),
    Index("ix_changes_subject_at_us", "subject", "at_us"),
)

_CHANGE = select(changes).where(changes.c.actor == bindparam("by"), changes.c.key == bindparam("under"))


def once(
    connection: Connection, act: Act, action: str, subject: str, effect: Callable[[], T], kind: type[T]
) -> tuple[T, bool]:
    """Have an effect and write who caused it, in one transaction; or give what came of it the first time.

    Returns the result and whether it is new. kind: the result's type; the result is kept as JSON.
    Raises Conflict when the key was used for something else.
    """
    came = _came_of(connection, act, action)
    if came is not None:
        return msgspec.json.decode(came, type=kind), False
    result = effect()
    id = "chg_" + sha256(f"{act.actor}\x1f{act.key}".encode()).hexdigest()[:32]
    written = (id, act.at_us, act.actor, act.key, action, subject, act.fingerprint, msgspec.json.encode(result))
    append_rows(connection, changes, [written])
    return result, True


def came_of(connection: Connection, act: Act, action: str, kind: type[T]) -> T | None:
    """What came of an act the first time; None for a new one. Raises Conflict as `once` does."""
    came = _came_of(connection, act, action)
    return None if came is None else msgspec.json.decode(came, type=kind)


def _came_of(connection: Connection, act: Act, action: str) -> bytes | None:
    row = connection.execute(_CHANGE, {"by": act.actor, "under": act.key}).first()
    if row is None:
        return None
    if (row.action, row.fingerprint) != (action, act.fingerprint):
        message = "this idempotency key was used before, for another request; use a new one"
        raise Conflict("idempotency_key_conflict", message, param="Idempotency-Key")
    return bytes(row.result)


def is_known(connection: Connection, act: Act) -> bool:
    """Whether this act, or another under the same key, had its effect already."""
    chosen = select(changes.c.id).where(changes.c.actor == act.actor, changes.c.key == act.key)
    return connection.execute(chosen).first() is not None


def changes_between(
    connection: Connection, from_us: int, until_us: int, *, subject: str = "", actor: str = "", count: int = 200,
    before: tuple[int, str] | None = None,
) -> list[Change]:  # fmt: skip
    """Changes in [from_us, until_us), newest first; of one subject or actor when named.

    before: instant and id of a change; only those that come after it in this order.
    """
    chosen = select(changes).where(changes.c.at_us >= from_us, changes.c.at_us < until_us)
    if subject:
        chosen = chosen.where(changes.c.subject == subject)
    if actor:
        chosen = chosen.where(changes.c.actor == actor)
    if before is not None:
        chosen = chosen.where(tuple_(changes.c.at_us, changes.c.id) < before)
    rows = connection.execute(chosen.order_by(changes.c.at_us.desc(), changes.c.id.desc()).limit(count))
    return [Change(*row) for row in rows]


def add_changes(connection: Connection, done: Iterable[Change]) -> None:
    """Write many changes that a job made, in the transaction that made them. A key that was used before fails."""
    append_rows(connection, changes, map(msgspec.structs.astuple, done))
