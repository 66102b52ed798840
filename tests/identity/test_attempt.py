"""By what attempts are counted, and how long strangers wait."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.db.opened import Place
from tests.office.acts import NOW_US as AT_US

from solvent.identity import attempt_store
from solvent.identity.attempt import Attempt, back_off_s, network_of, too_often
from solvent.values.errors import Refused
from solvent.values.ids import PersonId
from solvent.values.instant import US_PER_S
from solvent.values.limits import (
    KNOWN_BROWSERS_MAX,
    SIGN_IN_BACK_OFF_S_MAX,
    SIGN_IN_FAILURES_ANYWHERE,
    SIGN_IN_FAILURES_MAX,
)

KIM = PersonId("psn_kim")


def test_neighbours_are_one_and_others_are_others() -> None:
    assert network_of("203.0.113.7") == network_of("203.0.113.250") != network_of("203.0.114.7")
    assert network_of("2001:db8:0:1200::1") == network_of("2001:db8:0:12ff::9") != network_of("2001:db8:0:1300::1")
    assert network_of("unknown") == "unknown"


@given(st.integers(0, 10_000))
def test_strangers_wait_longer_and_never_for_ever(failed: int) -> None:
    assert 0 <= back_off_s(failed) <= back_off_s(failed + 1) <= SIGN_IN_BACK_OFF_S_MAX
    assert (back_off_s(failed) == 0) == (failed <= SIGN_IN_FAILURES_ANYWHERE)


def test_a_wait_is_at_least_a_second() -> None:
    assert too_often(AT_US, AT_US).retry_after_s == 1
    assert too_often(AT_US + 90 * US_PER_S, AT_US).message.endswith("2 min")


def test_an_attempt_shows_no_cookie() -> None:
    assert "c00kie" not in repr(Attempt("kim@example.com", "10.0.0.1", "c00kie"))


def test_strangers_everywhere_slow_each_other_and_stop_nobody_at_home(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            home = Attempt("kim@example.com", "10.9.9.9", "home")
            await database.write(lambda c: attempt_store.remember_browser(c, KIM, "home", AT_US))
            for n in range(SIGN_IN_FAILURES_ANYWHERE + 5):
                thief = Attempt("kim@example.com", f"10.0.{n}.1", "theirs")
                await database.write(partial(attempt_store.fail_attempt, attempt=thief, person=KIM, now_us=AT_US + n))
            fresh = Attempt("kim@example.com", "10.7.7.7", "fresh")
            with pytest.raises(Refused) as wait:
                await database.read(lambda c: attempt_store.demand_few(c, fresh, KIM, AT_US + 100))
            assert wait.value.retry_after_s == 5
            await database.read(lambda c: attempt_store.demand_few(c, fresh, KIM, AT_US + 6 * US_PER_S))
            await database.read(lambda c: attempt_store.demand_few(c, home, KIM, AT_US + 100))
            for n in range(SIGN_IN_FAILURES_MAX):
                await database.write(
                    partial(attempt_store.fail_attempt, attempt=home, person=KIM, now_us=AT_US + 200 + n)
                )
            with pytest.raises(Refused):
                await database.read(lambda c: attempt_store.demand_few(c, home, KIM, AT_US + 300))

    asyncio.run(story())


def test_only_the_latest_browsers_are_known(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            for n in range(KNOWN_BROWSERS_MAX + 3):
                await database.write(
                    partial(attempt_store.remember_browser, person=KIM, browser=f"b{n}", now_us=AT_US + n)
                )
            known = [
                await database.read(partial(attempt_store.is_known, person=KIM, browser=f"b{n}"))
                for n in range(KNOWN_BROWSERS_MAX + 3)
            ]
            assert known == [False] * 3 + [True] * KNOWN_BROWSERS_MAX
            assert not await database.read(lambda c: attempt_store.is_known(c, PersonId("psn_lee"), "b20"))
            await database.write(lambda c: attempt_store.forget_person(c, KIM, "kim@example.com"))
            assert not await database.read(lambda c: attempt_store.is_known(c, KIM, "b20"))

    asyncio.run(story())
