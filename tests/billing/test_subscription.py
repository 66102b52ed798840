"""A subscription from step to step: its periods follow each other, and its terms are what was asked for."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.billing.coupon import Coupon
from solvent.billing.included import Included
from solvent.billing.plan import Plan, Seats, Trial
from solvent.billing.subscription import (
    Subscription,
    SubscriptionId,
    begun,
    changed,
    demand_changeable,
    demand_seats,
    ended,
    is_due,
    paid,
    price,
    renewed,
    resumed,
    to_cancel,
    to_change,
    to_go_on,
    unpaid,
    waiting,
)
from solvent.values.errors import Conflict, Invalid
from solvent.values.ids import CustomerId
from solvent.values.instant import DAY_US, NEVER_US, instant
from solvent.values.money import Money, money
from solvent.values.period import Every, period, zone

MONTH = Plan(name="plus", price=money("9900", "KRW"), included=(Included("answers", 300),), version=1)
YEAR = Plan(name="year", price=money("99000", "KRW"), period="year", version=1)
TEAM = Plan(
    name="team", price=money("30000", "KRW"), seats=Seats(3, money("6000", "KRW"), 10), trial=Trial(14), version=2
)
TENTH_OFF = Coupon("TENTH", "percent", 100, 0, "", 1, 0, 0, NEVER_US, 0, "")
INSTANTS = st.integers(instant("2000-01-01", ""), instant("2060-01-01", ""))
ZONES = st.sampled_from(["Asia/Seoul", "America/New_York", "Europe/London", "Australia/Lord_Howe"])


def asked(
    plan: Plan, at_us: int, in_zone: str = "Asia/Seoul", seats: int = 0, coupon: Coupon | None = None
) -> Subscription:
    id, customer = SubscriptionId("sub_1"), CustomerId("cus_1")
    return waiting(id, customer, plan, demand_seats(plan, seats), coupon, "card", in_zone, at_us)


@given(INSTANTS, ZONES, st.lists(st.sampled_from([MONTH, YEAR]), min_size=1, max_size=30))
@settings(deadline=None, max_examples=200)
def test_periods_follow_each_other_whatever_plans_come(start_us: int, in_zone: str, plans: list[Plan]) -> None:
    now = begun(asked(plans[0], start_us, in_zone), plans[0], start_us, with_trial=False)
    assert now.period_start_us == start_us
    before: Every = plans[0].period
    for plan in plans[1:]:
        after = renewed(now, plan, 1, None, before)
        assert after.period_start_us == now.period_end_us < after.period_end_us
        assert after.period == period(after.anchor_us, plan.period, after.number, zone(in_zone))
        assert (after.anchor_us == now.anchor_us) == (plan.period == before) or after.anchor_us == now.period_end_us
        assert (after.changed_us, after.usable_until_us) == (after.period_start_us, after.period_end_us)
        now, before = after, plan.period


@given(INSTANTS, ZONES, st.integers(1, 400))
@settings(deadline=None, max_examples=200)
def test_a_trial_ends_where_the_first_period_begins(start_us: int, in_zone: str, days: int) -> None:
    plan = msgspec.structs.replace(TEAM, trial=Trial(days))
    trial = begun(asked(plan, start_us, in_zone, 5), plan, start_us, with_trial=True)
    assert (trial.state, trial.number, trial.price_grains) == ("trialing", -1, 0)
    assert trial.period_end_us - start_us == days * DAY_US
    first = renewed(trial, plan, 5, None, plan.period)
    assert (first.state, first.number, first.anchor_us) == ("active", 0, trial.period_end_us)
    assert first.price_grains == money("42000", "KRW").grains
    assert first.trial_end_us == trial.trial_end_us == first.period_start_us


def test_without_a_trial_left_the_first_period_begins_at_once() -> None:
    first = begun(asked(TEAM, 0), TEAM, 5, with_trial=False)
    assert (first.state, first.period_start_us, first.price_grains, first.trial_end_us) == (
        "active", 5, money("30000", "KRW").grains, 0,
    )  # fmt: skip


@pytest.mark.parametrize(("seats", "has"), [(0, 3), (1, 3), (3, 3), (4, 4), (10, 10)])
def test_nobody_has_fewer_seats_than_are_included(seats: int, has: int) -> None:
    assert demand_seats(TEAM, seats) == has


@pytest.mark.parametrize(("plan", "seats"), [(TEAM, 11), (TEAM, -1), (MONTH, 2)])
def test_seats_that_a_plan_has_not_are_refused(plan: Plan, seats: int) -> None:
    with pytest.raises(Invalid) as caught:
        demand_seats(plan, seats)
    assert (caught.value.code, caught.value.param) == ("seats_out_of_range", "seats")


def test_a_price_has_further_seats_in_it_and_the_coupon_off_it() -> None:
    assert price(TEAM, 5, None) == money("42000", "KRW")
    assert price(TEAM, 5, TENTH_OFF) == money("37800", "KRW")


def test_a_change_keeps_the_period_and_forgets_what_was_to_come() -> None:
    now = to_change(begun(asked(MONTH, 0), MONTH, 0, with_trial=False), YEAR, 1, "card")
    assert (now.next_plan, now.next_version, now.next_seats) == ("year", 1, 1)
    after = changed(now, TEAM, 4, TENTH_OFF, 77)
    assert after.period == now.period
    assert (after.plan, after.version, after.seats, after.coupon, after.changed_us) == ("team", 2, 4, "TENTH", 77)
    assert (after.price_grains, after.next_plan, after.next_seats) == (money("32400", "KRW").grains, "", 0)
    with pytest.raises(AssertionError):
        changed(now, TEAM, 4, None, now.period_end_us)


def test_in_a_trial_no_change_costs_anything() -> None:
    trial = begun(asked(TEAM, 0), TEAM, 0, with_trial=True)
    assert changed(trial, MONTH, 1, None, 5).price_grains == 0


def test_it_ends_with_its_period_unless_that_is_taken_back() -> None:
    now = begun(asked(MONTH, 0), MONTH, 0, with_trial=False)
    ending = to_cancel(to_change(now, YEAR, 1, now.pays))
    assert (ending.cancel_at_end, ending.next_plan) == (1, "")
    assert to_go_on(ending) == now
    assert to_change(ending, YEAR, 1, now.pays).cancel_at_end == 0
    assert changed(ending, TEAM, 3, None, 5).cancel_at_end == 0


def test_who_leaves_and_then_pays_another_way_or_for_other_seats_still_leaves() -> None:
    ending = to_cancel(begun(asked(TEAM, 0), TEAM, 0, with_trial=False))
    assert to_change(ending, TEAM, 3, "card") == msgspec.structs.replace(ending, pays="card")
    assert (changed(ending, TEAM, 5, None, 5).cancel_at_end, changed(ending, TEAM, 5, None, 5).seats) == (1, 5)


@given(st.integers(-(10**13), 10**13))
def test_grace_lies_within_the_period(grace_us: int) -> None:
    now = begun(asked(MONTH, 10**15), MONTH, 10**15, with_trial=False)
    late = unpaid(msgspec.structs.replace(now, invoice="inv_1"), now.period_start_us + grace_us)
    assert late.state == "past_due"
    assert now.period_start_us <= late.usable_until_us <= now.period_end_us
    assert paid(late, "inv_2") == msgspec.structs.replace(late, invoice="inv_2")
    assert paid(late, "") == now
    assert resumed(late) == msgspec.structs.replace(now, invoice="inv_1")


def test_what_is_over_can_be_used_no_more() -> None:
    now = begun(asked(MONTH, 0), MONTH, 0, with_trial=False)
    over = ended(to_cancel(now), 9)
    assert (over.state, over.ended_us, over.usable_until_us, over.cancel_at_end) == ("canceled", 9, 9, 0)


def test_it_is_due_from_the_instant_its_period_is_over_unless_it_is_not_paid() -> None:
    now = begun(asked(MONTH, 0), MONTH, 0, with_trial=False)
    assert not is_due(now, now.period_end_us - 1)
    assert is_due(now, now.period_end_us)
    assert not is_due(unpaid(now, 0), NEVER_US)
    assert not is_due(ended(now, 1), NEVER_US)
    assert not is_due(asked(MONTH, 0), NEVER_US)


@pytest.mark.parametrize(
    ("now", "at_us", "code"),
    [
        (asked(MONTH, 0), 0, "subscription_not_running"),
        (ended(begun(asked(MONTH, 0), MONTH, 0, with_trial=False), 5), 6, "subscription_not_running"),
        (unpaid(begun(asked(MONTH, 0), MONTH, 0, with_trial=False), 5), 6, "subscription_past_due"),
        (begun(asked(MONTH, 0), MONTH, 0, with_trial=False), 10**15, "subscription_renewing"),
    ],
)
def test_terms_change_only_while_it_runs(now: Subscription, at_us: int, code: str) -> None:
    with pytest.raises(Conflict) as caught:
        demand_changeable(now, at_us)
    assert caught.value.code == code


def test_what_waits_has_its_price_and_no_period() -> None:
    now = asked(TEAM, 7, seats=4, coupon=TENTH_OFF)
    assert (now.state, now.period_start_us, now.period_end_us, now.coupon) == ("waiting", 7, 7, "TENTH")
    assert Money(now.price_grains, "KRW") == money("32400", "KRW")
