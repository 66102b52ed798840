"""A quote is never less than the charge it bounds, whatever the buckets turn out to be."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing.cards import USED, cards

from solvent.pricing.quote import affordable_output_tokens, quote
from solvent.pricing.rate_card import INPUT_FIELDS, OUTPUT_FIELDS, RateCard
from solvent.pricing.rating import rate
from solvent.values.money import Money
from solvent.values.usage import Usage, amounts

TOKENS = st.integers(0, 10**7)
# What may come beside the tokens that are split.
BESIDE = st.builds(
    Usage, web_searches=st.integers(0, 20), image_output_tokens=TOKENS, pictures=st.integers(0, 20),
    characters=TOKENS, audio_input_ms=TOKENS,
    video_seconds=st.integers(0, 1_000),
)  # fmt: skip
TOKEN_CARDS = cards(by_the_hour=False)
READ = [USED[field] for field in INPUT_FIELDS]
WRITTEN = [USED[field] for field in OUTPUT_FIELDS]


@st.composite
def splits(draw: st.DrawFn, input_most: int, output_most: int, beside: Usage) -> Usage:
    """Any usage within the bounds: any total, cut at any places into the buckets, and any part of what is beside."""
    part = Usage(*(draw(st.integers(0, most)) for most in amounts(beside)))
    usage: dict[str, int] = {}
    for most, buckets in ((input_most, READ), (output_most, WRITTEN)):
        whole = draw(st.integers(0, most))
        cuts = sorted(draw(st.lists(st.integers(0, whole), min_size=len(buckets) - 1, max_size=len(buckets) - 1)))
        usage |= {name: b - a for name, a, b in zip(buckets, [0, *cuts], [*cuts, whole], strict=True)}
    return part + Usage(**usage)


@given(st.data(), TOKENS, TOKENS, BESIDE, TOKEN_CARDS)
@settings(deadline=None, max_examples=600)
def test_no_split_over_the_buckets_and_no_tier_charges_more_than_the_quote(
    data: st.DataObject, input_most: int, output_most: int, beside: Usage, card: RateCard
) -> None:
    usage = data.draw(splits(input_most, output_most, beside))
    assert rate(usage, card).grains <= quote(input_most, output_most, card, beside)


@given(TOKENS, TOKENS, BESIDE, TOKEN_CARDS)
@settings(deadline=None, max_examples=300)
def test_a_quote_is_the_dearest_charge_rounded_up(
    input_most: int, output_most: int, beside: Usage, card: RateCard
) -> None:
    heights = {input_most, *(edge for tier in card.tiers if (edge := tier.above_tokens) < input_most)}
    dearest = max(
        rate(Usage(**{read: height, written: output_most}) + beside, card).grains
        for height in heights
        for read in READ
        for written in WRITTEN
    )
    assert 0 <= quote(input_most, output_most, card, beside) - dearest <= 1


@given(st.integers(0, 10**15), TOKENS, BESIDE, TOKEN_CARDS)
@settings(deadline=None, max_examples=400)
def test_what_is_affordable_is_the_most_whose_quote_fits(
    grains: int, input_most: int, beside: Usage, card: RateCard
) -> None:
    available = Money(grains, card.currency)
    tokens = affordable_output_tokens(available, input_most, card, beside)
    if tokens < 0:
        assert quote(input_most, 0, card, beside) > grains
        return
    assert quote(input_most, tokens, card, beside) <= grains
    assert tokens == 2**62 or quote(input_most, tokens + 1, card, beside) > grains


@given(TOKENS, TOKENS, TOKEN_CARDS)
@settings(deadline=None)
def test_reading_more_is_never_quoted_less(input_most: int, output_most: int, card: RateCard) -> None:
    """However cheap a high tier is, the answer may still end below it."""
    assert quote(input_most, output_most, card) <= quote(input_most + 1, output_most, card)


@given(st.integers(0, 10**9), TOKENS, st.integers(1, 10**6), st.integers(0, 10**6))
@settings(deadline=None)
def test_money_left_over_buys_whole_tokens_only(spare: int, input_most: int, each: int, input_grains: int) -> None:
    card = RateCard("c", "USD", 0, "", input_picos=input_grains * 1_000, output_picos=each * 1_000)
    need = quote(input_most, 0, card)
    assert affordable_output_tokens(Money(need + spare, "USD"), input_most, card) == spare // each


def test_free_output_is_affordable_without_end() -> None:
    free = RateCard("free", "USD", 0, "", input_picos=0, output_picos=0)
    assert quote(10**6, 10**6, free) == 0
    assert affordable_output_tokens(Money(0, "USD"), 10**6, free) == 2**62


def test_the_price_of_an_answer_is_held_too() -> None:
    card = RateCard("c", "KRW", 0, "", answer_picos=50 * 10**12)
    assert quote(0, 0, card) == 50 * 10**7
    assert affordable_output_tokens(Money(50 * 10**7 - 1, "KRW"), 0, card) == -1
    assert affordable_output_tokens(Money(50 * 10**7, "KRW"), 0, card) == 2**62
