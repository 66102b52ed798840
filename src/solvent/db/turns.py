"""Turns of the processes that write to one SQLite file, by two locks beside it that whoever waits looks at often.

SQLite's own waiting sleeps up to 100 ms between two looks, and another process that writes without a pause takes every
turn meanwhile: one waited up to 830 ms. So whoever is to write next says so by a lock of its own, which the others
have to get first: two that write without a pause write in turns. A turn is over before the disk has been waited for.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from typing import Final

FILE_ENDINGS: Final = ("-turn", "-next")
WAIT_S_MAX: Final = 10.0
_LOOK_S: Final = 0.0001  # between two looks of whoever is next: one process at a time
_STEP_S: Final = 0.0005  # of those behind it
_CLOSED: Final = -1
_sync_data: Final = getattr(os, "fdatasync", os.fsync)  # which a Mac does not have


class NotSynced(OSError):
    """The disk did not take what was committed: others can read it, and nobody knows if it outlasts a power cut."""


class TurnTaking(sqlite3.Connection):
    """A connection that writes in turn. The turn ends with its transaction, or with its process."""

    beside = ""  # the path of the database, beside which the locks are
    is_synced_here = False  # whether `commit` waits for the disk: where it does, SQLite must not (synchronous = NORMAL)
    is_in_group = False  # whether a transaction is under way that `engine.group_of` has begun
    _turn = _CLOSED
    _next = _CLOSED
    _has_turn = False
    _log = _CLOSED

    def take_turn(self) -> None:
        """Returns when it is this connection's turn; after WAIT_S_MAX anyway: then SQLite says that it is locked."""
        if self._turn == _CLOSED:
            self._turn, self._next = (_opened(f"{self.beside}{ending}") for ending in FILE_ENDINGS)
        latest_s = time.monotonic() + WAIT_S_MAX
        _wait(self._next, _STEP_S, latest_s)
        _wait(self._turn, _LOOK_S, latest_s)
        fcntl.flock(self._next, fcntl.LOCK_UN)
        self._has_turn = True

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            fcntl.flock(self._turn, fcntl.LOCK_UN)

    def commit(self) -> None:
        """Returns when it is durable. Whoever cannot commit has its turn until it rolls back. Raises NotSynced."""
        super().commit()
        if self._has_turn:
            self._end_turn()
            if self.is_synced_here:
                self._sync()

    def _sync(self) -> None:
        """The write-ahead log on the disk is what makes a commit durable, and all commits before it: so SQLite reads it
        back after a power cut."""
        try:
            if self._log == _CLOSED:
                self._log = os.open(f"{self.beside}-wal", os.O_RDWR | os.O_CLOEXEC)
            _sync_data(self._log)
        except OSError as wrong:
            raise NotSynced(*wrong.args) from wrong

    def rollback(self) -> None:
        """See `sqlite3.Connection`."""
        try:
            super().rollback()
        finally:
            self._end_turn()

    def close(self) -> None:
        """See `sqlite3.Connection`."""
        super().close()
        for file in (self._turn, self._next, self._log):
            if file != _CLOSED:
                os.close(file)
        self._turn = self._next = self._log = _CLOSED


def _opened(file: str) -> int:
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _wait(lock: int, step_s: float, latest_s: float) -> None:
    """Returns when the lock is taken, or it is too late."""
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > latest_s:
                return
            time.sleep(step_s)
        else:
            return
