"""What a trace shows of how its customers ask: counted while it streams, so that nothing of it needs to be kept.

Bursts and the rhythm are counted of some customers, drawn by chance, where there are many: they are few numbers, and
so many tell them well.
"""

from __future__ import annotations

from collections import Counter
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from solvent.simulation.generated import Real
from solvent.simulation.rated import INPUT_BUCKETS, OUTPUT_BUCKETS, summed
from solvent.simulation.trace import Block, Trace, Whole
from solvent.simulation.traffic import HOURS, WEEKDAYS
from solvent.values.instant import utc
from solvent.values.limits import RHYTHM_CUSTOMERS_MAX

HOUR_US: Final = 3_600 * 10**6
CLASSES: Final = HOURS * WEEKDAYS  # hours of a week, from Monday 0:00


class Lengths(msgspec.Struct, frozen=True):
    """Of the logarithms of one kind of tokens: their sum and the sum of their squares, by customer."""

    sums: Real
    squares: Real


class Observed(msgspec.Struct, frozen=True):
    """asked: answers by customer, of those who asked. hours: of the trace, by hour of the week.

    by_class: of the customers looked at closely, answers by hour of the week. seen: their answers in all.
    cells: how often a customer asked so many times in one hour, by (hour of the week, count).
    cached: of the tokens read, how much from a cache. models: answers by model.
    """

    asked: Whole
    hours: Whole
    by_class: Whole
    seen: Whole
    cells: dict[tuple[int, int], int]
    input: Lengths
    output: Lengths
    cached: float
    models: dict[str, int]


def observed(trace: Trace, in_zone: ZoneInfo) -> Observed:
    """Reads it once."""
    run = _Run(trace, in_zone)
    for block in trace.read():
        if block.answers:
            run.take_in(block)
    return run.observed()


class _Run:
    def __init__(self, trace: Trace, in_zone: ZoneInfo) -> None:
        self._trace, self._zone = trace, in_zone
        customers = len(trace.customers)
        self._asked = np.zeros(customers, np.int64)
        self._sums = np.zeros((4, customers))
        self._first = trace.from_us // HOUR_US
        starts = np.arange(self._first, (trace.until_us - 1) // HOUR_US + 1)
        self._class_of = np.array([self._class(int(hour)) for hour in starts], np.int64)
        close = np.random.default_rng(1).permutation(customers)[:RHYTHM_CUSTOMERS_MAX]
        self._place = np.full(customers, -1, np.int64)
        self._place[close] = np.arange(len(close))
        self._by_class = np.zeros((len(close), CLASSES), np.int64)
        self._cells: Counter[tuple[int, int]] = Counter()
        self._open: tuple[Whole, Whole] = (np.zeros(0, np.int64), np.zeros(0, np.int64))
        self._models = np.zeros(len(trace.models), np.int64)
        self._read = self._cached = 0

    def _class(self, hour: int) -> int:
        local = utc(hour * HOUR_US).astimezone(self._zone)
        return local.weekday() * HOURS + local.hour

    def take_in(self, block: Block) -> None:
        whose = block.customer
        self._asked += np.bincount(whose, minlength=len(self._asked))
        self._models += np.bincount(block.model, minlength=len(self._models))
        read = summed(block.used, INPUT_BUCKETS, block.answers)
        written = summed(block.used, OUTPUT_BUCKETS, block.answers)
        for place, tokens in enumerate((read, written)):
            logs = np.log(np.maximum(tokens, 1))
            self._sums[2 * place] += np.bincount(whose, logs, len(self._asked))
            self._sums[2 * place + 1] += np.bincount(whose, logs * logs, len(self._asked))
        self._read += int(read.sum())
        if "cached_input_tokens" in block.used:
            self._cached += int(block.used["cached_input_tokens"].sum())
        self._count_hours(block)

    def _count_hours(self, block: Block) -> None:
        """Cells of hours that are over are counted; those of the last one stay open for the next block."""
        place = self._place[block.customer]
        hour = block.at_us // HOUR_US - self._first
        close = place >= 0
        np.add.at(self._by_class, (place[close], self._class_of[hour[close]]), 1)
        width = len(self._by_class)
        keys, counts = np.unique(hour[close] * width + place[close], return_counts=True)
        keys, inverse = np.unique(np.concatenate((self._open[0], keys)), return_inverse=True)
        counts = np.bincount(inverse, np.concatenate((self._open[1], counts)), len(keys)).astype(np.int64)
        last = np.searchsorted(keys, int(hour[-1]) * width)
        self._close(keys[:last] // width, counts[:last])
        self._open = (keys[last:], counts[last:])

    def _close(self, hours: Whole, counts: Whole) -> None:
        pairs, often = np.unique(np.stack((self._class_of[hours], counts)), axis=1, return_counts=True)
        for of_class, count, times in zip(*pairs.tolist(), often.tolist(), strict=True):
            self._cells[of_class, count] += times

    def observed(self) -> Observed:
        self._close(self._open[0] // len(self._by_class), self._open[1])
        there = self._asked > 0
        seen = self._by_class.sum(axis=1)
        models = {name: int(count) for name, count in zip(self._trace.models, self._models, strict=True) if count}
        return Observed(
            asked=self._asked[there],
            hours=np.bincount(self._class_of, minlength=CLASSES),
            by_class=self._by_class[seen > 0],
            seen=seen[seen > 0],
            cells=dict(self._cells),
            input=Lengths(self._sums[0][there], self._sums[1][there]),
            output=Lengths(self._sums[2][there], self._sums[3][there]),
            cached=self._cached / max(1, self._read),
            models=models,
        )
