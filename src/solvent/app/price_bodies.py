"""Rate cards as doors show them: prices as texts in whole units, per million tokens or for one of what they price."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from solvent.pricing.rate_card import RateCard
from solvent.pricing.sheet import PRICES, Sheet, price_text, telling
from solvent.values.instant import iso

_MINUTES_PER_HOUR = 60


class TierBody(msgspec.Struct, kw_only=True):
    """Prices of an answer that read more than so many input tokens."""

    above_input_tokens: int
    prices: dict[str, str]


class PricesBody(msgspec.Struct, kw_only=True):
    """Prices in one tariff, with their tiers."""

    prices: dict[str, str]
    tiers: list[TierBody]


class HoursBody(msgspec.Struct, kw_only=True):
    """Prices at some hours of the day in UTC, in each tariff."""

    from_hour: str
    until_hour: str
    plain: PricesBody
    tariffs: dict[str, PricesBody]


class CardBody(msgspec.Struct, kw_only=True):
    """One dated card. assumed: prices nobody has given, taken from the nearest bucket until somebody does."""

    object: str = "price.card"
    card: str
    version: str
    currency: str
    provider: str
    model: str
    since: str
    source: str
    prices: dict[str, str]
    assumed: list[str]
    tiers: list[TierBody]
    tariffs: dict[str, PricesBody]
    hours: list[HoursBody]


def card_body(card: RateCard) -> CardBody:
    """A card as JSON says it."""
    plain = _prices(card)
    return CardBody(
        card=card.name,
        version=card.version,
        currency=card.currency,
        provider=card.provider,
        model=card.model,
        since=iso(card.valid_from_us),
        source=card.source,
        prices=plain.prices,
        assumed=list(card.borrowed),
        tiers=plain.tiers,
        tariffs=_tariffs(card),
        hours=[
            HoursBody(
                from_hour=_clock(hours.from_minute),
                until_hour=_clock(hours.until_minute),
                plain=_prices(hours.card),
                tariffs=_tariffs(hours.card),
            )
            for hours in card.hours
        ],
    )


def sheet_of_card(card: RateCard) -> Sheet:
    """The plain prices of a card with its tiers, without those that only repeat another."""
    tiers = {tier.above_tokens: telling(_exact(tier), tier.borrowed) for tier in card.tiers}
    return Sheet(telling(_exact(card), card.borrowed), tiers)


def _tariffs(card: RateCard) -> dict[str, PricesBody]:
    return {priced.variant.rpartition("+")[2]: _prices(priced) for priced in card.tariffs}


def _prices(card: RateCard) -> PricesBody:
    tiers = [TierBody(above_input_tokens=tier.above_tokens, prices=_texts(tier)) for tier in card.tiers]
    return PricesBody(prices=_texts(card), tiers=tiers)


def _texts(card: RateCard) -> dict[str, str]:
    return {name: price_text(name, price) for name, price in _exact(card).items()}


def _exact(card: RateCard) -> dict[str, Fraction]:
    fields = {name: getattr(card, field) for name, (field, _) in PRICES.items()}
    return {name: Fraction(picos, card.parts) for name, picos in fields.items() if picos is not None}


def _clock(minute: int) -> str:
    hour, rest = divmod(minute, _MINUTES_PER_HOUR)
    return f"{hour:02d}:{rest:02d}"
