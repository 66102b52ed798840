"""Exchange rates: exact, dated, with a source. What we pay may be dollars, what we earn won."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from solvent.values.errors import Invalid
from solvent.values.instant import instant
from solvent.values.money import decimal, minor_digits


class Exchange(msgspec.Struct, frozen=True):
    """One unit of `base` is numerator/denominator units of `quote` from an instant on."""

    base: str
    quote: str
    numerator: int
    denominator: int
    valid_from_us: int
    source: str


def exchange(base: str, quote: str, rate: str, valid_from: str, source: str, where: str) -> Exchange:
    """Read one dated rate such as 1 USD = "1385.50" KRW. Raises Invalid naming the field."""
    minor_digits(base)
    minor_digits(quote)
    ratio = decimal(rate, f"{where}: rate")
    if ratio <= 0:
        raise Invalid("bad_exchange", f"{where}: rate {rate} is not above zero", param="rate")
    since_us = instant(valid_from, f"{where}: from")
    return Exchange(base, quote, ratio.numerator, ratio.denominator, since_us, source)


def exchange_at(rates: Sequence[Exchange], base: str, quote: str, at_us: int) -> Exchange | None:
    """The newest rate for a pair already valid at an instant; None when there is none."""
    valid = [r for r in rates if (r.base, r.quote) == (base, quote) and r.valid_from_us <= at_us]
    return max(valid, key=lambda rate: rate.valid_from_us, default=None)
