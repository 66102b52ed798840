"""A run of the simulator that somebody asked a running service for: it waits, runs beside the answers, and ends."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

# waiting: nobody runs it yet. cancelling: it runs, and is to end. lost: whoever ran it has stopped.
State = Literal["waiting", "running", "cancelling", "done", "failed", "cancelled", "lost"]
ACTIVE: Final = ("waiting", "running", "cancelling")
Stage = Literal["reading", "replaying", "reacting", "drawing", "searching", "writing"]


class AskedRun(msgspec.Struct, frozen=True):
    """A row of the table but for its files. command: its words, as JSON. holder: the process that runs it; "" for none.

    stage: what it does now, of which so much is done; whole is 0 where nobody knows it. ended_us: 0 before.
    run: the name that it is kept under. code, fault: why it failed, as a problem's code and in words.
    """

    id: str
    at_us: int
    actor: str
    command: str
    state: State = "waiting"
    holder: str = ""
    stage: str = ""
    done: int = 0
    whole: int = 0
    ended_us: int = 0
    run: str = ""
    code: str = ""
    fault: str = ""

    @property
    def words(self) -> list[str]:
        """After `solvent`."""
        return msgspec.json.decode(self.command, type=list[str])

    @property
    def is_active(self) -> bool:
        """Whether it has not ended yet."""
        return self.state in ACTIVE


class End(msgspec.Struct, frozen=True):
    """How one ended. See `AskedRun`."""

    state: State
    run: str = ""
    code: str = ""
    fault: str = ""


STOPPED: Final = End("lost", code="service_stopped", fault="the service stopped while it ran; ask for it again")
CANCELLED: Final = End("cancelled")


def files_packed(files: dict[str, bytes]) -> bytes:
    """What it reads, by name, in one column."""
    return msgspec.msgpack.encode(files)


def files_in(packed: bytes) -> dict[str, bytes]:
    """The same again."""
    return msgspec.msgpack.decode(packed, type=dict[str, bytes])
