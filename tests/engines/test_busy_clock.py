"""The busy clock: time and energy of one engine, among its answers and for nobody, of which nothing is lost."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.engines.busy_clock import BusyClock, Present
from solvent.engines.port import Effort

SECOND = 10**9


def test_one_alone_pays_for_all_of_its_time_and_for_no_idle_time() -> None:
    clock = BusyClock()
    first = clock.come(5_000, 10_000)
    assert clock.leave(first, 12_000, 10_000) == Effort(7, 70, False, "phases")
    second = clock.come(900_000, 10_000)
    assert clock.leave(second, 901_000, 10_000).engine_us == 1
    assert (clock.upkeep(901_000, 10_000).busy_us, clock.upkeep(901_000, 10_000).idle_us) == (8, 893)


def test_who_reads_pays_for_that_and_writers_share_the_rest() -> None:
    clock = BusyClock()
    first = clock.come(0, 20_000)
    clock.begin(first, SECOND, 20_000, "phases")
    second = clock.come(3 * SECOND, 20_000)  # 2 seconds the first wrote alone
    clock.begin(second, 4 * SECOND, 20_000, "phases")  # the second read for one
    shares = [clock.leave(first, 6 * SECOND, 20_000), clock.leave(second, 7 * SECOND, 20_000)]
    assert [share.engine_us for share in shares] == [4_000_000, 3_000_000]
    assert [share.energy_uj for share in shares] == [80_000_000, 60_000_000]  # 20 W
    assert [share.level for share in shares] == ["phases", "phases"]


def test_who_comes_whole_shares_all_of_its_time_and_says_so() -> None:
    clock = BusyClock()
    first, second = clock.come(0, 0), clock.come(0, 0)
    clock.begin(first, 0, 0, "presence")
    clock.begin(second, 0, 0, "presence")
    clock.begin(second, SECOND, 0, "phases")  # its first words come at its end
    shares = [clock.leave(one, SECOND, 0) for one in (first, second)]
    assert [(share.engine_us, share.level) for share in shares] == [(500_000, "presence"), (500_000, "presence")]


def test_idle_energy_is_counted_where_it_is_read_and_not_made_up_of_a_rating() -> None:
    read, rated = BusyClock(), BusyClock(estimated=True)
    for clock in (read, rated):
        one = clock.come(10 * SECOND, 75_000)
        assert clock.leave(one, 11 * SECOND, 75_000).energy_uj == 75_000_000
    assert read.upkeep(11 * SECOND, 75_000).idle_uj == 750_000_000
    assert rated.upkeep(11 * SECOND, 75_000).idle_uj == 0
    assert rated.upkeep(11 * SECOND, 75_000).estimated


@given(st.integers(0, 2**32), st.integers(1, 5))
@settings(deadline=None, max_examples=60)
def test_engines_that_have_a_machine_together_count_its_time_and_energy_once(seed: int, engines: int) -> None:
    """Whoever is busy while others wait: what all of them took, and did not, is the machine's time and draw."""
    random, now_ns = Random(seed), 0
    clocks = [BusyClock(shared_by=engines) for _ in range(engines)]
    present: list[list[Present]] = [[] for _ in clocks]
    took_us = took_uj = drawn_pj = 0
    for _ in range(40):
        passed_ns, milliwatts = random.randrange(10**9), random.randrange(300_000)
        now_ns, drawn_pj = now_ns + passed_ns, drawn_pj + passed_ns * milliwatts
        for clock, there in zip(clocks, present, strict=True):
            clock.upkeep(now_ns, milliwatts)  # all see the same meter at the same moment
            if there and random.random() < 0.5:
                effort = clock.leave(there.pop(), now_ns, milliwatts)
                took_us, took_uj = took_us + effort.engine_us, took_uj + effort.energy_uj
            elif random.random() < 0.5:
                there.append(clock.come(now_ns, milliwatts))
    for clock, there in zip(clocks, present, strict=True):
        for one in there:
            effort = clock.leave(one, now_ns, 0)
            took_us, took_uj = took_us + effort.engine_us, took_uj + effort.energy_uj
    upkeep = [clock.upkeep(now_ns, 0) for clock in clocks]
    assert now_ns // 1000 - 2 * engines <= sum(one.busy_us + one.idle_us for one in upkeep) <= now_ns // 1000
    idle_us, idle_uj = sum(one.idle_us for one in upkeep), sum(one.idle_uj for one in upkeep)
    assert abs(took_us + idle_us - now_ns // 1000) <= 3 * engines
    assert abs(took_uj + idle_uj - drawn_pj // 10**6) <= 3 * engines


def test_a_rating_is_of_the_engines_own_threads_and_is_not_divided_again() -> None:
    clock = BusyClock(estimated=True, shared_by=2)
    effort = clock.leave(clock.come(0, 10_000), 2 * SECOND, 10_000)
    assert (effort.engine_us, effort.energy_uj) == (1_000_000, 20_000_000)


def test_a_clock_that_stands_or_runs_back_gives_nothing_and_takes_nothing() -> None:
    clock = BusyClock(1_000_000)
    came = clock.come(1_000_000, 10)
    assert clock.leave(came, 1_000_000, 10).engine_us == 0
    came = clock.come(500_000, 10)
    assert clock.leave(came, 400_000, 10).engine_us == 0
    assert clock.upkeep(400_000, 10).busy_us == 0


@given(st.integers(0, 2**32), st.integers(1, 60))
@settings(deadline=None, max_examples=100)
def test_shares_and_idle_time_are_all_there_is_whoever_hangs_up_when(seed: int, answers: int) -> None:
    random, clock, now_ns = Random(seed), BusyClock(), 0
    drawn_uj = 0.0
    present, efforts = list[Present](), list[Effort]()
    for _ in range(answers * 6):
        passed_ns, milliwatts = random.randrange(10**8), random.randrange(300_000)
        now_ns += passed_ns
        drawn_uj += passed_ns * milliwatts / 10**6
        kind = random.randrange(3)
        if kind == 0 and len(present) < 16:
            present.append(clock.come(now_ns, milliwatts))
        elif kind == 1 and present:
            clock.begin(random.choice(present), now_ns, milliwatts, "phases")
        elif kind == 2 and present:
            efforts.append(clock.leave(present.pop(random.randrange(len(present))), now_ns, milliwatts))
        else:
            clock.upkeep(now_ns, milliwatts)
    efforts += [clock.leave(one, now_ns, 0) for one in present]
    took = clock.upkeep(now_ns, 0)
    assert sum(effort.engine_us for effort in efforts) == took.busy_us
    assert abs(took.busy_us + took.idle_us - now_ns / 1_000) <= 2
    assert abs(sum(effort.energy_uj for effort in efforts) + took.idle_uj - drawn_uj) <= 3
