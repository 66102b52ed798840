"""Proration: to the microsecond, in whole amounts, and all parts sum to the whole."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.billing.proration import Stretch, after_use, change, end, prorated
from solvent.values.instant import instant
from solvent.values.money import GRAINS_PER_MINOR_UNIT
from solvent.values.period import Period

WHOLE = GRAINS_PER_MINOR_UNIT
STEPS = st.sampled_from([1, WHOLE])


def at(text: str) -> int:
    return instant(f"{text}+09:00", "at")


JUNE = Period(0, at("2026-06-01T00:00:00"), at("2026-07-01T00:00:00"))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Period, tuple[Stretch, ...], int]:
    """A period, terms that changed in it at whole microseconds, and the step that amounts are whole in."""
    length, step = draw(st.integers(1, 3_000_000_000_000)), draw(STEPS)
    start = draw(st.integers(0, 4 * 10**15))
    period = Period(0, start, start + length)
    times = sorted(draw(st.lists(st.integers(0, length - 1), max_size=8)))
    amounts = st.integers(0, 10**6).map(lambda n: n * step)
    stretches = tuple(Stretch(start + time, draw(amounts)) for time in (0, *times))
    return period, stretches, step


def asked(period: Period, stretches: tuple[Stretch, ...], step: int) -> list[int]:
    """What is asked for, one after the other: the period at its start, and each change."""
    changes = (
        change(stretches[:n], stretches[n].from_us, stretches[n].amount, period, step).total
        for n in range(1, len(stretches))
    )
    return [prorated(stretches[:1], period, period.end_us, step), *changes]


@given(histories())
@settings(deadline=None, max_examples=500)
def test_all_that_is_asked_sums_to_the_whole(history: tuple[Period, tuple[Stretch, ...], int]) -> None:
    period, stretches, step = history
    whole = prorated(stretches, period, period.end_us, step)
    assert sum(asked(period, stretches, step)) == whole
    ends = [*(stretch.from_us for stretch in stretches[1:]), period.end_us]
    weighted = sum(s.amount * (end_us - s.from_us) for s, end_us in zip(stretches, ends, strict=True))
    assert abs(Fraction(weighted, period.length_us) - whole) <= Fraction(step, 2)


@given(histories())
@settings(deadline=None, max_examples=500)
def test_nobody_pays_more_than_the_dearest_terms_or_less_than_the_cheapest(
    history: tuple[Period, tuple[Stretch, ...], int],
) -> None:
    period, stretches, step = history
    so_far = 0
    for n, part in enumerate(asked(period, stretches, step), start=1):
        so_far += part
        known = [stretch.amount for stretch in stretches[:n]]
        assert min(known) <= so_far <= max(known)


@given(histories())
@settings(deadline=None, max_examples=500)
def test_every_part_is_whole_and_of_its_sign(history: tuple[Period, tuple[Stretch, ...], int]) -> None:
    period, stretches, step = history
    for n in range(1, len(stretches)):
        difference = change(stretches[:n], stretches[n].from_us, stretches[n].amount, period, step)
        assert difference.unused <= 0 <= difference.rest
        assert difference.unused % step == difference.rest % step == 0


@given(histories(), st.lists(st.integers(0, 10**13), max_size=5))
@settings(deadline=None, max_examples=300)
def test_a_change_to_the_same_terms_changes_nothing(
    history: tuple[Period, tuple[Stretch, ...], int], times: list[int]
) -> None:
    period, stretches, step = history
    amount = stretches[0].amount
    same = tuple(Stretch(at_us, amount) for at_us in sorted(period.start_us + t % period.length_us for t in times))
    assert prorated((stretches[0], *same), period, period.end_us, step) == amount


@given(histories(), st.integers(0, 10**6))
@settings(deadline=None, max_examples=300)
def test_there_and_back_in_the_same_instant_is_free(
    history: tuple[Period, tuple[Stretch, ...], int], other: int
) -> None:
    period, stretches, step = history
    here = stretches[-1]
    there = change(stretches, here.from_us, other * step, period, step).total
    back = change((*stretches, Stretch(here.from_us, other * step)), here.from_us, here.amount, period, step).total
    assert there + back == 0


@given(histories(), st.integers(0, 10**13))
@settings(deadline=None, max_examples=300)
def test_what_comes_back_at_an_early_end_is_what_was_asked_and_not_earned(
    history: tuple[Period, tuple[Stretch, ...], int], time: int
) -> None:
    period, stretches, step = history
    last_us = stretches[-1].from_us
    at_us = last_us + time % (period.end_us - last_us)
    back = end(stretches, at_us, period, step)
    assert back >= 0
    assert back == -change(stretches, at_us, 0, period, step).total
    assert prorated(stretches, period, at_us, step) + back == prorated(stretches, period, period.end_us, step)


@given(histories())
@settings(deadline=None, max_examples=200)
def test_an_upgrade_at_the_first_instant_costs_the_whole_difference(
    history: tuple[Period, tuple[Stretch, ...], int],
) -> None:
    period, stretches, step = history
    first = stretches[:1]
    assert change(first, period.start_us, 7 * step, period, step).total == 7 * step - first[0].amount


@pytest.mark.parametrize(
    ("when", "unused", "rest"),
    [
        ("2026-06-01T00:00:00", -9_900, 29_000),
        ("2026-06-16T00:00:00", -4_950, 14_500),  # half of June
        ("2026-06-30T23:59:59.999999", 0, 0),  # a microsecond is not worth a won
        ("2026-06-11T00:00:00", -6_600, 19_333),  # 20 of 30 days
        ("2026-06-11T00:00:00.000001", -6_600, 19_333),
    ],
)
def test_from_plus_to_pro_in_june(when: str, unused: int, rest: int) -> None:
    plus = (Stretch(JUNE.start_us, 9_900 * WHOLE),)
    found = change(plus, at(when), 29_000 * WHOLE, JUNE, WHOLE)
    assert (found.unused, found.rest) == (unused * WHOLE, rest * WHOLE)


def test_three_changes_in_one_month() -> None:
    """Plus for ten days, Pro for ten, Plus for ten: two thirds of 9,900 and one third of 29,000 won."""
    terms = tuple(
        Stretch(at(f"2026-06-{day:02}T00:00:00"), amount * WHOLE)
        for day, amount in ((1, 9_900), (11, 29_000), (21, 9_900))
    )
    parts = [part // WHOLE for part in asked(JUNE, terms, WHOLE)]
    assert parts == [9_900, 12_733, -6_366]
    assert sum(parts) == 16_267  # 16,266.67


@given(st.integers(0, 10**6), st.integers(0, 10**9), st.integers(0, 10**9), STEPS)
@settings(deadline=None, max_examples=300)
def test_whoever_has_used_more_than_their_time_gets_less_back(back: int, owed: int, taken: int, step: int) -> None:
    taken = min(owed, taken)
    kept = after_use(back * step, owed, taken, step)
    assert kept % step == 0
    if not owed or taken == owed:
        assert kept == back * step
    else:
        assert kept <= Fraction(back * step * taken, owed) < kept + step


def test_whoever_has_used_all_gets_nothing_back() -> None:
    assert after_use(9_900 * WHOLE, 150, 0, WHOLE) == 0
    assert after_use(9_900 * WHOLE, 150, 75, WHOLE) == 4_950 * WHOLE
