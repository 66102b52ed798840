"""Quotes: the most an answer can come to, before it is asked. A hold is made of a quote."""

from __future__ import annotations

from solvent.pricing.rate_card import RateCard
from solvent.values.money import Money, picos_per_grain


def quote(input_tokens_most: int, output_tokens_most: int, card: RateCard) -> Money:
    """An upper bound of the charge, whatever share of the input turns out cached. Rounded up."""
    picos = (
        input_tokens_most * _dearest_input(card) + output_tokens_most * _dearest_output(card) + (card.answer_picos or 0)
    )
    return Money(-(-picos // picos_per_grain(card.currency)), card.currency)


def affordable_output_tokens(available: Money, input_tokens_most: int, card: RateCard) -> int:
    """How many output tokens `available` pays for beside the input; negative if not even the input.

    2**62 when output is free.
    """
    spare = (
        available.grains * picos_per_grain(card.currency)
        - input_tokens_most * _dearest_input(card)
        - (card.answer_picos or 0)
    )
    each = _dearest_output(card)
    if spare < 0:
        return -1
    return spare // each if each else 2**62


def _dearest_input(card: RateCard) -> int:
    return max(
        card.input_picos or 0,
        card.cached_input_picos or 0,
        card.cache_write_5m_picos or 0,
        card.cache_write_1h_picos or 0,
    )


def _dearest_output(card: RateCard) -> int:
    return max(card.output_picos or 0, card.reasoning_picos or 0)
