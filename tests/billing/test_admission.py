"""Admission: never more than there is, less rather than nothing, each pot in its turn, and a no that says which no."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing.cards import cards

from solvent.billing.admission import COUNTED, Admitted, Ask, Declined, Draw, Source, admit
from solvent.ledger.pot import Kind, Pot, drawing_order
from solvent.ledger.unit import ANSWERS, TOKENS, included, on_account, spending
from solvent.pricing.quote import quote
from solvent.pricing.rate_card import RateCard
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US
from solvent.values.money import Money

KIM = CustomerId("cus_kim")
WON = st.builds(RateCard, st.just("c"), st.just("KRW"), st.just(0), st.just(""), input_picos=st.integers(0, 10**7),
                output_picos=st.integers(0, 10**7))  # fmt: skip
CARDS = WON | cards(by_the_hour=False, currency=st.just("KRW"))
GRAINS = st.integers(0, 10**6) | st.integers(0, 10**15)
COUNTS = st.integers(0, 3) | st.integers(0, 10**6)
CARD = RateCard("c", "KRW", 0, "", input_picos=10**5, output_picos=10**6)  # 1 grain a token read, 10 written
asks = st.builds(
    lambda read, each, card, choices, tariff: Ask(read, each * choices, card, choices, tariff),
    st.integers(1, 10**5), st.integers(1, 10**5), CARDS, st.sampled_from([1, 1, 2, 8]), st.none() | CARDS,
)  # fmt: skip


def pot(name: str, kind: Kind, unit: str = "KRW") -> Pot:
    return Pot(name, unit, KIM, kind, "", 0, NEVER_US)


WALLET = pot("wallet", "wallet")
GIFT = pot("gift", "grant")
ANSWERS_POT, TOKENS_POT = pot("answers", "allowance", ANSWERS), pot("tokens", "allowance", TOKENS)
WORTH_POT = pot("worth", "allowance", included("KRW"))
ON_ACCOUNT = pot("account", "overage", on_account("KRW"))
EVERY = sorted((WALLET, GIFT, ANSWERS_POT, TOKENS_POT, WORTH_POT, ON_ACCOUNT), key=drawing_order)


@st.composite
def purses(draw: st.DrawFn) -> list[Source]:
    """Some pots in drawing order, with something in them, and whether that is all there is."""
    chosen = [each for each in EVERY if draw(st.booleans())]
    return [(each, draw(COUNTS if each.unit in COUNTED else GRAINS), draw(st.booleans())) for each in chosen]


@st.composite
def limiting(draw: st.DrawFn) -> list[Source]:
    units = [(ANSWERS, COUNTS), (TOKENS, st.integers(0, 10**6)), (spending("KRW"), GRAINS)]
    found = []
    for n, (unit, amounts) in enumerate(units):
        if draw(st.booleans()):
            kind: Kind = "budget" if draw(st.booleans()) else "watch"
            found.append((pot(f"b{n}", kind, unit), draw(amounts), draw(st.booleans())))
    return found


@given(asks, purses(), limiting())
@settings(deadline=None, max_examples=400)
def test_never_more_than_is_there_and_exactly_what_the_output_may_come_to(
    ask: Ask, sources: list[Source], budgets: list[Source]
) -> None:
    verdict = admit(ask, sources, budgets, settle_for_less=True)
    assert verdict is not None, "what is settled for is known"
    if isinstance(verdict, Declined):
        return
    spare = {each.account: grains for each, grains, _ in (*sources, *budgets)}
    assert ask.choices <= verdict.output_tokens_max <= ask.output_tokens_asked
    assert all(0 <= draw.grains <= spare[draw.pot.account] for draw in verdict.draws)
    paying = [draw for draw in verdict.draws if draw.pot.kind not in ("budget", "watch")]
    if paying[0].pot.unit in COUNTED:
        assert paying == [Draw(paying[0].pot, ask.needed(paying[0].pot.unit, verdict.output_tokens_max))]
    else:
        assert sum(draw.grains for draw in paying) == ask.value(verdict.output_tokens_max).grains
        money = [each for each, _, _ in sources if each.unit not in COUNTED]
        order = [money.index(draw.pot) for draw in paying]
        assert order == sorted(order)
        for draw in paying[:-1]:
            assert draw.grains == spare[draw.pot.account], "a pot is emptied before the next is touched"
    drawn = {draw.pot.account: draw.grains for draw in verdict.draws}
    for each, grains, _ in budgets:
        needed = ask.needed(each.unit, verdict.output_tokens_max)
        assert drawn[each.account] == (needed if each.kind == "budget" else min(needed, grains))


@given(asks, purses(), limiting())
@settings(deadline=None, max_examples=400)
def test_a_clamped_answer_is_as_long_as_can_be_paid_and_a_no_means_not_even_a_token_each(
    ask: Ask, sources: list[Source], budgets: list[Source]
) -> None:
    verdict = admit(ask, sources, budgets, settle_for_less=True)
    if isinstance(verdict, Admitted):
        allowed = verdict.output_tokens_max
        if allowed < ask.output_tokens_asked:
            assert not _affords(ask, sources, budgets, allowed + 1)
    else:
        assert not _affords(ask, sources, budgets, ask.choices)


def _affords(ask: Ask, sources: list[Source], budgets: list[Source], output_tokens: int) -> bool:
    """By brute force: some one way pays for so much output, and no budget forbids it."""
    if any(each.kind == "budget" and ask.needed(each.unit, output_tokens) > grains for each, grains, _ in budgets):
        return False
    money = [grains for each, grains, _ in sources if each.unit not in COUNTED]
    if money and sum(money) >= ask.value(output_tokens).grains:
        return True
    return any(each.unit in COUNTED and ask.needed(each.unit, output_tokens) <= grains for each, grains, _ in sources)


@given(asks, purses(), limiting())
@settings(deadline=None, max_examples=400)
def test_what_is_not_settled_for_is_all_that_was_asked_or_a_look_into_the_database(
    ask: Ask, sources: list[Source], budgets: list[Source]
) -> None:
    verdict = admit(ask, sources, budgets)
    if isinstance(verdict, Admitted):
        assert verdict.output_tokens_max == ask.output_tokens_asked
        assert verdict == admit(ask, sources, budgets, settle_for_less=True)
        first = verdict.draws[0].pot
        before = sources[: [each for each, _, _ in sources].index(first)]
        for each, _, is_all in before:
            if each.unit in COUNTED or first.unit not in COUNTED:
                assert is_all, "an earlier pot that may have more is asked about first"


def test_a_pot_that_comes_first_and_may_have_more_is_looked_at_before_the_next_pays() -> None:
    ask = Ask(100, 50, CARD)
    assert admit(ask, [(ANSWERS_POT, 0, False), (WALLET, 600, True)]) is None
    assert admit(ask, [(ANSWERS_POT, 0, True), (WALLET, 600, True)]) == Admitted((Draw(WALLET, 600),), 50)
    assert admit(ask, [(GIFT, 599, False), (WALLET, 600, True)]) is None
    assert admit(ask, [(GIFT, 599, True), (WALLET, 600, False)]) == Admitted((Draw(GIFT, 599), Draw(WALLET, 1)), 50)


def test_an_allowance_covers_an_answer_whole_or_leaves_it_to_the_money() -> None:
    ask = Ask(100, 50, CARD)
    wallet = (WALLET, 10_000, True)
    assert admit(ask, [(ANSWERS_POT, 1, False), wallet]) == Admitted((Draw(ANSWERS_POT, 1),), 50)
    assert admit(ask, [(TOKENS_POT, 150, False), wallet]) == Admitted((Draw(TOKENS_POT, 150),), 50)
    assert admit(ask, [(TOKENS_POT, 149, True), wallet]) == Admitted((Draw(WALLET, 600),), 50)
    assert admit(ask, [(TOKENS_POT, 149, True)], settle_for_less=True) == Admitted((Draw(TOKENS_POT, 149),), 49)


@given(st.integers(1, 10**5), st.integers(1, 10**5), GRAINS, CARDS)
@settings(deadline=None, max_examples=200)
def test_nobody_who_can_pay_for_all_of_it_gets_less(read: int, asked: int, spare: int, card: RateCard) -> None:
    full = quote(read, asked, card)
    verdict = admit(Ask(read, asked, card), [(WALLET, full + spare, False)])
    assert verdict == Admitted((Draw(WALLET, full),), asked)


@given(asks, purses(), st.booleans())
@settings(deadline=None)
def test_a_pot_with_nothing_in_it_changes_nothing(ask: Ask, sources: list[Source], is_settled: bool) -> None:
    empty: Source = (pot("empty", "allowance", TOKENS), 0, True)
    verdict = admit(ask, [empty, *sources], settle_for_less=is_settled)
    alone = admit(ask, sources, settle_for_less=is_settled)
    if isinstance(alone, Admitted) or not is_settled:
        assert verdict == alone


def test_what_is_free_is_free_for_an_empty_wallet() -> None:
    free = RateCard("free", "KRW", 0, "", input_picos=0, output_picos=0)
    assert admit(Ask(500, 100, free), [(WALLET, 0, False)]) == Admitted((Draw(WALLET, 0),), 100)


@pytest.mark.parametrize(
    ("available", "verdict"),
    [
        (700, Admitted((Draw(WALLET, 700),), 60)),
        (130, Admitted((Draw(WALLET, 130),), 3)),
        (129, Declined("request_exceeds_balance", Money(130, "KRW"), Money(129, "KRW"))),
    ],
)
def test_each_of_several_choices_has_a_token_at_least(available: int, verdict: Admitted | Declined) -> None:
    assert admit(Ask(100, 60, CARD, 3), [(WALLET, available, True)], settle_for_less=True) == verdict
    assert admit(Ask(100, 60, CARD, 3), [(ANSWERS_POT, 3, True)]) == Admitted((Draw(ANSWERS_POT, 3),), 60)
    assert admit(Ask(100, 60, CARD, 3), [(ANSWERS_POT, 2, True)]) is None


def test_a_tariff_is_held_for_and_so_is_being_served_the_plain_way() -> None:
    dear_to_read = RateCard("c", "KRW", 0, "", input_picos=10**6, output_picos=10**5)
    for one, other in ((CARD, dear_to_read), (dear_to_read, CARD)):
        ask = Ask(10, 20, one, tariff=other)
        assert [ask.value(tokens).grains for tokens in (0, 20)] == [100, 210]
        assert ask.affordable("", 210) == 20
        assert ask.affordable("", 109) == 9


@pytest.mark.parametrize(
    ("available", "verdict"),
    [
        (600, Admitted((Draw(WALLET, 600),), 50)),
        (599, Admitted((Draw(WALLET, 590),), 49)),
        (110, Admitted((Draw(WALLET, 110),), 1)),
        (109, Declined("request_exceeds_balance", Money(110, "KRW"), Money(109, "KRW"))),
        (0, Declined("wallet_empty", Money(110, "KRW"), Money(0, "KRW"))),
    ],
)
def test_worked_examples(available: int, verdict: Admitted | Declined) -> None:
    assert admit(Ask(100, 50, CARD), [(WALLET, available, True)], settle_for_less=True) == verdict


def test_a_budget_that_is_used_up_says_which_and_a_watch_says_nothing() -> None:
    ask, wallet = Ask(100, 50, CARD), [(WALLET, 10_000, True)]
    key = pot("budget:key:k:day", "budget", ANSWERS)
    refused = admit(ask, wallet, [(key, 0, True)])
    assert isinstance(refused, Declined)
    assert (refused.code, refused.by) == ("budget_exceeded", "budget:key:k:day")
    watched = pot("budget:key:k:day", "watch", ANSWERS)
    assert admit(ask, wallet, [(watched, 0, True)]) == Admitted((Draw(WALLET, 600), Draw(watched, 0)), 50)
