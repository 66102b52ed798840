"""One estimate: by the nearest measured row, else by the formula and one measured point, else by the formula alone.

The level is always named, with the interval that goes with it.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from solvent.capacity.batch_limit import BatchLimit, batch_limit, memory_limit
from solvent.capacity.calibration import Factors, corrected
from solvent.capacity.energy import board_joules_per_token, metered_watt_hours
from solvent.capacity.hardware import Fleet
from solvent.capacity.measured import MeasuredRow, nearest
from solvent.capacity.model_shape import Shape
from solvent.capacity.step import Load, Terms, reading_s, step_of
from solvent.values.errors import Invalid

Level = Literal["measured row", "formula x one measured point", "bare formula"]
# Step over estimate, low and high: about nine in ten models left out fell within (docs/benchmarks/capacity.md).
_SPREADS: Final[dict[Level, tuple[float, float]]] = {
    "measured row": (0.9, 1.1),
    "formula x one measured point": (0.75, 1.35),
}
_BARE_DENSE: Final = (0.67, 1.5)
_BARE_EXPERTS: Final = (0.5, 2.0)
_BARE_CPU: Final = (0.2, 5.0)  # no CPU was among the points


class Asked(msgspec.Struct, frozen=True):
    """What is to be sized. batch: 0 for the largest under the limits. step_s_max: the longest wait for a token."""

    shape: Shape
    fleet: Fleet
    precision: str
    input_tokens: float
    output_tokens: float
    step_s_max: float
    batch: int = 0
    pue: float = 1.2

    def load(self, batch: float) -> Load:
        """The step's load at a batch."""
        return Load(batch, self.input_tokens, self.output_tokens)


class Known(msgspec.Struct, frozen=True):
    """What was measured of this model on this hardware: rows, and a calibration with where it comes from."""

    rows: tuple[MeasuredRow, ...] = ()
    factors: Factors | None = None
    calibrated_by: str = ""


class Estimate(msgspec.Struct, frozen=True):
    """What came of it; times are in seconds, of one step, which is also the time per token.

    low_s, high_s: the interval of step_s. terms: what the step consists of. device_seconds: of one answer, its share.
    """

    level: Level
    evidence: str
    limit: BatchLimit
    batch: int
    step_s: float
    low_s: float
    high_s: float
    terms: Terms
    first_token_s: float
    tokens_per_s: float
    device_seconds: float
    board_joules_per_token: float
    watt_hours: float


def estimate(asked: Asked, known: Known) -> Estimate:
    """Size it. Raises Invalid where it does not fit, or no batch is fast enough."""
    fits = memory_limit(asked.shape, asked.fleet, asked.precision, asked.input_tokens + asked.output_tokens)

    def step_s(batch: int) -> float:
        return _terms(asked, known, batch).total_s

    if asked.batch:
        limit = BatchLimit(_demand_fits(asked, fits), "memory")
    else:
        limit = batch_limit(fits, step_s, asked.step_s_max)
    batch = asked.batch or limit.batch
    terms = _terms(asked, known, batch)
    row = nearest(known.rows, batch, asked.input_tokens, asked.output_tokens)
    if row is not None:
        level: Level = "measured row"
        time_s = row.step_s * terms.total_s / _terms(asked, known, row.batch).total_s
        evidence = f"{row.source}, batch {row.batch:.0f}"
    else:
        level = "bare formula" if known.factors is None else "formula x one measured point"
        time_s, evidence = terms.total_s, known.calibrated_by
    low, high = _SPREADS.get(level) or _bare(asked)
    joules = board_joules_per_token(asked.fleet, time_s, batch)
    if row is not None and row.joules_per_token:
        joules = row.joules_per_token * (time_s / batch) / (row.step_s / row.batch)
    return Estimate(
        level=level, evidence=evidence, limit=limit, batch=batch, step_s=time_s, low_s=time_s * low,
        high_s=time_s * high, terms=terms,
        first_token_s=time_s + reading_s(asked.shape, asked.fleet, asked.precision, asked.input_tokens),
        tokens_per_s=batch / time_s, device_seconds=asked.fleet.count * asked.output_tokens * time_s / batch,
        board_joules_per_token=joules,
        watt_hours=metered_watt_hours(joules * asked.output_tokens, asked.pue),
    )  # fmt: skip


def _terms(asked: Asked, known: Known, batch: float) -> Terms:
    bare = step_of(asked.shape, asked.fleet, asked.precision, asked.load(batch))
    return bare if known.factors is None else corrected(bare, known.factors)


def _bare(asked: Asked) -> tuple[float, float]:
    if asked.fleet.device.kind == "cpu":
        return _BARE_CPU
    return _BARE_EXPERTS if asked.shape.experts else _BARE_DENSE


def _demand_fits(asked: Asked, fits: int) -> int:
    if asked.batch > fits:
        raise Invalid(
            "batch_does_not_fit",
            f"a batch of {asked.batch} does not fit on {asked.fleet.name}; it holds {fits} sequences of"
            f" {asked.input_tokens + asked.output_tokens:.0f} tokens",
        )
    return fits
