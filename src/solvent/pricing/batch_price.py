"""What answers of a batch are sold at: the card's own batch tariff, or so many thousandths of its plain prices.

A share is named in the card's version, such as "small@2026-01-01+batch500", so that an answer can be rated again.
"""

from __future__ import annotations

from functools import cache
from math import gcd
from typing import Final

import msgspec

from solvent.pricing.rate_card import RateCard, in_tariff

_TARIFF: Final = "batch"
_WHOLE: Final = 1000
_PRICES: Final = tuple(
    name for name in RateCard.__struct_fields__ if name.endswith("_picos") and not name.startswith("dearest_")
)


def batch_price(card: RateCard, permille: int, *, by_tariff: bool) -> RateCard:
    """by_tariff: a batch tariff of the card is the price. permille: else, of the plain prices; 1 to 1000."""
    own = in_tariff(card, _TARIFF) if by_tariff else None
    if own is not None:
        return own
    return card if permille == _WHOLE else share_of(card, permille)


@cache
def share_of(card: RateCard, permille: int) -> RateCard:
    """So many thousandths of every plain price of a card, exactly; of its tariffs and hours nothing is left."""
    common = gcd(permille, _WHOLE)
    times, parts = permille // common, _WHOLE // common
    prices = {name: price * times for name in _PRICES if (price := getattr(card, name)) is not None}
    named = f"{_TARIFF}{permille}"
    return msgspec.structs.replace(
        card, **prices, parts=card.parts * parts, variant=f"{card.variant}+{named}" if card.variant else named,
        tiers=tuple(share_of(tier, permille) for tier in card.tiers), tariffs=(), hours=(),
    )  # fmt: skip


def share_named(tariff: str) -> int | None:
    """The thousandths in a name such as "batch500"; None for every other."""
    share = tariff.removeprefix(_TARIFF)
    return int(share) if tariff.startswith(_TARIFF) and share.isascii() and share.isdigit() and len(share) < 5 else None
