"""Which services run on a data directory: each keeps a locked file named by its process, for commands."""

from __future__ import annotations

import fcntl
import os
import signal
from contextlib import suppress
from pathlib import Path

FOLDER = "running"


class Running:
    """This service's place among them, until `leave`. Its workers hold it too: they are told by their parent."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / FOLDER / str(os.getpid())
        self._file.parent.mkdir(exist_ok=True)
        self._lock = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def leave(self) -> None:
        """Give the place up."""
        self._file.unlink(missing_ok=True)
        os.close(self._lock)


def tell_running(directory: Path, what: signal.Signals) -> int:
    """Send a signal to every service that runs here; how many there were. Forgets those that crashed."""
    told = 0
    for file in sorted((directory / FOLDER).glob("[0-9]*")):
        if _is_held(file):
            with suppress(ProcessLookupError):  # it has ended just now
                os.kill(int(file.name), what)
                told += 1
        else:
            file.unlink(missing_ok=True)
    return told


def _is_held(file: Path) -> bool:
    try:
        looked = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(looked, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(looked)
