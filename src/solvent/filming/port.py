"""What filming asks of the floors around it: an order to make good, and hands to look after videos with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

import msgspec

from solvent.db.port import Connection, Database, Entry
from solvent.filming.video import Video
from solvent.providers.port import VideoTold
from solvent.values.errors import SolventError

# done: it is there. failed: it was not made, and costs nothing. lost: nobody can say.
Ending = Literal["done", "failed", "lost"]
# What is written with the hold: given the provider's name and the pledge.
Note = Callable[[str, bytes], Entry]


class Order(Protocol):
    """One video that a customer orders."""

    async def set_aside(self, note: Note) -> None:
        """Hold what it may come to, written together with the note. Raises what keeps it from being ordered."""
        ...

    async def ask(self) -> VideoTold:
        """Have its provider make it. Raises what the provider says when it does not."""
        ...

    def pledge(self, told: VideoTold) -> bytes:
        """What it will come to, as its provider says."""
        ...

    def ending(self, fault: SolventError) -> Ending:
        """What a provider that did not take it may bill for all the same."""
        ...


class Booked(msgspec.Struct, frozen=True):
    """An end that is being written. tell: to be called once it is."""

    charge_grains: int
    tell: Callable[[], None]


class Hands(msgspec.Struct, frozen=True):
    """holder: this process's name. look: what its provider tells of a video; None where it knows of none. delete: has
    its provider delete it. settle: writes how it ended and the code of what was wrong, in the transaction of a
    connection."""

    database: Database
    now_us: Callable[[], int]
    holder: str
    look: Callable[[Video], Awaitable[VideoTold | None]]
    delete: Callable[[Video], Awaitable[None]]
    settle: Callable[[Connection, Video, Ending, str], Booked]
