"""How long one step takes: a sum of what is read, computed, exchanged and launched, each with one constant.

Sums fit what was measured far better than the maximum of a roofline, and a sum can be shared exactly among those in
the step. Overhead, not arithmetic, is what data sheets miss, so most constants are about it.
Source of the form: facts/ECONOMICS.md 1.1 (2026-11); of the constants: bench/capacity.py.
"""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.capacity.hardware import BYTES, Fleet
from solvent.capacity.model_shape import Shape

CACHE_BYTES: Final = 2.0  # per value that is kept of a token
STATE_BYTES: Final = 4.0  # per value of a hybrid's state, which is read and written
_NARROW: Final = ("fp8", "int8", "fp4")  # activations are narrowed before each matrix: more to launch


class Load(msgspec.Struct, frozen=True):
    """So many sequences in the step, and how many tokens each reads and writes over its life."""

    batch: float
    input_tokens: float
    output_tokens: float

    @property
    def context(self) -> float:
        """Tokens a sequence has behind it, on average over its answer."""
        return self.input_tokens + self.output_tokens / 2


class Parts(msgspec.Struct, frozen=True):
    """What a step consists of, before any constant: seconds at the speeds of the data sheet, or millions of launches.

    sharded_expert_weights_s: the part of expert_weights_s that a single device would not have had to share out.
    narrow_layers: layers that compute in 8 or 4 bits. moe_sequences: layers with experts, times sequences.
    """

    shared_weights_s: float
    expert_weights_s: float
    sharded_expert_weights_s: float
    layers: float
    moe_layers: float
    narrow_layers: float
    cache_s: float
    compute_s: float
    sequences: float
    moe_sequences: float
    exchange_s: float


class Constants(msgspec.Struct, frozen=True):
    """What each part of `Parts` is multiplied by: 1/efficiency of what the data sheet promises, or microseconds.

    Fitted over 456 points of 26 models on H100 and B200 (ML.ENERGY leaderboard v3, vLLM, 2025-12); efficiencies are
    held at most at 0.95 of memory and 0.75 of arithmetic, which is the best that is reached anywhere.
    """

    shared_weights_s: float = 1.05
    expert_weights_s: float = 1.05
    sharded_expert_weights_s: float = 0.75
    layers: float = 89.5
    moe_layers: float = 18.0
    narrow_layers: float = 94.0
    cache_s: float = 1.1
    compute_s: float = 1.33
    sequences: float = 48.0
    moe_sequences: float = 0.49
    exchange_s: float = 0.75


class Terms(msgspec.Struct, frozen=True):
    """A step in seconds, by what a measured point may correct apart: two paid once, two paid by each sequence."""

    weights_s: float
    launching_s: float
    sequences_s: float
    serving_s: float

    @property
    def once_s(self) -> float:
        """Paid once, whoever is in the step."""
        return self.weights_s + self.launching_s

    @property
    def total_s(self) -> float:
        """The step: as long as a token takes to come."""
        return self.weights_s + self.launching_s + self.sequences_s + self.serving_s


FITTED: Final = Constants()
_MICRO: Final = 1e-6


def parts(shape: Shape, fleet: Fleet, precision: str, load: Load) -> Parts:
    """What one step of such a load consists of."""
    n, batch = fleet.count, load.batch
    launches = _MICRO * fleet.device.overhead
    experts_s = expert_bytes(shape, precision) * shape.experts_touched(batch) / fleet.bytes_per_s
    attended = 4 * shape.attention_width * shape.cached_tokens(load.context)
    read = load.input_tokens / load.output_tokens  # tokens of new questions that a step reads for each it writes
    operations = batch * (2 * shape.active_parameters * (1 + read) + attended)
    exchanged = batch * 2 * shape.layers * shape.hidden * 2 * 2 * (n - 1) / n
    return Parts(
        shared_weights_s=shape.shared_parameters * shared_bytes(precision) / fleet.bytes_per_s,
        expert_weights_s=experts_s,
        sharded_expert_weights_s=experts_s * (1 - 1 / n),
        layers=shape.layers * launches,
        moe_layers=shape.moe_layers * launches,
        narrow_layers=shape.layers * launches * (precision in _NARROW),
        cache_s=batch * sequence_bytes_read(shape, fleet, load.context) / fleet.bytes_per_s,
        compute_s=operations / (n * fleet.device.flops_at(precision)),
        sequences=batch * launches,
        moe_sequences=batch * shape.moe_layers * launches,
        exchange_s=exchanged / fleet.device.link_bytes_per_s,
    )


def terms(of: Parts, by: Constants = FITTED) -> Terms:
    """The step's time by kind."""
    return Terms(
        weights_s=of.shared_weights_s * by.shared_weights_s
        + of.expert_weights_s * by.expert_weights_s
        + of.sharded_expert_weights_s * by.sharded_expert_weights_s,
        launching_s=of.layers * by.layers + of.moe_layers * by.moe_layers + of.narrow_layers * by.narrow_layers,
        sequences_s=of.cache_s * by.cache_s + of.compute_s * by.compute_s,
        serving_s=of.sequences * by.sequences + of.moe_sequences * by.moe_sequences + of.exchange_s * by.exchange_s,
    )


def step_of(shape: Shape, fleet: Fleet, precision: str, load: Load) -> Terms:
    """The step's time by kind, by the fitted constants."""
    return terms(parts(shape, fleet, precision, load))


def reading_s(shape: Shape, fleet: Fleet, precision: str, input_tokens: float) -> float:
    """How long it takes to read a question by itself: what its first token waits for, beside a step."""
    attended = 4 * shape.attention_width * shape.cached_tokens(input_tokens / 2)  # of the token in the middle
    operations = (2 * shape.active_parameters + attended) * input_tokens
    return operations / (fleet.count * fleet.device.flops_at(precision)) * FITTED.compute_s


def shared_bytes(precision: str) -> float:
    """Per parameter outside the experts: mxfp4 narrows the experts alone (gpt-oss model card, 2025-08)."""
    return BYTES["bf16"] if precision == "mxfp4" else BYTES[precision]


def expert_bytes(shape: Shape, precision: str) -> float:
    """Of all experts together."""
    return shape.expert_parameters * BYTES[precision]


def weight_bytes(shape: Shape, precision: str) -> float:
    """Of the whole model as it lies in memory."""
    rest = shape.stored_parameters - shape.expert_parameters
    return rest * shared_bytes(precision) + expert_bytes(shape, precision)


def sequence_bytes(shape: Shape, fleet: Fleet, tokens: float) -> float:
    """What a sequence of `tokens` keeps over all devices. Heads that cannot be split further are kept twice."""
    copies = fleet.count / min(fleet.count, shape.cache_splits)
    return copies * shape.cached_tokens(tokens) * shape.cache_values * CACHE_BYTES + shape.state_values * STATE_BYTES


def sequence_bytes_read(shape: Shape, fleet: Fleet, tokens: float) -> float:
    """What a step moves for a sequence: all it keeps, and its state once more, to write it."""
    return sequence_bytes(shape, fleet, tokens) + shape.state_values * STATE_BYTES
