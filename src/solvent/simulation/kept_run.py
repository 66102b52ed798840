"""A run of the simulator that is kept: what was asked and found, as JSON, and its report, whole."""

from __future__ import annotations

import zlib
from typing import Final, Literal
from unicodedata import normalize

import msgspec

from solvent.values.errors import Invalid
from solvent.values.limits import RUN_BYTES_MAX, RUN_NAME_CHARACTERS_MAX, RUN_UNPACKED_BYTES_MAX, RUNS_DATED_MAX

Kind = Literal["simulate", "optimise", "size", "compare"]
_BESIDE: Final = "-_."
_PAGES: Final = ("new", "compare", "asked")  # addresses beside the runs'


class BriefScenario(msgspec.Struct, frozen=True):
    """One line of a list. left_grains: of the time that was replayed. middle_grains: the year's profit that half of
    the draws do not exceed; None where no year was drawn, as loss_permille: of draws, those that lose money."""

    name: str
    left_grains: int
    middle_grains: int | None = None
    loss_permille: int | None = None


class Brief(msgspec.Struct, frozen=True):
    """What a list says of a run. source: whose traffic; answers: of it, refused ones too. plans: by name, those that
    might be adopted."""

    currency: str
    source: str
    answers: int
    plans: tuple[str, ...] = ()
    scenarios: tuple[BriefScenario, ...] = ()

    @property
    def best(self) -> BriefScenario | None:
        """The scenario that leaves most, today's among them."""
        return max(self.scenarios, key=lambda one: one.left_grains, default=None)


class KeptRun(msgspec.Struct, frozen=True):
    """A row of the table but for its papers. actor: who ran it. is_dated: kept by itself under its date, until newer
    ones take its place. size_bytes: of its papers, packed."""

    name: str
    at_us: int
    kind: Kind
    actor: str
    is_dated: int
    command: str
    brief: bytes
    size_bytes: int

    @property
    def told(self) -> Brief:
        """The brief, read."""
        return msgspec.json.decode(self.brief, type=Brief)


class Papers(msgspec.Struct, frozen=True):
    """The two documents of a run, packed. said: all numbers, as JSON. report: the page, as HTML."""

    said: bytes
    report: bytes

    @property
    def size(self) -> int:
        """Bytes of both."""
        return len(self.said) + len(self.report)


def packed(said: bytes, report: str) -> Papers:
    """Raises Invalid where they are larger than what is kept of one run."""
    page = report.encode()
    papers = Papers(zlib.compress(said, 9), zlib.compress(page, 9))
    if papers.size > RUN_BYTES_MAX or max(len(said), len(page)) > RUN_UNPACKED_BYTES_MAX:
        message = f"this run is larger than {RUN_BYTES_MAX:,} bytes and not kept; compare fewer plans, or use --report"
        raise Invalid("run_too_large", message, param="keep")
    return papers


def unpacked(paper: bytes) -> bytes:
    """One of the two documents."""
    return zlib.decompressobj().decompress(paper, RUN_UNPACKED_BYTES_MAX)


def run_name(text: str) -> str:
    """A name as it is kept: letters of any language, digits and - _ . Raises Invalid for any other."""
    name = normalize("NFC", text)
    is_plain = all(letter.isalnum() or letter in _BESIDE for letter in name)
    if not is_plain or not name[:1].isalnum() or len(name) > RUN_NAME_CHARACTERS_MAX or name in _PAGES:
        message = (
            f"a run cannot be called {text[:80]!r}: write up to {RUN_NAME_CHARACTERS_MAX} letters, digits and"
            f" {' '.join(_BESIDE)} that begin with a letter or digit, and are not {' or '.join(_PAGES)}"
        )
        raise Invalid("bad_run_name", message, param="keep")
    return name


def too_many(dated: int) -> int:
    """How many of the oldest dated runs make room for the newest."""
    return max(0, dated - RUNS_DATED_MAX)
