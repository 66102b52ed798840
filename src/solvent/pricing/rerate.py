"""Re-rating: what an answer comes to at the price that should have been in force, beside what was booked for it."""

from __future__ import annotations

from collections.abc import Sequence

from solvent.pricing.batch_price import share_named, share_of
from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import RateCard, card_at, in_tariff
from solvent.pricing.rating import rate
from solvent.values.errors import Invalid
from solvent.values.money import Money
from solvent.values.usage import Usage


def card_by_rights(cards: Sequence[RateCard], version: str, asked_us: int) -> RateCard | None:
    """The prices that hold today for an answer of some instant, served as it was.

    cards: of one name, from old to new, with every correction. version: what its receipt quotes. None when no
    price is in force any more, or not in that tariff.
    """
    card = card_at(cards, asked_us)
    if card is None:
        return None
    tariff = tariff_of(version)
    share = share_named(tariff)
    return in_tariff(card, tariff) if share is None else share_of(card, share)


def name_of(version: str) -> str:
    """The card's name in a version such as "gpt-4o-cost@2026-11-01.2+batch"."""
    return version.partition("@")[0]


def tariff_of(version: str) -> str:
    """The tariff, kind of answer or share such as "batch500" in a version; "" for the plain prices."""
    _, plus, last = version.partition("@")[2].rpartition("+")
    return last if plus and ":" not in last else ""  # hours of the day have a colon


def difference(usage: Usage, card: RateCard, booked: Money, exchange: Exchange | None = None) -> Money:
    """What is still to be booked, so that what was booked becomes what the card says. Below zero: too much was.

    Raises Invalid("bad_correction") where the card is in another currency than what was booked.
    """
    if (exchange.base if exchange else booked.currency) != card.currency:
        message = f"{card.version} is in {card.currency}, and what it corrects is not; write the card in its currency"
        raise Invalid("bad_correction", message, param="currency")
    return rate(usage, card, exchange) - booked
