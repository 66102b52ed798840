"""What Solvent asks of a guard: where in some texts it finds what it looks for. `contract.py` proves an adapter.

A guard only looks. What comes of what it finds is the operator's word, and done by `guarding`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec

# Who says a text of a question: the maker of the application, its user, the model before, a tool that it called. Or
# what a text of an answer is: the reply itself, a thought before it, or the arguments of a call.
Said = Literal["system", "user", "assistant", "tool", "reply", "thought", "call"]
# stretches: what it looks for is as short as `unsure` says. whole: it judges a text as a whole, once it is whole.
Sees = Literal["stretches", "whole"]


class Text(msgspec.Struct, frozen=True):
    """One text of a question or of an answer."""

    words: str
    said: Said = "user"


class Found(msgspec.Struct, frozen=True):
    """Something in a text. text: which of them, from 0. start, end: of its characters, end not included.

    kind: what it is, in lower-case letters, digits and underscores, as it stands on receipts: never what was found.
    """

    text: int
    start: int
    end: int
    kind: str


class Guard(Protocol):
    """Looks at texts. Adapters are registered in the entry-point group `solvent.guards`."""

    @property
    def sees(self) -> Sees:
        """Whether it needs to see a text whole."""
        ...

    async def find(self, texts: Sequence[Text]) -> Sequence[Found]:
        """All that it finds, in any order. The same texts are always judged alike; anything raised is a failure."""
        ...

    def unsure(self, words: str) -> int:
        """How many characters at the end of a stream may yet become part of something that it looks for.

        They are held back until more has come; what comes before them is told, and never seen again. Called for
        every piece of a stream, so it is quick.
        """
        ...

    async def close(self) -> None:
        """Let go of what it holds, if anything."""
        ...


class Settings(msgspec.Struct, frozen=True):
    """What the configuration says of one guard. options: of its kind. near: the folder that paths start from."""

    name: str
    options: Mapping[str, object] = {}
    near: Path = Path()


class OpenGuard(Protocol):
    """What an entry point in the group `solvent.guards` names: a function that makes a guard."""

    def __call__(self, settings: Settings) -> Guard:
        """Raises Invalid when the options make no sense. Connects to nothing yet."""
        ...
