"""A load that is made up step by step, so that every answer's exact share is known: what rules are measured by.

Lognormal lengths and arrivals at random, on a batching engine whose step is a sum; as in facts/ECONOMICS.md 1.5.
"""

from __future__ import annotations

from random import Random
from typing import Final

import msgspec

from solvent.capacity.attribution import Served
from solvent.values.shared_clock import SharedClock, Stay

BATCH_MAX: Final = 128
READ_AT_ONCE: Final = 4096  # tokens of questions that a step reads before it takes up no more
_NS: Final = 10**9


class StepCost(msgspec.Struct, frozen=True):
    """A step in nanoseconds: paid once, by each that writes, by each token read or written, and by each 1,000 tokens
    that a writer has behind it. The default: a dense model of 70 billion parameters in 8 bits on two H100, by
    facts/ECONOMICS.md 1.1.
    """

    once: int = 16_212_000
    sequence: int = 46_000
    token: int = 47_567
    context_1000: int = 56_870


class Writer(msgspec.Struct):
    """An answer in the batch. left: tokens it still has to write."""

    place: int
    stay: Stay
    context: int
    left: int
    came: int
    began: int = 0


class MadeLoad(msgspec.Struct, frozen=True):
    """log: times in nanoseconds. shares: exact, of every step. busy, idle: of the engine."""

    log: list[Served]
    shares: list[int]
    busy: int
    idle: int


def make_load(per_second: float, answers: int, chance: Random, cost: StepCost = StepCost()) -> MadeLoad:  # noqa: B008
    """per_second: answers that come, on average."""
    arrives, at = [], 0.0
    for _ in range(answers):
        at += chance.expovariate(per_second)
        arrives.append(int(at * _NS))
    read = [min(int(chance.lognormvariate(6, 1.2)), 12_000) + 16 for _ in range(answers)]
    written = [min(int(chance.lognormvariate(5.3, 0.9)), 3_000) + 4 for _ in range(answers)]
    return _Engine(arrives, read, written, cost).run()


class _Engine:
    def __init__(self, arrives: list[int], read: list[int], written: list[int], cost: StepCost) -> None:
        self._arrives, self._read, self._written, self._cost = arrives, read, written, cost
        self._clock = SharedClock()
        self._batch: list[Writer] = []
        self._done: dict[int, tuple[Served, int]] = {}
        self._next, self._now = 0, 0

    def run(self) -> MadeLoad:
        while len(self._done) < len(self._arrives):
            if not self._batch and self._arrives[self._next] > self._now:
                self._clock.spend(self._arrives[self._next] - self._now)
                self._now = self._arrives[self._next]
            self._step()
        ordered = [self._done[place] for place in range(len(self._arrives))]
        log, shares = [served for served, _ in ordered], [share for _, share in ordered]
        return MadeLoad(log, shares, self._clock.busy, self._clock.idle)

    def _step(self) -> None:
        writing = len(self._batch)
        self._now += self._write() + self._take_up() + self._cost.once
        self._clock.spend(self._cost.once)
        for place, one in enumerate(self._batch):
            one.context += 1
            one.left -= 1
            if place >= writing:
                one.began = self._now
        for one in [one for one in self._batch if one.left <= 0]:
            self._end(one)
        self._batch = [one for one in self._batch if one.left > 0]

    def _write(self) -> int:
        took = 0
        for one in self._batch:
            own = self._cost.sequence + self._cost.token + one.context * self._cost.context_1000 // 1000
            self._clock.own(one.stay, own)
            took += own
        return took

    def _take_up(self) -> int:
        took = tokens = 0
        while self._next < len(self._arrives) and self._arrives[self._next] <= self._now:
            if len(self._batch) >= BATCH_MAX or tokens >= READ_AT_ONCE:
                break
            place, self._next = self._next, self._next + 1
            one = Writer(place, self._clock.come(), self._read[place], self._written[place], self._now)
            own = self._read[place] * self._cost.token
            self._clock.own(one.stay, own)
            self._batch.append(one)
            took, tokens = took + own, tokens + self._read[place]
        return took

    def _end(self, one: Writer) -> None:
        place = one.place
        served = Served(str(place), one.came, one.began, self._now, self._read[place], self._written[place])
        self._done[place] = (served, self._clock.leave(one.stay))
