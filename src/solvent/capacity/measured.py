"""Measured rows, and the nearest to what is asked: the best estimate is something somebody has measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

_Some = Annotated[float, Meta(gt=0, le=1e12)]
# How far a row may be, as a factor, to stand for what is asked.
BATCH_FACTOR_MAX: Final = 1.5
TOKENS_FACTOR_MAX: Final = 2.0


class MeasuredRow(msgspec.Struct, frozen=True):
    """One measured point. batch: 0 where the source says only that it was saturated; then tokens_per_s alone is known.

    tokens_per_s: written by all devices together. joules_per_token: of the boards alone; 0 for unknown.
    input_tokens, output_tokens: on average; 0 for unknown.
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

    @property
    def step_s(self) -> float:
        """How long a step took, where the batch is known; 0 where it is not."""
        return self.batch / self.tokens_per_s


def rows_of(
    rows: Iterable[MeasuredRow], models: Sequence[str], devices: Sequence[str], count: int, precision: str
) -> list[MeasuredRow]:
    """Rows with a batch, of the same model and hardware under any of their names."""
    names = {name.lower() for name in models}
    boards = {device.lower() for device in devices}
    return [
        row
        for row in rows
        if row.batch > 0
        and row.model.lower() in names
        and row.device.lower() in boards
        and row.count == count
        and row.precision == precision
    ]


def nearest(rows: Iterable[MeasuredRow], batch: float, input_tokens: float, output_tokens: float) -> MeasuredRow | None:
    """The row that stands for what is asked: close in batch and in tokens. None where none is close enough."""
    near = [
        row
        for row in rows
        if _factor(row.batch, batch) <= BATCH_FACTOR_MAX
        and _factor(row.input_tokens, input_tokens) <= TOKENS_FACTOR_MAX
        and _factor(row.output_tokens, output_tokens) <= TOKENS_FACTOR_MAX
    ]
    return min(near, key=lambda row: _factor(row.batch, batch), default=None)


def _factor(one: float, other: float) -> float:
    """How many times the one is the other, from 1; what is unknown is no distance."""
    return math.exp(abs(math.log(one / other))) if one > 0 and other > 0 else 1.0
