"""Pots: in which order they are drawn from, when, and for which models; and what is counted in them."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.ledger.pot import Kind, Pot, drawing_order, is_good, limits
from solvent.ledger.unit import ANSWERS, TOKENS, included, is_money, on_account, spending
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US


def pot(
    account: str = "a", kind: Kind = "wallet", classes: str = "", opens_us: int = 0, expires_us: int = NEVER_US
) -> Pot:
    return Pot(account, "KRW", CustomerId("cus_1"), kind, classes, opens_us, expires_us)


def test_quotas_come_before_gifts_before_the_wallet_before_credit() -> None:
    kinds: list[Kind] = ["allowance", "grant", "wallet", "overage", "budget", "watch"]
    pots = [pot(kind=kind) for kind in kinds]
    shuffled = Random(1).sample(pots, len(pots))
    assert sorted(shuffled, key=drawing_order) == pots
    assert [limits(each) for each in pots] == [False] * 4 + [True] * 2


def test_what_expires_first_is_used_first() -> None:
    soon, later, never = pot("c", "grant", expires_us=5), pot("a", "grant", expires_us=9), pot("b", "grant")
    assert sorted([never, later, soon], key=drawing_order) == [soon, later, never]
    same = [pot(name, "grant", expires_us=5) for name in "abc"]
    assert sorted([same[2], same[0], same[1]], key=drawing_order) == same, "and always in the same order"


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
@settings(deadline=None)
def test_a_pot_is_good_from_its_first_instant_until_just_before_its_last(opens: int, expires: int, at: int) -> None:
    assert is_good(pot(opens_us=opens, expires_us=expires), "any", at) == (opens <= at < expires)


@pytest.mark.parametrize(
    ("classes", "good"),
    [("", {"quick", "expert"}), ("quick", {"quick"}), ("expert quick", {"quick", "expert"}), ("quickest", set())],
)
def test_a_pot_pays_for_its_classes_of_model(classes: str, good: set[str]) -> None:
    assert {name for name in ("quick", "expert") if is_good(pot(classes=classes), name, 1)} == good


def test_only_a_currency_is_money() -> None:
    counted = [ANSWERS, TOKENS, included("KRW"), spending("KRW"), on_account("KRW")]
    assert len(set(counted)) == 5
    assert not any(is_money(unit) for unit in counted)
    assert all(is_money(currency) for currency in ("KRW", "USD", "JPY"))
