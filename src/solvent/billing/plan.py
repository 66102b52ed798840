"""Plans: what a customer pays each month and what they may spend for it."""

from __future__ import annotations

import msgspec

from solvent.values.money import Money, round_half_even


class Plan(msgspec.Struct, frozen=True):
    """One plan.

    price_month: what the customer pays a month, tax included; zero for a free plan.
    wallet_month: what their wallet is given for it, to spend on answers.
    tax_permille: value-added tax on top of the net price (100 in Korea), inside price_month.
    fee_permille: what the payment processor keeps of price_month.
    fixed_month: cost of one such customer that does not depend on answers.
    """

    name: str
    price_month: Money
    wallet_month: Money
    tax_permille: int = 100
    fee_permille: int = 34
    fixed_month: Money | None = None


def net_price(plan: Plan) -> Money:
    """What is left of the price after tax and fee: P / (1 + tax) - fee * P, rounded once.

    Source: facts/ECONOMICS.md 1.8.
    """
    price = plan.price_month.grains
    taxed = 1000 + plan.tax_permille
    grains = round_half_even(price * (1_000_000 - plan.fee_permille * taxed), 1000 * taxed)
    return Money(grains, plan.price_month.currency)
