"""VAT in whole minor units: split so that the parts sum to the total, and spread over lines so that lines sum too.

Amounts round half away from zero, so that what is credited mirrors what was charged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from solvent.values.errors import Invalid
from solvent.values.money import GRAINS_PER_MINOR_UNIT

# inclusive: amounts contain the VAT. exclusive: it is added. reverse_charge: the customer owes it. none: there is none.
Treatment = Literal["inclusive", "exclusive", "reverse_charge", "none"]
Rounding = Literal["document", "line"]
RATE_PERMILLE_MAX: Final = 500


class Tax(msgspec.Struct, frozen=True):
    """How VAT is worked out. rate_permille: 100 is ten percent. rounding: once a document, or once a line."""

    treatment: Treatment = "inclusive"
    rate_permille: int = 100
    rounding: Rounding = "document"


class Split(msgspec.Struct, frozen=True):
    """What is supplied and the VAT on it, in minor units, both of one sign."""

    supply: int
    vat: int

    @property
    def total(self) -> int:
        """What is to be paid."""
        return self.supply + self.vat


def check_tax(tax: Tax) -> None:
    """Raises Invalid for a rate that no country has."""
    if not 0 <= tax.rate_permille <= RATE_PERMILLE_MAX:
        message = f"rate_permille: {tax.rate_permille} is not between 0 and {RATE_PERMILLE_MAX}; ten percent is 100"
        raise Invalid("bad_tax", message, param="rate_permille")


def taxed_when(tax: Tax) -> Literal["used", "paid", "never"]:
    """When VAT is owed on money that is paid in to be used: as it is used, as it is paid in, or never."""
    if not tax.rate_permille or tax.treatment not in ("inclusive", "exclusive"):
        return "never"
    return "used" if tax.treatment == "inclusive" else "paid"


def split(units: int, tax: Tax) -> Split:
    """Split a whole amount as the treatment says. units: with VAT when inclusive, else without."""
    numerator, denominator = vat_ratio(tax)
    vat = round_half_away(units * numerator, denominator)
    return Split(units - vat, vat) if tax.treatment == "inclusive" else Split(units, vat)


def vat_ratio(tax: Tax) -> tuple[int, int]:
    """Which part of an amount is its VAT: of the amount with it when inclusive, of the amount without it else."""
    if tax.treatment == "inclusive":
        return tax.rate_permille, 1000 + tax.rate_permille
    return (tax.rate_permille if tax.treatment == "exclusive" else 0), 1000


def split_lines(grains: Sequence[int], tax: Tax) -> list[Split]:
    """Whole amounts for lines that are not whole yet. grains: of each line, of either sign.

    Rounded once a document, each line is less than one unit off; rounded by line, at most half a unit.
    """
    if tax.rounding == "line":
        return [split(round_half_away(line, GRAINS_PER_MINOR_UNIT), tax) for line in grains]
    units = spread(grains, GRAINS_PER_MINOR_UNIT)
    numerator, denominator = vat_ratio(tax)
    vats = spread([unit * numerator for unit in units], denominator)
    contained = tax.treatment == "inclusive"
    return [Split(unit - vat if contained else unit, vat) for unit, vat in zip(units, vats, strict=True)]


def spread(numerators: Sequence[int], denominator: int) -> list[int]:
    """Whole numbers near numerator/denominator each, that sum to the rounded sum: the largest remainders go up."""
    floors = [numerator // denominator for numerator in numerators]
    missing = round_half_away(sum(numerators), denominator) - sum(floors)
    by_remainder = sorted(range(len(floors)), key=lambda at: (-(numerators[at] % denominator), at))
    for at in by_remainder[:missing]:
        floors[at] += 1
    return floors


def round_half_away(numerator: int, denominator: int) -> int:
    """Divide whole numbers, ties away from zero: -n rounds to minus what n rounds to. `denominator` is positive."""
    assert denominator > 0, "a rounding needs a positive denominator"
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return quotient if numerator >= 0 else -quotient
