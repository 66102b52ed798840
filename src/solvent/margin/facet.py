"""One answer seen from other sides than its margin's key: through what it was asked, by which key, what its cost was
for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from solvent.margin.line import MarginSums

FREE: Final = "free"  # what answers on free plans cost, whatever they used
# Costs of no kind of use: what answers cost that failed, what was asked before or beside one in vain, and what a
# corrected price made of older ones.
FAILED: Final = "failed"
RETRIED: Final = "retried"
HEDGED: Final = "hedged"
CORRECTED: Final = "corrected"


class Facet(msgspec.Struct, frozen=True):
    """day: as in `MarginKey`."""

    day: int
    customer: str
    key: str
    service: str
    sums: MarginSums


def told(parts: Mapping[str, int]) -> str:
    """Parts as a receipt keeps them: kind:grains, separated by spaces."""
    text = ""
    for kind in parts:  # of every answer, and of two kinds as a rule: a list of them would take twice as long
        if parts[kind]:
            text = f"{text} {kind}:{parts[kind]}" if text else f"{kind}:{parts[kind]}"
    return text


def read(text: str) -> tuple[tuple[str, int], ...]:
    """The parts that a receipt keeps."""
    return tuple((kind, int(grains)) for kind, _, grains in (part.partition(":") for part in text.split()))


def parts_in(text: str, grains: int, *, is_free: bool) -> tuple[tuple[str, int], ...]:
    """The parts that an answer's cost of so many grains counts as: on a free plan all of it is one."""
    if is_free:
        return ((FREE, grains),) if grains else ()
    return read(text)
