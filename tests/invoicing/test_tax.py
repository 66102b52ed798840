"""VAT: the parts sum to the total, lines sum to the document, and what is credited mirrors what was charged."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.invoicing.tax import Tax, Treatment, check_tax, round_half_away, split, split_lines, spread
from solvent.values.errors import Invalid
from solvent.values.money import GRAINS_PER_MINOR_UNIT

UNITS = st.integers(-(10**12), 10**12)
GRAINS = st.integers(-(10**16), 10**16)
TREATMENTS: st.SearchStrategy[Treatment] = st.sampled_from(["inclusive", "exclusive", "reverse_charge", "none"])
TAXES = st.builds(Tax, TREATMENTS, st.integers(0, 500), st.sampled_from(["document", "line"]))


@pytest.mark.parametrize(
    ("units", "tax", "supply", "vat"),
    [
        (11_000, Tax("inclusive", 100), 10_000, 1_000),
        (29_000, Tax("inclusive", 100), 26_364, 2_636),  # 29,000 / 11 = 2,636.36
        (1, Tax("inclusive", 100), 1, 0),
        (6, Tax("inclusive", 100), 5, 1),  # 0.545
        (10_000, Tax("exclusive", 100), 10_000, 1_000),
        (5, Tax("exclusive", 100), 5, 1),  # 0.5, away from zero
        (-5, Tax("exclusive", 100), -5, -1),
        (10_000, Tax("reverse_charge", 100), 10_000, 0),
        (10_000, Tax("none", 100), 10_000, 0),
        (11_900, Tax("inclusive", 190), 10_000, 1_900),
    ],
)
def test_examples(units: int, tax: Tax, supply: int, vat: int) -> None:
    parts = split(units, tax)
    assert (parts.supply, parts.vat, parts.total) == (supply, vat, supply + vat)


@given(UNITS, TAXES)
def test_a_total_with_vat_is_a_whole_amount_that_equals_its_parts(units: int, tax: Tax) -> None:
    parts = split(units, tax)
    assert parts.total == units if tax.treatment == "inclusive" else parts.supply == units
    assert parts.total == parts.supply + parts.vat
    exact = Fraction(parts.supply if tax.treatment == "exclusive" else parts.total) * tax.rate_permille
    exact = exact / 1000 if tax.treatment == "exclusive" else exact / (1000 + tax.rate_permille)
    if tax.treatment in ("none", "reverse_charge"):
        exact = Fraction(0)
    assert abs(parts.vat - exact) <= Fraction(1, 2)
    assert parts.vat * units >= 0, "the VAT has the sign of the amount"


@given(UNITS, TAXES)
def test_what_is_given_back_mirrors_what_was_charged(units: int, tax: Tax) -> None:
    there, back = split(units, tax), split(-units, tax)
    assert (there.supply, there.vat) == (-back.supply, -back.vat)


@given(st.lists(GRAINS, min_size=1, max_size=40), TAXES)
def test_lines_sum_to_the_document(grains: list[int], tax: Tax) -> None:
    lines = split_lines(grains, tax)
    asked = [line.total if tax.treatment == "inclusive" else line.supply for line in lines]
    for amount, exact in zip(asked, grains, strict=True):
        off = abs(amount * GRAINS_PER_MINOR_UNIT - exact)
        assert off < GRAINS_PER_MINOR_UNIT if tax.rounding == "document" else 2 * off <= GRAINS_PER_MINOR_UNIT
    if tax.rounding == "document":
        whole = round_half_away(sum(grains), GRAINS_PER_MINOR_UNIT)
        assert sum(asked) == whole
        assert sum(line.vat for line in lines) == split(whole, tax).vat
    else:
        assert lines == [split(round_half_away(line, GRAINS_PER_MINOR_UNIT), tax) for line in grains]


@given(st.lists(GRAINS, max_size=30), st.integers(1, 10**9))
def test_spreading_is_near_each_and_exact_in_all(numerators: list[int], denominator: int) -> None:
    whole = spread(numerators, denominator)
    assert sum(whole) == round_half_away(sum(numerators), denominator)
    assert all(abs(part * denominator - exact) < denominator for part, exact in zip(whole, numerators, strict=True))


def test_the_largest_remainders_go_up_and_the_first_of_equal_ones() -> None:
    assert spread([5, 5, 5], 10) == [1, 1, 0]
    assert spread([1, 9, 5], 10) == [0, 1, 1]
    assert spread([], 10) == []


@given(GRAINS, st.integers(1, 10**9))
def test_halves_round_away_from_zero(numerator: int, denominator: int) -> None:
    rounded = round_half_away(numerator, denominator)
    assert 2 * abs(rounded * denominator - numerator) <= denominator
    assert round_half_away(-numerator, denominator) == -rounded
    if 2 * abs(rounded * denominator - numerator) == denominator:
        assert abs(rounded * denominator) > abs(numerator)


@pytest.mark.parametrize("rate", [-1, 501, 1000])
def test_a_rate_that_no_country_has_is_refused(rate: int) -> None:
    with pytest.raises(Invalid, match="ten percent is 100"):
        check_tax(Tax("inclusive", rate))
