"""What a process runs batches with: the books, the clock, and how one line is asked and looked up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import msgspec

from solvent.db.port import Connection, Database
from solvent.values.errors import SolventError
from solvent.values.ids import AnswerId, KeyId


class Told(msgspec.Struct, frozen=True):
    """What came of one question: its HTTP status and body, the problem if there was one, and what it was charged."""

    status: int
    body: bytes
    problem: SolventError | None = None
    charge_grains: int = 0


class Booking(msgspec.Struct, frozen=True):
    """What is on the books of an answer. failed: it charged nothing, and may be asked again."""

    failed: bool
    charge_grains: int


# The surface, the body, the key it is asked with and the answer's id. Never raises a SolventError: it is told.
Ask = Callable[[str, bytes, KeyId, AnswerId], Awaitable[Told]]
Booked = Callable[[Connection, AnswerId], Booking | None]


class Hands(msgspec.Struct, frozen=True):
    """holder: this process's name. turn: waits until one more line may be asked; it is asked within. lines_at_once: of
    one batch. is_stopping: whether nothing new is to be begun."""

    database: Database
    now_us: Callable[[], int]
    entropy: Callable[[], int]
    holder: str
    turn: Callable[[], AbstractAsyncContextManager[None]]
    ask: Ask
    booked: Booked
    lines_at_once: int
    is_stopping: Callable[[], bool]
