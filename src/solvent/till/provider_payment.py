"""Paying a provider's invoice: what we owed by our books, what left the bank, and the difference the rate made."""

from __future__ import annotations

from solvent.ledger.account import CASH, FX_DIFFERENCE, api_payable
from solvent.ledger.transfer import Transfer, posting
from solvent.pricing.exchange import Exchange
from solvent.values.errors import Invalid
from solvent.values.ids import TransferId
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money, grains_per_unit, round_half_even


def at_rate(paid: Money, currency: str, exchange: Exchange | None) -> Money:
    """What was paid in the books' currency, in whole minor units as a bank books it. Raises Invalid without a rate."""
    if paid.currency == currency:
        return paid
    if exchange is None or (exchange.base, exchange.quote) != (paid.currency, currency):
        message = f"{paid.currency} was paid and the books are in {currency}: give the rate the bank took"
        raise Invalid("exchange_needed", message, param="exchange")
    numerator = paid.grains * exchange.numerator * grains_per_unit(currency)
    denominator = exchange.denominator * grains_per_unit(paid.currency) * GRAINS_PER_MINOR_UNIT
    return Money(round_half_even(numerator, denominator) * GRAINS_PER_MINOR_UNIT, currency)


def payment_postings(
    id: TransferId, provider: str, clears: Money, left: Money, place: str, at_us: int
) -> list[Transfer]:
    """clears: what the books say we owed for it. left: what left the bank; the rest of either is the difference."""
    assert clears.currency == left.currency, "both are in the books' currency"
    payable, bank = api_payable(provider), f"{CASH}:{place}"
    difference = left.grains - clears.grains
    moves = [
        ("debt", payable, bank, min(clears.grains, left.grains)),
        ("fx", FX_DIFFERENCE, bank, max(0, difference)),
        ("fx", payable, FX_DIFFERENCE, max(0, -difference)),
    ]
    return [
        posting(
            TransferId(f"{id}.{name}"), at_us, debit, credit, Money(grains, clears.currency), f"provider/{provider}"
        )
        for name, debit, credit, grains in moves
        if grains
    ]
