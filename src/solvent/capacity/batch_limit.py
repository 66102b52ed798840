"""The largest batch: as many sequences as memory holds, and as few as the wait for a token allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from solvent.capacity.hardware import Fleet
from solvent.capacity.memory import count_that_holds, precisions_that_hold, room
from solvent.capacity.model_shape import Shape
from solvent.values.errors import Invalid

BATCH_MAX: Final = 4_096  # more than any engine serves at once, and than was ever measured
_GB: Final = 1e9


class BatchLimit(msgspec.Struct, frozen=True):
    """The most sequences at once, and what sets that: "memory", the "latency" asked for, the "engine", or what was
    "measured"."""

    batch: int
    because: Literal["memory", "latency", "engine", "measured"]


def memory_limit(shape: Shape, fleet: Fleet, precision: str, tokens: float) -> int:
    """How many sequences of `tokens` the memory holds beside the weights. Raises Invalid where not even one."""
    found = room(shape, fleet, precision, tokens)
    if found.short_bytes:
        count = count_that_holds(shape, fleet, precision, tokens)
        more = f"it needs at least {count} of them," if count else "no number of them holds it; it needs larger ones,"
        narrower = (*precisions_that_hold(shape, fleet, precision, tokens), "a narrower precision")[0]
        raise Invalid(
            "model_does_not_fit",
            f"{shape.name} at {precision} does not fit on {fleet.name}: of its memory it may use"
            f" {found.usable_bytes / _GB:,.1f} GB, and needs {found.short_bytes / _GB:,.1f} GB more; {more} {narrower},"
            " or shorter answers",
        )
    return min(max(1, int(found.sequences)), BATCH_MAX) if found.each_bytes else BATCH_MAX


def batch_limit(in_memory: int, step_s: Callable[[int], float], step_s_max: float) -> BatchLimit:
    """The largest batch whose step takes at most step_s_max. step_s: grows with the batch.

    Raises Invalid where a sequence by itself takes longer.
    """
    if step_s(1) > step_s_max:
        raise Invalid(
            "latency_out_of_reach",
            f"one sequence alone takes {step_s(1) * 1000:.1f} ms a token; allow more than {step_s_max * 1000:.1f}",
        )
    if step_s(in_memory) <= step_s_max:
        return BatchLimit(in_memory, "engine" if in_memory == BATCH_MAX else "memory")
    low, high = 1, in_memory
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if step_s(middle) <= step_s_max else (low, middle)
    return BatchLimit(low, "latency")
