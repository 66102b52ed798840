"""Admission: never more than there is, less rather than nothing, and a no that says which no."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing.cards import cards

from solvent.billing.admission import Admitted, Declined, Terms, admit
from solvent.pricing.quote import affordable_output_tokens, quote
from solvent.pricing.rate_card import RateCard
from solvent.values.money import Money

WON = st.builds(RateCard, st.just("c"), st.just("KRW"), st.just(0), st.just(""), st.integers(0, 10**7), st.none(),
                st.none(), st.none(), st.integers(0, 10**7))  # fmt: skip
CARDS = WON | cards(by_the_hour=False, currency=st.just("KRW"))
GRAINS = st.integers(0, 10**6) | st.integers(0, 10**15)
TOKENS = st.integers(1, 10**5)


def terms(read: int, asked: int, available: int, card: RateCard) -> Terms:
    affordable = affordable_output_tokens(Money(available, "KRW"), read, card)
    return Terms(quote(read, asked, card), quote(read, 1, card), asked, affordable)


@given(TOKENS, TOKENS, GRAINS, GRAINS, CARDS)
@settings(deadline=None, max_examples=500)
def test_never_more_than_is_available_and_always_enough_for_what_is_allowed(
    read: int, asked: int, available: int, held: int, card: RateCard
) -> None:
    money = Money(available, "KRW")
    verdict = admit(terms(read, asked, available, card), money, Money(available + held, "KRW"))
    if isinstance(verdict, Admitted):
        assert verdict.hold <= money
        assert 1 <= verdict.output_tokens_max <= asked
        assert quote(read, verdict.output_tokens_max, card) <= verdict.hold
        if verdict.output_tokens_max < asked:
            assert quote(read, verdict.output_tokens_max + 1, card) > money
            assert verdict.hold == money
    else:
        assert quote(read, 1, card) > money  # not even one token


@given(TOKENS, TOKENS, GRAINS, GRAINS, CARDS)
@settings(deadline=None, max_examples=500)
def test_each_no_has_its_own_reason(read: int, asked: int, available: int, held: int, card: RateCard) -> None:
    posted = Money(available + held, "KRW")
    verdict = admit(terms(read, asked, available, card), Money(available, "KRW"), posted)
    if not isinstance(verdict, Declined):
        return
    needed = quote(read, 1, card)
    assert (verdict.needed, verdict.available) == (needed, Money(available, "KRW"))
    if posted.grains == 0:
        assert (verdict.code, verdict.may_retry) == ("wallet_empty", False)
    elif needed <= posted:
        assert (verdict.code, verdict.may_retry) == ("balance_held", True)
        assert held > 0
    else:
        assert (verdict.code, verdict.may_retry) == ("request_exceeds_balance", False)


@given(TOKENS, TOKENS, GRAINS, CARDS)
@settings(deadline=None, max_examples=300)
def test_nobody_who_can_pay_for_all_of_it_gets_less(read: int, asked: int, spare: int, card: RateCard) -> None:
    full = quote(read, asked, card)
    available = Money(full.grains + spare, "KRW")
    assert admit(terms(read, asked, available.grains, card), available, available) == Admitted(full, asked)


def test_what_is_free_is_free_for_an_empty_wallet() -> None:
    free, nothing = RateCard("free", "KRW", 0, "", input_picos=0, output_picos=0), Money(0, "KRW")
    assert admit(terms(500, 100, 0, free), nothing, nothing) == Admitted(nothing, 100)


CARD = RateCard("c", "KRW", 0, "", input_picos=10**5, output_picos=10**6)  # 1 grain a token read, 10 written


@pytest.mark.parametrize(
    ("available", "posted", "verdict"),
    [
        (600, 600, Admitted(Money(600, "KRW"), 50)),
        (599, 599, Admitted(Money(599, "KRW"), 49)),
        (110, 9_999, Admitted(Money(110, "KRW"), 1)),
        (109, 110, Declined("balance_held", Money(110, "KRW"), Money(109, "KRW"), may_retry=True)),
        (109, 109, Declined("request_exceeds_balance", Money(110, "KRW"), Money(109, "KRW"), may_retry=False)),
        (0, 0, Declined("wallet_empty", Money(110, "KRW"), Money(0, "KRW"), may_retry=False)),
        (0, 50, Declined("request_exceeds_balance", Money(110, "KRW"), Money(0, "KRW"), may_retry=False)),
    ],
)
def test_worked_examples(available: int, posted: int, verdict: Admitted | Declined) -> None:
    assert admit(terms(100, 50, available, CARD), Money(available, "KRW"), Money(posted, "KRW")) == verdict
