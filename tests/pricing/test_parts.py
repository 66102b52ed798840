"""The parts of a cost sum to it whatever was used, on whatever card, in whatever currency."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing.cards import EXCHANGES, cards, exchange_of, usages

from solvent.pricing.exchange import Exchange
from solvent.pricing.parts import KINDS, parts
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.values.usage import Usage


@given(usages(), cards(), st.none() | EXCHANGES)
@settings(deadline=None, max_examples=200)
def test_parts_sum_to_the_cost_and_none_is_below_nothing(
    usage: Usage, card: RateCard, exchange: Exchange | None
) -> None:
    of = exchange_of(card, exchange) if exchange is not None else None
    whole = rate(usage, card, of)
    found = parts(usage, card, of, whole)
    assert sum(found.values()) == whole.grains
    assert all(grains > 0 for grains in found.values())
    assert set(found) <= set(KINDS)


def taken_apart(usage: Usage, card: RateCard, exchange: Exchange | None = None) -> dict[str, int]:
    return parts(usage, card, exchange, rate(usage, card, exchange))


def test_a_worked_example() -> None:
    card = RateCard("m", "USD", 0, "", input_picos=150_000, cached_input_picos=15_000, output_picos=600_000)
    used = Usage(input_tokens=1_000, cached_input_tokens=6_000, output_tokens=300)
    assert taken_apart(used, card) == {"input": 150_000, "cached": 90_000, "output": 180_000}
    assert taken_apart(used, card, Exchange("USD", "KRW", 1_400, 1, 0, "")) == {
        "input": 2_100_000, "cached": 1_260_000, "output": 2_520_000,
    }  # fmt: skip


def test_what_is_sold_to_us_by_the_answer_is_a_part_of_its_own() -> None:
    card = RateCard("m", "KRW", 0, "", answer_picos=10**12, output_picos=10**6)
    assert taken_apart(Usage(output_tokens=1_000), card) == {"answer": 10**7, "output": 10**4}
    assert taken_apart(Usage(), card) == {"answer": 10**7}


@given(st.tuples(*[st.integers(0, 10**6)] * 6), cards(), st.none() | EXCHANGES)
@settings(deadline=None, max_examples=200)
def test_a_part_of_text_is_what_the_cost_grows_by(
    tokens: tuple[int, ...], card: RateCard, exchange: Exchange | None
) -> None:
    of = exchange_of(card, exchange) if exchange is not None else None
    if card.tiers or card.answer_picos:
        return  # of the whole answer's tier, and beside its own price: not bucket by bucket
    kinds = ("input", "cached", "cache_write", "cache_write", "output", "reasoning")
    expected: dict[str, int] = {}
    for n, kind in enumerate(kinds):
        with_it, without = (rate(Usage(*tokens[:count]), card, of).grains for count in (n + 1, n))
        expected[kind] = expected.get(kind, 0) + with_it - without
    assert taken_apart(Usage(*tokens), card, of) == {kind: grains for kind, grains in expected.items() if grains}
