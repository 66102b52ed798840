"""What Solvent asks of an engine that runs a model here: a URL to ask, seats, and an honest clock."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

import msgspec

# By what an answer's share of an engine is known. steps: what each step did. phases: when it began to write, so that
# reading its question is its own. presence: only when it came and left.
Level = Literal["steps", "phases", "presence"]


class Effort(msgspec.Struct, frozen=True):
    """What one answer took of the engine.

    engine_us: its share of the engine's busy time. energy_uj: its share of the energy.
    estimated: the energy is worked out from rated power, not read from the machine.
    """

    engine_us: int
    energy_uj: int
    estimated: bool
    level: Level = "presence"


class Upkeep(msgspec.Struct, frozen=True):
    """What an engine took since it was started: while answers were there, and while none was.

    idle_uj: 0 where `estimated`: rated power says nothing of what an idle machine draws.
    """

    busy_us: int
    idle_us: int
    idle_uj: int
    estimated: bool


class Seat(Protocol):
    """A place in the engine's batch, held by one answer."""

    def begin(self, level: Level = "phases") -> None:
        """The first token came: what follows is writing. level: "presence" where nobody will see it come."""
        ...

    def leave(self) -> Effort:
        """Free the seat. Called once, whatever happened."""
        ...


class Engine(Protocol):
    """Runs a model in this process or beside it. Adapters: entry-point group `solvent.engines`."""

    @property
    def base_url(self) -> str:
        """Where it speaks OpenAI's chat completions, on this machine only."""
        ...

    @property
    def key(self) -> str:
        """What it demands to be asked with, so that no other process of this machine gets answers for free."""
        ...

    @property
    def members(self) -> Mapping[str, object]:
        """What every question to it must carry besides the client's own members."""
        ...

    async def sit(self) -> Seat:
        """Wait for a free seat. Raises Unavailable when too many wait already."""
        ...

    def upkeep(self) -> Upkeep:
        """All it took until now."""
        ...

    def close(self) -> None:
        """Stop the engine and free its memory."""
        ...


class Settings(msgspec.Struct, frozen=True):
    """What the configuration says of one engine.

    file: the weights. seats: answers at once. context_tokens: for each of them. threads: 0 lets it choose.
    gpu_layers: of the model, to be run on a graphics card. rated_watts: the processor's thermal design power,
    for machines that do not say what they draw. shared_by: engines that have the machine together, so that the time of
    each counts for one part of so many.
    """

    file: Path
    seats: int = 4
    context_tokens: int = 512
    threads: int = 0
    rated_watts: int = 65
    gpu_layers: int = 0
    shared_by: int = 1


class OpenEngine(Protocol):
    """What an entry point in the group `solvent.engines` names: a function that starts an engine."""

    def __call__(self, settings: Settings) -> Engine:
        """Raises Invalid when the weights cannot be loaded. Blocks while they are."""
        ...
