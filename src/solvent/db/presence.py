"""Presence: how processes that share the books know which of them still run, without any clock.

A process holds a lock for as long as it lives, and the operating system or the database lets go of it when the
process dies: a file's lock beside SQLite, an advisory lock of a session in Postgres.
"""

from __future__ import annotations

import fcntl
import os
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

FOLDER = "processes"
_UNNAMED = "."  # begins the name of a file that is not locked yet
_ROOM = 0x501_7E47  # any number: what tells these locks from every other advisory lock
_COUNT = """
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND classid = :room AND granted AND mode = 'ExclusiveLock'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Presence:
    """This process's place among those that share the books, from its making until `leave`."""

    def __init__(self, engine: Engine, directory: Path, holder: str) -> None:
        """holder: a name that no other process ever had."""
        self.holder = holder
        self._engine = engine
        self._folder = directory / FOLDER
        self._lock = -1
        self._session: Connection | None = None
        if engine.dialect.name == "postgresql":
            self._session = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._session.execute(text("SELECT pg_advisory_lock(:room, :key)"), _key(holder))
        else:
            self._folder.mkdir(parents=True, exist_ok=True)
            # Locked before it bears its name: whoever looks would take a file that nobody holds for a dead one's.
            unnamed = self._folder / f"{_UNNAMED}{holder}"
            self._lock = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unnamed.rename(self._folder / holder)

    def is_alive(self, holder: str) -> bool:
        """Whether the process of that name still runs."""
        if holder == self.holder:
            return True
        return self._locked_there(holder) if self._session is not None else self._locked_here(holder)

    def is_held(self) -> bool:
        """Whether this process still holds its own place: a session can be lost with the network."""
        if self._session is None:
            return True
        try:
            self._session.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):  # the driver raises what the network says as it is
            return False
        return True

    def count(self) -> int:
        """How many processes share the books now, this one among them."""
        if self._session is not None:
            return max(1, int(self._session.execute(text(_COUNT), {"room": _ROOM}).scalar_one()))
        names = os.listdir(self._folder)
        return sum(1 for name in names if not name.startswith(_UNNAMED) and self.is_alive(name))

    def leave(self) -> None:
        """Give up the place. A second call does nothing."""
        if self._session is not None:
            self._session.invalidate()  # ends the session, and with it the lock
            self._session.close()
            self._session = None
        if self._lock >= 0:
            (self._folder / self.holder).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1

    def _locked_here(self, holder: str) -> bool:
        try:
            file = os.open(self._folder / holder, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared, so that two who look do not see each other
        except OSError:
            return True
        else:
            (self._folder / holder).unlink(missing_ok=True)
            return False
        finally:
            os.close(file)

    def _locked_there(self, holder: str) -> bool:
        # On a session of its own, which ends with the question: a lock is its session's, and asking twice counts it.
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
            taken = bool(
                session.execute(text("SELECT pg_try_advisory_lock_shared(:room, :key)"), _key(holder)).scalar()
            )
            if taken:
                session.execute(text("SELECT pg_advisory_unlock_shared(:room, :key)"), _key(holder))
        return not taken


def _key(holder: str) -> dict[str, int]:
    return {"room": _ROOM, "key": int.from_bytes(sha256(holder.encode()).digest()[:4], "big", signed=True)}
