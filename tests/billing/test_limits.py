"""Budgets and rates: for whom, for how long, and an override in place of the plan's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.billing.included import Unit
from solvent.billing.limits import (
    Asker,
    BudgetRule,
    Override,
    RateRule,
    Span,
    budgets_for,
    demand_override,
    is_named,
    rates_for,
    scope,
)
from solvent.ledger.account import budget
from solvent.values.errors import Invalid
from solvent.values.ids import CustomerId, KeyId
from solvent.values.instant import instant
from solvent.values.period import Period, period_at, zone

SEOUL = zone("Asia/Seoul")
KIM = CustomerId("cus_1")
ASKER = Asker("pro", KIM, KeyId("key_1"), "kim")
NOW = instant("2026-03-31T23:59:59.999999+09:00", "now")
PERIOD = period_at(instant("2026-01-15T10:00:00+09:00", "anchor"), "month", NOW, SEOUL)
RULES = (
    BudgetRule("key", "day", "money", 5_000, 800),
    BudgetRule("user", "month", "answers", 100),
    BudgetRule("customer", "period", "tokens", 10**6, 500, hard=False),
    BudgetRule("plan", "day", "money", 10**9),
)


def found(
    rules: tuple[BudgetRule, ...], asker: Asker = ASKER, overrides: tuple[Override, ...] = (), at_us: int = NOW
) -> dict[str, Any]:
    budgets = budgets_for(rules, asker, overrides, "KRW", PERIOD, at_us, SEOUL)
    return {made.pot.account: made for made in budgets}


def test_each_rule_is_a_pot_that_names_its_scope_and_its_time() -> None:
    budgets = found(RULES)
    assert set(budgets) == {
        "budget:key:key_1:2026-03-31.money",
        "budget:user:cus_1:kim:202603.answers",
        f"budget:customer:cus_1:p{PERIOD.start_us}.tokens",
        "budget:plan:pro:2026-03-31.money",
    }
    key = budgets["budget:key:key_1:2026-03-31.money"]
    assert (key.amount, key.hard, key.pot.alert_grains, key.pot.unit) == (5_000, True, 4_000, "KRW.SPENDING")
    assert (key.pot.opens_us, key.pot.expires_us) == (
        instant("2026-03-31T00:00:00+09:00", ""), instant("2026-04-01T00:00:00+09:00", ""),
    )  # fmt: skip
    customer = budgets[f"budget:customer:cus_1:p{PERIOD.start_us}.tokens"]
    assert (customer.hard, customer.pot.kind, customer.pot.alert_grains) == (False, "watch", 500_000)
    assert (customer.pot.opens_us, customer.pot.expires_us) == (PERIOD.start_us, PERIOD.end_us)
    assert [made.pot.kind for made in budgets.values()].count("budget") == 3
    assert budgets["budget:plan:pro:2026-03-31.money"].pot.customer == ""
    assert key.pot.customer == KIM


def test_the_next_microsecond_is_the_next_day_and_month() -> None:
    assert {"budget:key:key_1:2026-04-01.money", "budget:user:cus_1:kim:202604.answers"} <= set(
        found(RULES, at_us=NOW + 1)
    )


def test_who_names_no_user_has_no_budget_of_a_user() -> None:
    nobody = Asker("pro", KIM, KeyId("key_1"))
    assert not [account for account in found(RULES, nobody) if "user" in account]
    assert rates_for((RateRule("user", at_once=1),), nobody) == ()


def test_an_override_takes_the_place_of_the_rule_of_the_same_scope_time_and_unit() -> None:
    own = (
        Override("key:key_1", "day", "money", 9_000, 0, 0),
        Override("key:key_2", "day", "money", 1, 0, 1),  # another key's
        Override("customer:cus_1", "day", "answers", 0, 0, 1),  # a limit the plan has not
        Override("user:cus_2:kim", "month", "answers", 1, 0, 1),  # another customer's user
    )
    budgets = found(RULES, overrides=own)
    assert len(budgets) == len(RULES) + 1
    assert (budgets["budget:key:key_1:2026-03-31.money"].amount, budgets["budget:key:key_1:2026-03-31.money"].hard) == (
        9_000, False,
    )  # fmt: skip
    assert budgets["budget:customer:cus_1:2026-03-31.answers"].amount == 0
    assert budgets["budget:user:cus_1:kim:202603.answers"].amount == 100


@given(st.text(max_size=12), st.text(max_size=12), st.sampled_from(["day", "month", "period"]))
@settings(deadline=None, max_examples=300)
def test_no_two_users_share_a_budget(one: str, other: str, every: Span) -> None:
    """Whatever they are called: a name is never the beginning of another's path."""
    rule = (BudgetRule("user", every, "answers", 1),)
    accounts = [set(found(rule, Asker("pro", KIM, KeyId("k"), name))) for name in (one, other)]
    if one and other:
        assert (accounts[0] == accounts[1]) == (one == other)
        (path,) = accounts[0]
        assert path.startswith(budget(scope("user", Asker("pro", KIM, KeyId("k"), one)), ""))
        assert one == other or not path.startswith(budget(scope("user", Asker("pro", KIM, KeyId("k"), other)), ""))


@given(st.sampled_from(["day", "month", "period"]), st.sampled_from(["answers", "tokens", "money"]),
       st.integers(0, 4 * 10**15))  # fmt: skip
@settings(deadline=None)
def test_the_name_of_a_pot_tells_its_time_and_unit(every: Span, unit: Unit, at_us: int) -> None:
    rule = (BudgetRule("customer", every, unit, 1),)
    period = Period(0, at_us, at_us + 10**12)
    (made,) = budgets_for(rule, ASKER, (), "KRW", period, at_us, SEOUL)
    name = made.pot.account.removeprefix("budget:customer:cus_1:")
    named = [
        (span, counted)
        for span in ("day", "month", "period")
        for counted in ("answers", "tokens", "money")
        if is_named(name, span, counted)
    ]
    assert named == [(every, unit)]


def test_rates_come_with_the_scope_they_count_for() -> None:
    rates = (
        RateRule("customer", 60),
        RateRule("key", 10, at_once=2),
        RateRule("user", tokens_per_minute=5),
        RateRule("plan", 9),
    )
    assert [who for who, _ in rates_for(rates, ASKER)] == ["customer:cus_1", "key:key_1", "user:cus_1:kim", "plan:pro"]


@pytest.mark.parametrize(
    ("override", "customer"),
    [
        (Override("key:key_1", "day", "money", 1, 0, 1), "cus_1"),
        (Override("customer:cus_1", "period", "answers", 0, 1000, 0), "cus_1"),
        (Override("user:cus_1:kim", "month", "tokens", 1, 0, 1), "cus_1"),
        (Override("plan:pro", "month", "tokens", 1, 0, 1), ""),
    ],
)
def test_a_budget_can_be_set_for_each_scope(override: Override, customer: str) -> None:
    demand_override(override, CustomerId(customer))


@pytest.mark.parametrize(
    ("override", "customer", "field"),
    [
        (Override("customer:cus_2", "day", "money", 1, 0, 1), "cus_1", "scope"),
        (Override("user:cus_2:kim", "day", "money", 1, 0, 1), "cus_1", "scope"),
        (Override("user:cus_1:", "day", "money", 1, 0, 1), "cus_1", "scope"),
        (Override("plan:pro", "day", "money", 1, 0, 1), "cus_1", "scope"),
        (Override("key:", "day", "money", 1, 0, 1), "cus_1", "scope"),
        (Override("team:x", "day", "money", 1, 0, 1), "cus_1", "scope"),
        (Override("customer:cus_1", "day", "money", 1, 0, 1), "", "scope"),
        (Override("key:key_1", "day", "money", -1, 0, 1), "cus_1", "amount"),
        (Override("key:key_1", "day", "money", 2**62, 0, 1), "cus_1", "amount"),
        (Override("key:key_1", "day", "money", 1, 1001, 1), "cus_1", "alert_permille"),
        (Override("plan:pro", "period", "money", 1, 0, 1), "", "every"),
    ],
)
def test_a_budget_that_cannot_be_names_its_field(override: Override, customer: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        demand_override(override, CustomerId(customer))
    assert (caught.value.code, caught.value.param) == ("bad_budget", field)
