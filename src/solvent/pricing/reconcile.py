"""Our prices beside a second source: every disagreement with both values, and what only one side knows."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Final

import msgspec

from solvent.pricing.sheet import PRICES, Sheet, price_text

TOLERANCE: Final = Fraction(1, 100)
_EDGE_SLACK: Final = Fraction(1, 1_000)  # 199,999 and 200,000 tokens are one edge
_PERMYRIAD: Final = 10_000


class Disagreement(msgspec.Struct, frozen=True):
    """One price of one card. Prices are texts as people write them; "" where that side names none.

    above_tokens: for answers that read more input tokens than this.
    off_permyriad: how far theirs is from ours, in ten-thousandths of ours; None where one side has none.
    """

    card: str
    price: str
    above_tokens: int
    ours: str
    theirs: str
    off_permyriad: int | None


class Reconciliation(msgspec.Struct, frozen=True):
    """Everything two lists say about each other. compared: prices that both name."""

    compared: int
    disagreements: tuple[Disagreement, ...]
    one_sided: tuple[Disagreement, ...]
    only_ours: tuple[str, ...]
    only_theirs: tuple[str, ...]


def reconcile(
    ours: Mapping[str, Sheet], theirs: Mapping[str, Sheet], tolerance: Fraction = TOLERANCE
) -> Reconciliation:
    """Compare cards of one name, bucket by bucket and tier by tier. tolerance: of our price, such as a hundredth."""
    compared = 0
    disagreements: list[Disagreement] = []
    one_sided: list[Disagreement] = []
    both = [name for name in ours if name in theirs]
    for name in both:
        for above in _heights(ours[name], theirs[name]):
            mine, others = _at(ours[name], above), _at(theirs[name], above)
            for price in (price for price in PRICES if price in mine or price in others):
                one, other = mine.get(price), others.get(price)
                found = Disagreement(name, price, above, _said(price, one), _said(price, other), _off(one, other))
                if one is None or other is None:
                    one_sided.append(found)
                    continue
                compared += 1
                if abs(other - one) > one * tolerance:
                    disagreements.append(found)
    return Reconciliation(
        compared,
        tuple(disagreements),
        tuple(one_sided),
        tuple(name for name in ours if name not in theirs),
        tuple(name for name in theirs if name not in ours),
    )


def _heights(one: Sheet, other: Sheet) -> list[int]:
    """0 and every edge of a tier, but of two that are nearly one only the higher."""
    edges = sorted({*one.tiers, *other.tiers})
    nearly = {a for a, b in pairwise(edges) if b - a <= a * _EDGE_SLACK}
    return [0, *(edge for edge in edges if edge not in nearly)]


def _at(sheet: Sheet, above: int) -> Mapping[str, Fraction]:
    """The prices of an answer that read one token more than this."""
    reached = [edge for edge in sheet.tiers if edge <= above]
    return sheet.tiers[max(reached)] if reached else sheet.prices


def _off(one: Fraction | None, other: Fraction | None) -> int | None:
    if not one or other is None:
        return None
    return round((other - one) * _PERMYRIAD * Fraction(one.denominator, one.numerator))


def _said(price: str, picos: Fraction | None) -> str:
    return "" if picos is None else price_text(price, picos)


def in_our_names(theirs: Mapping[str, Sheet], ours: Mapping[str, Sheet]) -> dict[str, Sheet]:
    """Another list's prices under the names our cards have: some write dots for dashes, and OpenRouter leaves
    its own name out."""
    loose = {_loosely(name): name for name in theirs}
    renamed = dict(theirs)
    for name in ours:
        for known in (name, name.partition("/")[2] if name.startswith("openrouter/") else name):
            other = loose.get(_loosely(known))
            if other is not None and name not in theirs:
                renamed[name] = theirs[other]
                renamed.pop(other, None)
    return renamed


def _loosely(name: str) -> str:
    return name.lower().replace(".", "-")
