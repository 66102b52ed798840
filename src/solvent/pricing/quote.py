"""Quotes: the most an answer can come to, before it is asked. A hold is made of a quote."""

from __future__ import annotations

from typing import Final

from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import beside_text
from solvent.values.money import Money, picos_per_grain
from solvent.values.usage import Usage

WITHOUT_END: Final = 2**62


def quote(input_tokens_most: int, output_tokens_most: int, card: RateCard, beside: Usage | None = None) -> int:
    """An upper bound of the charge, whatever the tokens turn out to be and whichever tier is reached.

    beside: the most that may come beside those tokens: web searches, pictures, minutes. In whole grains of the card's
    currency, rounded up.
    """
    if beside is None and not card.tiers:
        read, written, answer, over = card.quoted
        weight = input_tokens_most * read + output_tokens_most * written + answer
        return weight if over == 1 else -(-weight // over)
    picos = max(
        read * tier.dearest_input_picos
        + output_tokens_most * tier.dearest_output_picos
        + (beside_text(beside, tier) if beside is not None else 0)
        + (tier.answer_picos or 0)
        for read, tier in _reachable(input_tokens_most, card)
    )
    return -(-picos // (card.parts * picos_per_grain(card.currency)))


def affordable_output_tokens(
    available: Money, input_tokens_most: int, card: RateCard, beside: Usage | None = None
) -> int:
    """How many output tokens `available` pays for beside the input; negative if not even the input and what is beside.

    WITHOUT_END when output is free.
    """
    picos = available.grains * card.parts * picos_per_grain(card.currency)
    if not card.tiers and beside is None:
        return _for_the_rest(
            picos - input_tokens_most * card.dearest_input_picos - (card.answer_picos or 0), card.dearest_output_picos
        )
    return min(
        _for_the_rest(
            picos
            - read * tier.dearest_input_picos
            - (beside_text(beside, tier) if beside is not None else 0)
            - (tier.answer_picos or 0),
            tier.dearest_output_picos,
        )
        for read, tier in _reachable(input_tokens_most, card)
    )


def _for_the_rest(spare: int, each: int) -> int:
    if spare < 0:
        return -1
    return spare // each if each else WITHOUT_END


def _reachable(input_tokens_most: int, card: RateCard) -> list[tuple[int, RateCard]]:
    """Each tier an answer can end in, with the most it can have read there."""
    found = []
    most = input_tokens_most
    for tier in reversed(card.tiers):
        if input_tokens_most > tier.above_tokens:
            found.append((most, tier))
            most = tier.above_tokens
    return [*found, (most, card)]
