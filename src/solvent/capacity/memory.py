"""What memory holds: how much a model needs on devices, how much is missing, and how many devices would do."""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.capacity.hardware import BYTES, DEVICES_MAX, Fleet
from solvent.capacity.model_shape import Shape
from solvent.capacity.step import sequence_bytes, weight_bytes

_USABLE: Final = 0.9  # of memory; the rest is the engine's own. Source: vLLM's gpu_memory_utilization, 2025
_LOADED: Final = 1.05  # what lies in memory beside the weights themselves
# What engines on such devices serve, from wide to narrow.
_SERVED: Final = {"gpu": ("bf16", "fp8", "fp4"), "cpu": ("bf16", "q8_0", "q4_k_m")}


class Room(msgspec.Struct, frozen=True):
    """usable_bytes: of all devices. weights_bytes: of the loaded model. each_bytes: of one sequence."""

    usable_bytes: float
    weights_bytes: float
    each_bytes: float

    @property
    def sequences(self) -> float:
        """How many fit beside the weights; below 1 for none."""
        free = self.usable_bytes - self.weights_bytes
        return free / self.each_bytes if self.each_bytes else free

    @property
    def short_bytes(self) -> float:
        """What is missing for one sequence; 0 where it fits."""
        return max(0.0, self.weights_bytes + self.each_bytes - self.usable_bytes)


def room(shape: Shape, fleet: Fleet, precision: str, tokens: float) -> Room:
    """What there is, and what a model and sequences of so many tokens take of it."""
    weights = _LOADED * weight_bytes(shape, precision)
    return Room(_USABLE * fleet.memory_bytes, weights, sequence_bytes(shape, fleet, tokens))


def count_that_holds(shape: Shape, fleet: Fleet, precision: str, tokens: float) -> int | None:
    """The least count of such devices that holds the model and one sequence; None where no count does.

    Each device of more than a cache can be split over keeps it whole, so that more are not always enough.
    """
    for count in range(1, DEVICES_MAX + 1):
        if not room(shape, Fleet(fleet.device, count), precision, tokens).short_bytes:
            return count
    return None


def precisions_that_hold(shape: Shape, fleet: Fleet, precision: str, tokens: float) -> list[str]:
    """Narrower precisions in which the same devices hold it, the widest first."""
    return [
        other
        for other in _SERVED[fleet.device.kind]
        if BYTES[other] < BYTES[precision] and not room(shape, fleet, other, tokens).short_bytes
    ]
