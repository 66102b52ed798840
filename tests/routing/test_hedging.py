"""When a second upstream is asked too: after a fixed time, or after what is usual once that is known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from solvent.routing.hedging import KNOWN_MIN, RECENT, SHORTEST_US, Hedging


def test_a_fixed_time_is_never_changed() -> None:
    hedging = Hedging(1_500_000)
    for _ in range(100):
        hedging.hear(10)
    assert hedging.wait_us == 1_500_000


def test_nobody_knows_before_enough_have_begun() -> None:
    hedging = Hedging()
    for _ in range(KNOWN_MIN - 1):
        hedging.hear(10**6)
    assert hedging.wait_us is None
    hedging.hear(10**6)
    assert hedging.wait_us == 10**6


@given(latencies=st.lists(st.integers(0, 10**8), min_size=RECENT, max_size=2 * RECENT))
def test_one_in_twenty_of_the_recent_takes_longer(latencies: list[int]) -> None:
    hedging = Hedging()
    for latency_us in latencies[: len(latencies) // 10 * 10]:
        hedging.hear(latency_us)
    recent = latencies[: len(latencies) // 10 * 10][-RECENT:]
    assert hedging.wait_us is not None
    assert hedging.wait_us >= SHORTEST_US
    assert sum(latency_us > hedging.wait_us for latency_us in recent) <= RECENT // 20
    if hedging.wait_us > SHORTEST_US:
        assert sum(latency_us >= hedging.wait_us for latency_us in recent) >= RECENT // 20
