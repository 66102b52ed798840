"""Funds in memory: pots in their order, purses that outlive a new look, and what is known for how long."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.billing.admission import Draw
from solvent.billing.funds import Funds, source
from solvent.billing.plan import AtBreakEven, Beyond, Plan
from solvent.billing.standing import Standing, kinds_now
from solvent.ledger.pot import Kind, Pot, drawing_order, is_good
from solvent.ledger.purse import Purse
from solvent.ledger.unit import ANSWERS, TOKENS, spending
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US
from solvent.values.money import Money
from solvent.values.period import Period

CUSTOMER = CustomerId("cus_1")


def pot(account: str, kind: Kind, unit: str = "KRW", **changed: Any) -> Pot:
    terms: dict[str, Any] = {"customer": CUSTOMER, "classes": "", "opens_us": 0, "expires_us": NEVER_US} | changed
    return Pot(account, unit, kind=kind, **terms)


QUOTA, GIFT, WALLET = pot("q", "allowance", ANSWERS), pot("g", "grant", expires_us=50), pot("w", "wallet")
BY_KEY, BY_USER = (pot(f"budget:{scope}:day", "budget", spending("KRW")) for scope in ("key:k", "user:cus_1:kim"))


def known(*pots: Pot, scopes: tuple[str, ...] = (), at_us: int = 1) -> Funds:
    funds = Funds()
    funds.take_in(pots, None, scopes, at_us)
    return funds


def test_nothing_is_known_of_whoever_was_never_looked_for() -> None:
    assert not Funds().is_known((), 1)
    assert known().is_known((), 1), "that there is no pot is known too"


def test_pots_are_given_in_the_order_they_are_drawn_from() -> None:
    funds = known(WALLET, BY_KEY, GIFT, QUOTA)
    assert [paying[0] for paying in funds.paying("any", 1)] == [QUOTA, GIFT, WALLET]
    assert [source[0] for source in funds.limits(("key:k",), 1)] == [BY_KEY]


def test_only_what_is_good_now_and_for_this_class_is_a_source() -> None:
    later, quick = pot("l", "grant", opens_us=10), pot("c", "grant", classes="quick")
    funds = known(WALLET, GIFT, later, quick)
    assert {paying[0].account for paying in funds.paying("quick", 9)} == {"c", "g", "w"}
    assert {paying[0].account for paying in funds.paying("expert", 10)} == {"g", "l", "w"}
    assert {paying[0].account for paying in funds.paying("expert", 50)} == {"l", "w"}


PACK_POT = pot("allowance:cus_1:pak_1", "allowance", TOKENS)
POTS = (QUOTA, GIFT, WALLET, PACK_POT, pot("l", "grant", opens_us=10), pot("c", "overage", classes="quick"))
ASKED = st.tuples(st.sampled_from(["quick", "any"]), st.integers(0, 60), st.sampled_from(get_args(AtBreakEven)))


@given(st.sets(st.sampled_from(POTS)), st.sampled_from(["stop", "wallet"]), st.lists(st.tuples(ASKED, st.booleans())))
def test_whatever_was_asked_before_what_pays_is_what_is_good_now(
    pots: set[Pot], beyond: Beyond, asked: list[tuple[tuple[str, int, AtBreakEven], bool]]
) -> None:
    plan = Plan(name="plus", price=Money(0, "KRW"), beyond=beyond)
    funds = Funds()
    funds.take_in(pots, Standing(plan, Period(0, 0, 99), 99, 0, 0, 0, 0), (), 0)
    for (model_class, at_us, what_now), but_tokens in asked:
        kinds = kinds_now(what_now, plan)
        found = [one for one, _ in funds.paying(model_class, at_us, what_now, but_tokens=but_tokens)]
        assert found == [
            one
            for one in sorted(pots, key=drawing_order)
            if is_good(one, model_class, at_us) and (one.kind in kinds or one is PACK_POT)
            and not (but_tokens and one.unit == TOKENS)
        ]  # fmt: skip


def test_what_pays_is_found_anew_with_every_look() -> None:
    funds = known(WALLET)
    assert [one for one, _ in funds.paying("any", 1)] == [WALLET]
    stops = Standing(Plan(name="plus", price=Money(0, "KRW"), beyond="stop"), Period(0, 0, 99), 99, 0, 0, 0, 0)
    funds.take_in([WALLET, GIFT], stops, (), 2)
    assert [one for one, _ in funds.paying("any", 2)] == [GIFT]


def test_pots_are_good_until_the_first_of_them_expires() -> None:
    funds = known(WALLET, GIFT)
    assert funds.is_known((), 49)
    assert not funds.is_known((), 50)


@pytest.mark.parametrize("scope", ["key:kk", "key:", "user:cus_1:ki", "user:cus_2:kim", "customer:cus_1"])
def test_a_budget_limits_its_own_scope_and_no_other(scope: str) -> None:
    assert known(BY_KEY, BY_USER).limits((scope,), 1) == []


def test_budgets_of_other_scopes_stay_known_beside_those_of_the_last_look() -> None:
    funds = known(WALLET, BY_KEY, scopes=("key:k",))
    funds.take_in([WALLET, BY_USER], None, ("user:cus_1:kim",), 2)
    assert {source[0] for source in funds.limits(("key:k", "user:cus_1:kim"), 2)} == {BY_KEY, BY_USER}
    over = pot("budget:key:k:old", "budget", spending("KRW"), expires_us=5)
    funds.take_in([over], None, ("key:k",), 2)
    funds.take_in([BY_KEY], None, ("key:k",), 5)
    assert over not in funds.budgets, "one that is over does not keep the others from being known"
    assert funds.is_known((), 6)


def test_a_purse_stays_the_same_through_every_look_and_change() -> None:
    funds = known(WALLET)
    purse = funds.purse(WALLET)
    purse.lease(100, 1)
    funds.take_in([WALLET, GIFT], None, (), 2)
    funds.forget()
    assert funds.purse(WALLET) is purse
    assert purse.unit == "KRW"
    assert (funds.purse(QUOTA).spare, funds.purse(QUOTA).unit) == (0, ANSWERS)


def test_whoever_hears_of_a_change_asks_before_the_next_answer() -> None:
    funds = known(WALLET, BY_KEY, scopes=("key:k",))
    funds.purse(WALLET).dry_until_us = 99
    funds.forget()
    assert not funds.is_known((), 1)
    assert funds.limits(("key:k",), 1) == []
    assert funds.purse(WALLET).dry_until_us == 0, "there may be more of it now"
    assert funds.changes == 1


def test_a_pot_of_which_the_database_has_no_more_is_all_there_is_for_a_while() -> None:
    funds = known(WALLET)
    funds.purse(WALLET).lease(70, 1)
    assert source(WALLET, funds.purse(WALLET), 5) == (WALLET, 70, False)
    funds.purse(WALLET).dry_until_us = 9
    assert source(WALLET, funds.purse(WALLET), 8) == (WALLET, 70, True)
    assert source(WALLET, funds.purse(WALLET), 9) == (WALLET, 70, False)


def test_what_an_answer_may_come_to_is_set_aside_in_every_pot_it_draws_from() -> None:
    funds = known(GIFT, WALLET, BY_KEY)
    for each, grains in ((GIFT, 30), (WALLET, 100), (BY_KEY, 80)):
        funds.purse(each).lease(grains, 1)
    funds.hold((Draw(GIFT, 30), Draw(WALLET, 40), Draw(BY_KEY, 70)), 7)
    assert [funds.purse(each).spare for each in (GIFT, WALLET, BY_KEY)] == [0, 60, 10]
    assert all((funds.purse(each).under_way, funds.purse(each).used_us) == (1, 7) for each in (GIFT, WALLET, BY_KEY))


def test_the_purse_of_a_whole_plans_budget_is_shared_by_everybody_on_it() -> None:
    of_plan = pot("budget:plan:plus:day", "budget", spending("KRW"), customer=CustomerId(""))
    shared: dict[str, Purse] = {}
    one, other = Funds(shared), Funds(shared)
    assert one.purse(of_plan) is other.purse(of_plan)
    assert one.purse(WALLET) is not other.purse(WALLET)
    assert list(shared) == [of_plan.account]
