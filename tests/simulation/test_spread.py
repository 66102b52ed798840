"""What is spread over a cluster comes to the same to the last grain and the last bit, whatever hands there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.clusters.two_nodes import two_nodes
from tests.simulation.test_replay import DAY, FREE, PLUS, START, USAGE, scenario
from tests.simulation.test_year import BUSY

from solvent.app.clusters import open_cluster
from solvent.billing.limits import BudgetRule, Limits
from solvent.clusters.here import Here
from solvent.clusters.port import J, R
from solvent.simulation.assumption import Assumptions
from solvent.simulation.demand import Market
from solvent.simulation.demand_assumption import demand_assumed
from solvent.simulation.replay import replay
from solvent.simulation.scenario import Share
from solvent.simulation.spread import Spread
from solvent.simulation.tariff_contest import Contestants, contest
from solvent.simulation.tariff_search import Terms
from solvent.simulation.trace import Answer, Trace, trace_of
from solvent.simulation.year import as_fitted, year
from solvent.simulation.year_draw import heavy_of
from solvent.values.errors import Invalid
from solvent.values.usage import Usage

MARKET = Market(np.array([5.0, 40.0, 300.0, 2000.0]), np.zeros(4))
WHICH = (Contestants("market", 300, MARKET), [0.05, 0.05, 1000.0], demand_assumed(()), Terms())
BOTH = {"plus": PLUS, "free": FREE}


class Hands(Here):
    """This process as if it had many; jobs end in another order than they are asked for in."""

    def __init__(self, hands: int) -> None:
        self.hands = hands

    def run(self, work: Callable[[J], R], jobs: Sequence[J], done: Callable[[int], None]) -> list[R]:
        """See `Cluster`."""
        return super().run(work, jobs[::-1], done)[::-1]


def traffic(seed: int, answers: int, customers: int) -> Trace:
    """Three months of it, some days empty; few customers ask most."""
    chance = Random(seed)
    times = sorted(START + int(80 * DAY * chance.random() ** 2) for _ in range(answers))
    return trace_of(
        [
            Answer(
                at_us, f"c{int(customers * chance.random() ** 3)}", chance.choice("mmmx").replace("x", "small"),
                Usage(input_tokens=chance.randrange(3_000), output_tokens=chance.randrange(900)),
            )
            for at_us in times
        ],
        "made",
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), answers=st.integers(1, 300), customers=st.integers(1, 40), hands=st.integers(1, 7))
def test_a_replay_is_the_same_whatever_hands_there_are(seed: int, answers: int, customers: int, hands: int) -> None:
    trace, spread = traffic(seed, answers, customers), Spread(Hands(hands))
    told: list[int] = []
    on = dict.fromkeys(trace.customers[::3], "free")
    for of in (
        scenario(PLUS, plans=BOTH, on=on), scenario(FREE, shares=(Share("m", "small", 400),), cached_permille=300),
    ):  # fmt: skip
        told.clear()
        assert spread.replay(trace, of, told.append) == replay(trace, of)
        assert sum(told) == answers


def test_what_customers_use_up_together_is_not_taken_apart() -> None:
    limits = Limits(budgets=(BudgetRule("plan", "month", "answers", 5),))
    plan = msgspec.structs.replace(PLUS, beyond="wallet", overage_most=None, limits=limits)
    trace = trace_of([Answer(START + n, f"c{n % 3}", "m", USAGE) for n in range(9)], "t")
    found = Spread(Hands(3)).replay(trace, scenario(plan), lambda _: None)
    assert found == replay(trace, scenario(plan))
    assert found.total.answers == 5


def test_what_cannot_be_replayed_is_refused_as_by_one() -> None:
    trace = trace_of([Answer(START + n, f"c{n % 3}", "unknown", USAGE) for n in range(9)], "t")
    with pytest.raises(Invalid, match="asks model 'unknown', which is not sold here"):
        Spread(Hands(3)).replay(trace, scenario(PLUS), lambda _: None)


@pytest.mark.xdist_group("ray")
@pytest.mark.parametrize("said", ["2", "ray"])
def test_processes_and_machines_find_what_this_one_finds(said: str) -> None:
    trace, of = traffic(1, 400, 30), scenario(PLUS, plans=BOTH, shares=(Share("m", "small", 400),))
    heavy = heavy_of(BUSY)
    drawn: list[int] = []
    assumptions = as_fitted(Assumptions(), heavy)
    cheaper = msgspec.structs.replace(
        BUSY, lines=tuple(msgspec.structs.replace(line, fee_grains=line.fee_grains // 2) for line in BUSY.lines)
    )
    alone = year(BUSY, assumptions, 120, 3, heavy=heavy, before=cheaper)
    with open_cluster(two_nodes() if said == "ray" else said) as cluster:
        assert cluster.hands == 2
        spread = Spread(cluster)
        for _ in range(2):
            assert spread.replay(trace, of, lambda _: None) == replay(trace, of)
        found = year(BUSY, assumptions, 120, 3, heavy=heavy, before=cheaper, cluster=cluster, tell=drawn.append)
        assert found == alone
        assert sorted(drawn) == [20, 50, 50]
        how: Any = {"shapes": ("flat", "capped"), "seeds": 2}
        assert contest(*WHICH, cluster, **how) == contest(*WHICH, Here(), **how)
        unsold = trace_of([Answer(START, "kim", "unknown", USAGE)], "t")
        with pytest.raises(Invalid, match="asks model 'unknown', which is not sold here"):
            spread.replay(unsold, of, lambda _: None)


def test_sums_are_not_shared_among_threads() -> None:
    """numpy's own sum is one order for all; what BLAS multiplies hangs on its threads."""
    from solvent.simulation import year_draw

    assert not np.any([name in year_draw.draw.__code__.co_names for name in ("dot", "matmul", "einsum")])
