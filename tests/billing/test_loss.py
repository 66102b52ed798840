"""Whether a plan can earn at all: its price against the cost of all that it includes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.billing.included import Included, Unit, unlimited
from solvent.billing.loss import ClassCost, demand_no_loss, weigh
from solvent.billing.pack import Pack
from solvent.billing.plan import Plan, Seats, Trial, net_price
from solvent.values.errors import Refused
from solvent.values.money import Money, money

WON = 10**7
SMALL = ClassCost("small", 5 * WON, 4 * WON, 300)
LARGE = ClassCost("large", 60 * WON, 50 * WON, 700)
BOTH = (SMALL, LARGE)


def plan(price: str, *included: Included, **rest: Any) -> Plan:
    return Plan(name="pro", price=money(price, "KRW"), included=included, fee_permille=0, **rest)


@pytest.mark.parametrize(
    ("made", "kind", "left"),
    [
        (plan("11000", Included("answers", 2000)), "earns", 0),  # 10,000 net, 2,000 x 5
        (plan("11000", Included("answers", 2001)), "loss", -5),
        (plan("11000", Included("answers", 100, ("large",))), "earns", 4_000),
        (plan("11000", Included("answers", 167, ("large",))), "loss", -20),
        (plan("11000", Included("tokens", 2_500_000)), "earns", 0),
        (plan("11000", Included("money", 33_333 * WON)), "earns", Fraction(1, 10)),  # at 30 % of list price
        (plan("11000", Included("money", 20_000 * WON, ("large",))), "loss", -4_000),
        (plan("11000", Included("answers", 1000), Included("money", 10_000 * WON)), "earns", 2_000),
        (plan("11000", Included("answers", 1900), fixed_month=money("300", "KRW")), "earns", 200),
        (plan("11000", Included("answers", 1980), fixed_month=money("300", "KRW")), "loss", -200),
        (plan("132000", Included("answers", 23_280), period="year", fixed_month=money("300", "KRW")), "earns", 0),
        (plan("11000", Included("answers", 500, each_seat=True), seats=Seats(4, money("0", "KRW"), 4)), "earns", 0),
        (plan("11000", Included("answers", 501, each_seat=True), seats=Seats(4, money("0", "KRW"), 9)), "loss", -20),
    ],
)
def test_worked_examples(made: Plan, kind: str, left: int | Fraction) -> None:
    found = weigh(made, BOTH)
    assert (found.kind, Fraction(found.period_grains, WON)) == (kind, left)


def test_the_arithmetic_is_told() -> None:
    words = weigh(plan("11000", Included("answers", 2001)), BOTH).words
    for part in ("11000 KRW", "10000 KRW", "2001 answers cost 10005 KRW", "5 KRW lost each month", "at_a_loss"):
        assert part in words


def test_a_free_tier_is_a_loss_that_must_be_meant() -> None:
    found = weigh(plan("0", Included("answers", 20)), BOTH)
    assert (found.kind, found.period_grains) == ("loss", -100 * WON)
    with pytest.raises(Refused) as caught:
        demand_no_loss(found, at_a_loss=False)
    assert (caught.value.code, caught.value.param) == ("plan_at_a_loss", "at_a_loss")
    demand_no_loss(found, at_a_loss=True)


@pytest.mark.parametrize(
    ("rest", "says", "left"),
    [
        ({"packs": (Pack("big", money("1100", "KRW"), Included("answers", 201), 30),)}, "pack 'big'", -5),
        ({"packs": (Pack("fair", money("1100", "KRW"), Included("answers", 200), 30),)}, "", 0),
        ({"packs": (Pack("free", money("0", "KRW"), Included("tokens", 1_000), 30),)}, "pack 'free'", -4),
        ({"packs": (Pack("new", money("1100", "KRW"), Included("answers", 10**6, ("unheard",)), 30),)}, "", 0),
        ({"seats": Seats(1, money("1100", "KRW"), 9)}, "a further seat for 1100 KRW", -4_000),
        ({"seats": Seats(1, money("5500", "KRW"), 9)}, "", 0),
        ({"seats": Seats(9, money("0", "KRW"), 9)}, "", 0),
    ],
)
def test_each_pack_and_each_further_seat_is_weighed_too(rest: dict[str, Any], says: str, left: int) -> None:
    quota = Included("answers", 1_000 if "packs" in rest else 1_000 // rest["seats"].included, each_seat=True)
    found = weigh(plan("11000", quota, **rest), BOTH)
    assert found.kind == ("loss" if says else "earns")
    assert says in found.words
    if says:
        assert found.period_grains == left * WON
        with pytest.raises(Refused):
            demand_no_loss(found, at_a_loss=False)


def test_what_a_trial_may_cost_is_told() -> None:
    found = weigh(plan("11000", Included("answers", 10), trial=Trial(14, (Included("answers", 100),))), BOTH)
    assert found.kind == "earns"
    assert "a trial may cost 500 KRW and brings in nothing" in found.words


def test_a_plan_that_includes_nothing_loses_nothing() -> None:
    assert weigh(plan("0", fixed_month=money("300", "KRW")), BOTH).kind == "earns"


def test_a_flat_plan_is_told_where_it_breaks_even() -> None:
    found = weigh(plan("11000", Included("answers", unlimited("answers"))), BOTH)
    assert (found.kind, found.pays_for) == ("unlimited", 2_000)
    assert "pays for 2000 answers a month" in found.words
    demand_no_loss(found, at_a_loss=False)
    tokens = weigh(plan("11000", Included("tokens", unlimited("tokens"))), BOTH)
    assert (tokens.kind, tokens.pays_for) == ("unlimited", 2_500_000)


def test_what_is_not_known_is_said() -> None:
    for costs in ((), (ClassCost("small"),), (LARGE,)):
        found = weigh(plan("11000", Included("answers", 10**6, ("small",))), costs)
        assert found.kind == "unknown"
        assert "1000000 answers" in found.words
    # What is known can be a loss already.
    both = plan("11000", Included("answers", 10, ("new",)), Included("answers", 10**6, ("small",)))
    assert weigh(both, BOTH).kind == "loss"


UNITS: st.SearchStrategy[Unit] = st.sampled_from(["answers", "tokens", "money"])


@given(
    st.integers(0, 10**6),
    UNITS,
    st.integers(1, 10**9 - 1),
    st.integers(0, 10**9),
    st.integers(0, 300),
    st.integers(0, 200),
)
@settings(deadline=None, max_examples=300)
def test_a_plan_earns_exactly_when_its_net_price_covers_the_cost(
    units: int, unit: Unit, amount: int, each: int, tax: int, fee: int
) -> None:
    price, included = Money(units * WON, "KRW"), (Included(unit, amount),)
    made = Plan(name="p", price=price, included=included, tax_permille=tax, fee_permille=fee)
    found = weigh(made, (ClassCost("c", each, each, each),))
    cost = Fraction(amount * each, {"answers": 1, "tokens": 1000, "money": 1000}[unit])
    assert (found.kind == "loss") == (net_price(made).grains < cost)
    if found.kind == "loss":
        assert -found.period_grains - 1 < cost - net_price(made).grains <= -found.period_grains
