"""What a service tells a run of the simulator that it starts, beside its words, and what the run tells the service.

The run is a process of its own: `solvent simulate`, with FOR in its environment. It tells on its standard error, a line
of JSON behind MARK each; its standard input ends when the service does.
"""

from __future__ import annotations

from typing import Final

import msgspec

FOR: Final = "SOLVENT_ASKED_FOR"
MARK: Final = "\x1e"  # begins no line that anything else writes


class AskedFor(msgspec.Struct, frozen=True):
    """actor: who asked. words: of the command as a person would type it, after `solvent`. bytes_max: of memory."""

    actor: str
    words: tuple[str, ...]
    bytes_max: int


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far it is, the name that it was kept under, or why it failed."""

    stage: str = ""
    done: int = 0
    whole: int = 0
    run: str = ""
    code: str = ""
    fault: str = ""


class Hearing:
    """What a run has told so far, from its standard error as it comes."""

    def __init__(self, tail_characters_max: int) -> None:
        self.stage, self.done, self.whole = "reading", 0, 0
        self.run = self.code = self.fault = ""
        self.tail = ""  # what it said else, at the end
        self._most = tail_characters_max
        self._rest = b""

    def hear(self, part: bytes) -> None:
        """Take in some more."""
        *lines, rest = (self._rest + part).split(b"\n")
        self._rest = rest[-self._most * 4 :]
        for line in lines:
            self._take(line.decode(errors="replace"))

    def _take(self, line: str) -> None:
        if not line.startswith(MARK):
            self.tail = f"{self.tail}\n{line}".strip()[-self._most :]
            return
        told = msgspec.json.decode(line[1:], type=Told)
        if told.stage:
            self.stage, self.done, self.whole = told.stage, told.done, told.whole
        self.run, self.code = told.run or self.run, told.code or self.code
        self.fault = told.fault[: self._most] or self.fault
