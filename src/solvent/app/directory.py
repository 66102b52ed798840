"""The data directory: one process at a time, and the first run's keys."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec

from solvent.values.errors import Invalid

FIRST_RUN_FILE = "first-run.json"
LOCK_FILE = "lock"


class FirstRunKeys(msgspec.Struct, frozen=True):
    """What the first run writes, for its owner's eyes only."""

    api_key: str
    operator_key: str
    url: str


class Directory:
    """A data directory held by this process until `release`."""

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        """shared: beside other processes that share it, too. Raises Invalid when it cannot be written, or is taken."""
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(path / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as wrong:
            message = f"the data directory {path} cannot be written: {wrong.strerror}; choose another with --data"
            raise Invalid("directory_unusable", message) from None
        try:
            fcntl.flock(self._lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            message = (
                f"another solvent is serving from {path}; stop it, start both with --shared, or choose another --data"
            )
            raise Invalid("directory_taken", message) from None

    def release(self) -> None:
        """Let another process in. A second call does nothing."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def read_first_run(path: Path) -> FirstRunKeys | None:
    """The keys written at the first run of a directory, if they are still there."""
    try:
        return msgspec.json.decode((path / FIRST_RUN_FILE).read_bytes(), type=FirstRunKeys)
    except (OSError, msgspec.DecodeError):
        return None


def write_first_run(path: Path, keys: FirstRunKeys) -> None:
    """Write the keys so that only the owner can read them, whole or not at all."""
    part = path / (FIRST_RUN_FILE + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(keys), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    part.rename(path / FIRST_RUN_FILE)
