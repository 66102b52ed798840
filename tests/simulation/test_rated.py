"""Rating in columns is rating: equal to the noun that bills, for any card, usage and exchange, to the last grain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing.cards import cards, usages

from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.simulation.rated import INPUT_BUCKETS, OUTPUT_BUCKETS, rate_columns, summed
from solvent.simulation.trace import Whole
from solvent.values.errors import Invalid
from solvent.values.limits import GRAINS_MAX
from solvent.values.usage import BUCKETS, Usage, all_input_tokens, all_output_tokens, amounts


def columns(used: Sequence[Usage]) -> dict[str, Whole]:
    return dict(zip(BUCKETS, np.array([amounts(one) for one in used], np.int64).T, strict=True))


@settings(deadline=None)
@given(cards(), st.lists(usages(), min_size=1, max_size=8), st.integers(1, 2_000_000), st.integers(1, 1_000))
def test_equals_the_rating_of_each_answer(card: RateCard, used: list[Usage], numerator: int, denominator: int) -> None:
    exchange = Exchange(card.currency, "KRW", numerator, denominator, 0, "a test")
    for rates in (None, exchange):
        wanted = [rate(one, card, rates).grains for one in used]
        if max(wanted) > GRAINS_MAX:
            with pytest.raises(Invalid, match="does not fit the books"):
                rate_columns(columns(used), len(used), card, rates)
        else:
            assert rate_columns(columns(used), len(used), card, rates).tolist() == wanted


@settings(deadline=None)
@given(st.lists(usages(), min_size=1, max_size=4))
def test_sums_of_tokens_are_those_of_usage(used: list[Usage]) -> None:
    assert summed(columns(used), INPUT_BUCKETS, len(used)).tolist() == [all_input_tokens(one) for one in used]
    assert summed(columns(used), OUTPUT_BUCKETS, len(used)).tolist() == [all_output_tokens(one) for one in used]


def test_a_half_grain_goes_to_the_even_one() -> None:
    card = RateCard("m", "USD", 0, "", input_picos=500)
    found = rate_columns({"input_tokens": np.array([1, 3, 5, 7], np.int64)}, 4, card)
    assert found.tolist() == [0, 2, 2, 4] == [rate(Usage(input_tokens=n), card).grains for n in (1, 3, 5, 7)]
