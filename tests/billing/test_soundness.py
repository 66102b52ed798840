"""Plans that cannot be are refused, each naming its field; those that can be are not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from solvent.billing.included import Included, unlimited
from solvent.billing.limits import BudgetRule, Limits, RateRule
from solvent.billing.pack import Pack
from solvent.billing.plan import BatchTerms, Plan, Seats, Title, Trial
from solvent.billing.soundness import demand_sound
from solvent.values.errors import Invalid
from solvent.values.money import Money, money

PRICE = money("9900", "KRW")
TEN = Included("answers", 10)
FULL = Plan(
    name="team", price=PRICE, title=Title("팀", "Team"), period="year",
    included=(
        Included("answers", 100, ("small",), 20, each_seat=True), Included("tokens", 10**6),
        Included("money", 7 * 10**10, ("large",)), Included("answers", unlimited("answers"), ("house",)),
    ),
    beyond="overage", overage_most=money("50000", "KRW"), trial=Trial(14, (TEN,)),
    seats=Seats(3, money("4000", "KRW"), 100),
    limits=Limits(
        (RateRule("customer", 60, 10**6, 4), RateRule("key", 10)),
        (BudgetRule("key", "day", "money", 10**10, 800), BudgetRule("key", "month", "money", 10**11)),
    ),
    at_break_even="cheaper", cheaper_class="small", afterwards="free",
    packs=(Pack("ten", money("1000", "KRW"), TEN, 30), Pack("more", money("2000", "KRW"), Included("tokens", 5), 90)),
    fixed_month=money("300.5", "KRW"),
)  # fmt: skip


def test_a_plan_with_everything_is_sound() -> None:
    demand_sound(FULL)
    demand_sound(Plan(name="무료", price=money("0", "KRW")))
    demand_sound(Plan(name="plus", price=money("8.99", "USD")))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "two words"}, "name"),
        ({"name": "a:b"}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"title": Title("x" * 121)}, "title.ko"),
        ({"title": Title(en="a\nb")}, "title.en"),
        ({"price": money("-1", "KRW")}, "price"),
        ({"price": money("9900.5", "KRW")}, "price"),
        ({"price": Money(2**62, "KRW")}, "price"),
        ({"fixed_month": money("1", "USD")}, "fixed_month"),
        ({"fixed_month": money("-1", "KRW")}, "fixed_month"),
        ({"tax_permille": 501}, "tax_permille"),
        ({"batch": BatchTerms(0)}, "batch.permille"),
        ({"batch": BatchTerms(1001)}, "batch.permille"),
        ({"fee_permille": -1}, "fee_permille"),
        ({"grace_days": 28}, "grace_days"),
        ({"retry_days": (3, 1)}, "retry_days"),
        ({"retry_days": (1, 1)}, "retry_days"),
        ({"retry_days": (0,)}, "retry_days"),
        ({"retry_days": (28,)}, "retry_days"),
        ({"included": (Included("answers", 0),)}, "included.0.answers"),
        ({"included": (TEN, Included("tokens", -1))}, "included.1.tokens"),
        ({"included": (Included("money", 0),)}, "included.0.money"),
        ({"included": (Included("answers", 10, roll_over=-1),)}, "included.0.roll_over"),
        ({"included": (Included("answers", unlimited("answers"), roll_over=1),)}, "included.0.roll_over"),
        ({"included": (TEN, Included("answers", 20))}, "included.1"),
        ({"included": (Included("answers", 1, ("a", "b")), Included("answers", 2, ("b", "a")))}, "included.1"),
        ({"included": (Included("answers", 10, ("a", "a")),)}, "included.0.classes"),
        ({"included": (Included("answers", 10, ("a b",)),)}, "included.0.classes"),
        ({"included": (Included("answers", 10, each_seat=True),)}, "included.0.each_seat"),
        ({"included": tuple(Included("answers", 1, (str(n),)) for n in range(65))}, "included"),
        ({"beyond": "overage"}, "overage_most"),
        ({"overage_most": money("5", "KRW")}, "overage_most"),
        ({"beyond": "overage", "overage_most": money("0", "KRW")}, "overage_most"),
        ({"trial": Trial(0)}, "trial.days"),
        ({"trial": Trial(9, (Included("tokens", 0),))}, "trial.included.0.tokens"),
        ({"seats": Seats(0, PRICE, 5)}, "seats.included"),
        ({"seats": Seats(5, PRICE, 4)}, "seats.most"),
        ({"seats": Seats(1, money("0.5", "KRW"), 4)}, "seats.price"),
        ({"limits": Limits((RateRule("key", -1),))}, "limits.rates.0.requests_per_minute"),
        ({"limits": Limits((RateRule("key", 1), RateRule("key", 2)))}, "limits.rates.1.per"),
        ({"limits": Limits(budgets=(BudgetRule("key", "day", "money", -1),))}, "limits.budgets.0.money"),
        ({"limits": Limits(budgets=(BudgetRule("key", "day", "tokens", 1, -1),))}, "limits.budgets.0.alert_permille"),
        ({"limits": Limits(budgets=(BudgetRule("plan", "period", "answers", 1),))}, "limits.budgets.0.every"),
        ({"limits": Limits(budgets=(BudgetRule("key", "day", "answers", 1),) * 2)}, "limits.budgets.1"),
        ({"break_even_alert_permille": 1001}, "break_even_alert_permille"),
        ({"at_break_even": "cheaper"}, "cheaper_class"),
        ({"cheaper_class": "small"}, "cheaper_class"),
        ({"at_break_even": "cheaper", "cheaper_class": "a b"}, "cheaper_class"),
        ({"afterwards": "plus"}, "afterwards"),
        ({"packs": (Pack("a b", PRICE, TEN, 1),)}, "packs.0.name"),
        ({"packs": (Pack("a", money("0.5", "KRW"), TEN, 1),)}, "packs.0.price"),
        ({"packs": (Pack("a", PRICE, TEN, 0),)}, "packs.0.valid_days"),
        ({"packs": (Pack("a", PRICE, Included("answers", 0), 1),)}, "packs.0.gives.answers"),
        ({"packs": (Pack("a", PRICE, Included("answers", 5, roll_over=1), 1),)}, "packs.0.gives"),
        ({"packs": (Pack("a", PRICE, TEN, 1), Pack("a", PRICE, TEN, 1))}, "packs.1.name"),
    ],
)  # fmt: skip
def test_what_cannot_be_names_its_field(changes: dict[str, Any], field: str) -> None:
    made = msgspec.structs.replace(Plan(name="plus", price=PRICE), **changes)
    with pytest.raises(Invalid) as caught:
        demand_sound(made)
    assert caught.value.code == "bad_plan"
    assert caught.value.param == f"plans.{made.name[:120]}.{field}"
    assert field in caught.value.message


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        demand_sound(Plan(name="p", price=Money(0, "XXX")))
    assert caught.value.code == "unknown_currency"
