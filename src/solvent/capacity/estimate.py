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
from solvent.capacity.measured import MeasuredRow, nearest, nearest_saturated
from solvent.capacity.model_shape import Shape
from solvent.capacity.step import Load, Terms, reading_s, step_of
from solvent.values.errors import Invalid

Level = Literal["measured row", "formula x one measured point", "bare formula"]
# Step over estimate, low and high: about nine in ten models left out fell within (docs/benchmarks/capacity.md).
_SPREADS: Final[dict[Level, tuple[float, float]]] = {
    "measured row": (0.8, 1.25),
    "formula x one measured point": (0.75, 1.35),
}
_MS: Final = 1_000
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
    near = nearest(known.rows, batch, asked.input_tokens, asked.output_tokens)
    if near is None and not asked.batch:
        near = nearest_saturated(
            known.rows, asked.input_tokens, asked.output_tokens, asked.step_s_max * _MS,
            is_by_wait=limit.because == "latency",
        )  # fmt: skip
    if near is not None and not near.row.batch:
        batch = _saturated_batch(asked, known, near.row, fits)
        limit = BatchLimit(batch, "measured")
        terms = _terms(asked, known, batch)
    if near is not None:
        level: Level = "measured row"
        time_s, evidence = _measured_s(asked, known, near.row, batch), near.told
    else:
        level = "bare formula" if known.factors is None else "formula x one measured point"
        time_s, evidence = terms.total_s, known.calibrated_by
    low, high = _SPREADS.get(level) or _bare(asked)
    joules = board_joules_per_token(asked.fleet, time_s, batch)
    if near is not None and near.row.joules_per_token:
        joules = near.row.joules_per_token * (time_s / batch) * near.row.tokens_per_s
    return Estimate(
        level=level, evidence=evidence, limit=limit, batch=batch, step_s=time_s, low_s=time_s * low,
        high_s=time_s * high, terms=terms,
        first_token_s=time_s + reading_s(asked.shape, asked.fleet, asked.precision, asked.input_tokens),
        tokens_per_s=batch / time_s, device_seconds=asked.fleet.count * asked.output_tokens * time_s / batch,
        board_joules_per_token=joules,
        watt_hours=metered_watt_hours(joules * asked.output_tokens, asked.pue),
    )  # fmt: skip


def _measured_s(asked: Asked, known: Known, row: MeasuredRow, batch: int) -> float:
    """The step of a batch by a row: as the formula has one beside the other, each at its own lengths."""
    at = row.batch or batch
    measured_s = at / row.tokens_per_s
    theirs = Load(at, row.input_tokens or asked.input_tokens, row.output_tokens or asked.output_tokens)
    return measured_s * _terms(asked, known, batch).total_s / _terms_of(asked, known, theirs).total_s


def _saturated_batch(asked: Asked, known: Known, row: MeasuredRow, fits: int) -> int:
    """How many answers at once a saturated row was of, which it does not tell: by the formula the least that come to
    as many tokens a second, and no more than fit, than the row's wait allows, and than the wait that is asked for."""
    most = min(fits, int(row.tokens_per_s * row.wait_ms_max / _MS)) if row.wait_ms_max else fits
    low, high = 0, max(1, most)
    while high - low > 1:
        middle = (low + high) // 2
        reached = middle / _terms(asked, known, middle).total_s >= row.tokens_per_s
        low, high = (low, middle) if reached else (middle, high)
    each_s = _measured_s(asked, known, row, high) / high  # at the lengths that are asked for, which may be longer
    return max(1, min(high, int(asked.step_s_max / each_s)))


def _terms(asked: Asked, known: Known, batch: float) -> Terms:
    return _terms_of(asked, known, asked.load(batch))


def _terms_of(asked: Asked, known: Known, load: Load) -> Terms:
    bare = step_of(asked.shape, asked.fleet, asked.precision, load)
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
