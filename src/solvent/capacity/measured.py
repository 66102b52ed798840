"""Measured rows, and the nearest to what is asked: the best estimate is something somebody has measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

_Some = Annotated[float, Meta(gt=0, le=1e12)]
# How far a row may be, as a factor, to stand for what is asked.
BATCH_FACTOR_MAX: Final = 1.5
TOKENS_FACTOR_MAX: Final = 2.0
WAIT_FACTOR_MAX: Final = 2.0
_AS_ASKED: Final = 1.005  # what nobody would call off


class MeasuredRow(msgspec.Struct, frozen=True):
    """One measured point. batch: 0 where the source says only that it was saturated; then tokens_per_s alone is known.

    tokens_per_s: written by all devices together. joules_per_token: of the boards alone; 0 for unknown.
    input_tokens, output_tokens: on average; 0 for unknown. wait_ms_max: the time per token that a saturated row kept;
    0 where it kept none. checked: when the source was looked at.
    """

    model: str
    device: str
    count: Annotated[int, Meta(ge=1, le=1024)]
    precision: str
    tokens_per_s: _Some
    source: str
    batch: Annotated[float, Meta(ge=0, le=1e6)] = 0.0
    input_tokens: Annotated[float, Meta(ge=0, le=1e8)] = 0.0
    output_tokens: Annotated[float, Meta(ge=0, le=1e8)] = 0.0
    joules_per_token: Annotated[float, Meta(ge=0, le=1e9)] = 0.0
    wait_ms_max: Annotated[float, Meta(ge=0, le=1e7)] = 0.0
    checked: str = ""

    @property
    def step_s(self) -> float:
        """How long a step took, where the batch is known; 0 where it is not."""
        return self.batch / self.tokens_per_s


class Near(msgspec.Struct, frozen=True):
    """A row that stands for what is asked. away: how many times off in batch, tokens or wait, whichever is most."""

    row: MeasuredRow
    away: float

    @property
    def told(self) -> str:
        """The row and its distance, in words."""
        kept = f", kept {self.row.wait_ms_max:g} ms a token" if self.row.wait_ms_max else ""
        at = f"batch {self.row.batch:.0f}" if self.row.batch else f"saturated{kept}"
        off = f", {self.away:.2f} times off" if self.away > _AS_ASKED else ""
        return f"{self.row.source}, {at}{off}"


def rows_of(
    rows: Iterable[MeasuredRow], models: Sequence[str], devices: Sequence[str], count: int, precision: str
) -> list[MeasuredRow]:
    """Rows of the same model and hardware under any of their names."""
    names = {name.lower() for name in models}
    boards = {device.lower() for device in devices}
    return [
        row
        for row in rows
        if row.model.lower() in names
        and row.device.lower() in boards
        and row.count == count
        and row.precision == precision
    ]


def nearest(rows: Iterable[MeasuredRow], batch: float, input_tokens: float, output_tokens: float) -> Near | None:
    """The row that stands for what is asked: close in batch and in tokens. None where none is close enough."""
    near = [
        Near(row, max(_factor(row.batch, batch), lengths))
        for row in rows
        if row.batch > 0
        and _factor(row.batch, batch) <= BATCH_FACTOR_MAX
        and (lengths := _lengths(row, input_tokens, output_tokens)) <= TOKENS_FACTOR_MAX
    ]
    return min(near, key=_away, default=None)


def nearest_saturated(
    rows: Iterable[MeasuredRow],
    input_tokens: float,
    output_tokens: float,
    wait_ms: float,
    *,
    is_by_wait: bool,
) -> Near | None:
    """The saturated row that stands for as many answers at once as may be. None where none is close enough.

    It kept the wait that is asked for, or hardly less; one that kept none stands where is_by_wait, that the wait sets
    how many, is not so.
    """
    near = []
    for row in rows:
        lengths = _lengths(row, input_tokens, output_tokens)
        if row.batch or lengths > TOKENS_FACTOR_MAX:
            continue
        if not row.wait_ms_max and not is_by_wait:
            near.append(Near(row, lengths))
        elif row.wait_ms_max and row.wait_ms_max <= wait_ms <= WAIT_FACTOR_MAX * row.wait_ms_max:
            near.append(Near(row, max(lengths, wait_ms / row.wait_ms_max)))
    return min(near, key=_away, default=None)


def _away(near: Near) -> float:
    return near.away


def _lengths(row: MeasuredRow, input_tokens: float, output_tokens: float) -> float:
    return max(_factor(row.input_tokens, input_tokens), _factor(row.output_tokens, output_tokens))


def _factor(one: float, other: float) -> float:
    """How many times the one is the other, from 1; what is unknown is no distance."""
    return max(one / other, other / one) if one > 0 and other > 0 else 1.0
