"""Turns of the processes that write to one SQLite file, by a lock beside it that whoever waits looks at often.

SQLite's own waiting sleeps up to 100 ms between two looks, and another process that writes without a pause takes every
turn meanwhile: one waited up to 830 ms, here up to 30 (2026-11-27, two processes that commit groups of 16 rows).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from typing import Final

FILE_ENDING: Final = "-turn"
WAIT_S_MAX: Final = 10.0
_STEP_S: Final = 0.0005


class TurnTaking(sqlite3.Connection):
    """A connection that writes in turn. The turn ends with its transaction, or with its process."""

    turn_file = ""  # beside the database
    _lock = -1

    def take_turn(self) -> None:
        """Returns when it is this connection's turn; after WAIT_S_MAX anyway: then SQLite says that it is locked."""
        if self._lock < 0:
            self._lock = os.open(self.turn_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        latest_s = time.monotonic() + WAIT_S_MAX
        while not self._has_taken() and time.monotonic() < latest_s:
            time.sleep(_STEP_S)

    def _has_taken(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _end_turn(self) -> None:
        if self._lock >= 0:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def commit(self) -> None:
        """Whoever cannot commit has its turn until it rolls back."""
        super().commit()
        self._end_turn()

    def rollback(self) -> None:
        """See `sqlite3.Connection`."""
        try:
            super().rollback()
        finally:
            self._end_turn()

    def close(self) -> None:
        """See `sqlite3.Connection`."""
        super().close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
