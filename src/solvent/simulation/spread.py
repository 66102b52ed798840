"""Replays spread over a cluster: each customer's answers go to one pair of hands, which replays them as always.

Customers share nothing in a replay but a plan's own budget, and what comes of them are whole numbers, summed: any
number of hands finds the same to the last grain. The trace's blocks are kept by the cluster, so several scenarios
split it once, and no memory holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np

from solvent.clusters.port import Cluster, Kept
from solvent.simulation.outcome import Outcome
from solvent.simulation.replay import Walked, replay, together, walked
from solvent.simulation.scenario import Scenario, demand_replayable
from solvent.simulation.trace import Block, Trace
from solvent.simulation.walked import seen_budgets


class _Part(msgspec.Struct, frozen=True):
    """Some customers of a trace. whole: the trace without its blocks, and the scenario."""

    whole: Kept[tuple[Trace, Scenario]]
    blocks: tuple[Kept[Block], ...]


class Spread:
    """Replays one trace after another, each through as many scenarios as are asked."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._trace: Trace | None = None
        self._blocks: list[list[Kept[Block]]] = []
        self._answers: list[int] = []

    def replay(self, trace: Trace, scenario: Scenario, tell: Callable[[int], None]) -> Outcome:
        """See `simulation.replay`: the same, to the last grain."""
        demand_replayable(scenario)
        if self._cluster.hands == 1 or _shares_budgets(scenario):
            return replay(trace, scenario, tell)
        if self._trace is not trace:
            self._split(trace)
        whole = self._cluster.keep((msgspec.structs.replace(trace, read=_nothing), scenario))
        parts = [_Part(whole, tuple(blocks)) for blocks in self._blocks]
        found = self._cluster.run(_walk, parts, lambda place: tell(self._answers[place]))
        return together(trace, scenario, found)

    def _split(self, trace: Trace) -> None:
        hands = self._cluster.hands
        self._trace, self._blocks, self._answers = None, [[] for _ in range(hands)], [0] * hands
        for block in trace.read():
            hand_of = block.customer % hands
            for hand in range(hands):
                rows = np.flatnonzero(hand_of == hand)
                if len(rows):
                    self._blocks[hand].append(self._cluster.keep(block.rows(rows)))
                    self._answers[hand] += len(rows)
        self._trace = trace


def _shares_budgets(scenario: Scenario) -> bool:
    """Whether customers use up something together, in the order of time."""
    used = {scenario.plan, *scenario.on.values()}
    return any(rule.per == "plan" for name in used for rule in seen_budgets(scenario.plans[name]))


def _walk(part: _Part) -> Walked:
    trace, scenario = part.whole.take()
    return walked(msgspec.structs.replace(trace, read=lambda: _taken(part.blocks)), scenario)


def _taken(blocks: Sequence[Kept[Block]]) -> Iterator[Block]:
    for block in blocks:
        yield block.take()


def _nothing() -> Iterator[Block]:
    return iter(())
