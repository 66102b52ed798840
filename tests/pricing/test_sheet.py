"""Price sheets: overrides change them exactly, and only a finished sheet fills in what was left unsaid."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.pricing.sheet import PRICES, TOKEN_PRICES, Head, Override, Sheet, card_of, overridden, price_text, telling
from solvent.values.errors import Invalid

NAMES = st.sampled_from(sorted(PRICES))
PICOS = st.fractions(0, 10**9, max_denominator=50)
NAMED = st.dictionaries(NAMES, PICOS, max_size=6)
EDGES = st.integers(1, 10**6)
HEAD = Head("c", "USD", "", "", 0, "")


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    """A sheet as a file gives it: a tier repeats what it does not change."""
    prices = draw(NAMED)
    tiers = draw(st.dictionaries(EDGES, NAMED, max_size=3))
    return Sheet(prices, {above: {**prices, **tiers[above]} for above in sorted(tiers)})


OVERRIDES = st.builds(
    Override, st.fractions(0, 10, max_denominator=30), NAMED, st.dictionaries(EDGES, NAMED, max_size=2)
)


@given(sheets(), OVERRIDES)
@settings(deadline=None)
def test_an_override_multiplies_then_names_then_knows_its_own_tiers(sheet: Sheet, override: Override) -> None:
    changed = overridden(sheet, override)
    assert list(changed.tiers) == sorted({*sheet.tiers, *override.tiers})
    for above in (0, *changed.tiers):
        before = sheet.tiers.get(above, sheet.prices) if above else sheet.prices
        after = changed.tiers[above] if above else changed.prices
        own = override.tiers.get(above, {}) if above else {}
        for name in {*before, *override.prices, *own}:
            times = override.times if name in TOKEN_PRICES else 1
            expected = own.get(name, override.prices.get(name, before.get(name, Fraction(0)) * times))
            assert after[name] == expected


@given(sheets())
@settings(deadline=None)
def test_an_override_of_nothing_changes_nothing(sheet: Sheet) -> None:
    assert overridden(sheet, Override(Fraction(1), {}, {})) == sheet


@given(sheets())
@settings(deadline=None)
def test_a_finished_card_says_what_the_sheet_says(sheet: Sheet) -> None:
    try:
        card = card_of(HEAD, sheet, {}, {}, "f")
    except Invalid as wrong:
        assert "finer" in wrong.message  # noqa: PT017  # more than a billion parts of a pico
        return
    for prices, made in ((sheet.prices, card), *zip(sheet.tiers.values(), card.tiers, strict=True)):
        for name, picos in prices.items():
            assert Fraction(getattr(made, PRICES[name][0]), made.parts) == picos
        assert not set(made.borrowed) & set(prices)
        for name, (field, _) in PRICES.items():
            assert (getattr(made, field) is not None) or name not in {*prices, *made.borrowed}


@pytest.mark.parametrize(
    ("name", "picos", "text"),
    [
        ("input", Fraction(150_000), "0.15"),
        ("input", Fraction(10**6, 12), "1/12"),
        ("input", Fraction(1), "0.000001"),
        ("input", Fraction(1, 2), "0.0000005"),
        ("input", Fraction(0), "0"),
        ("output", Fraction(75 * 10**6), "75"),
        ("web_search", Fraction(10**10), "0.01"),
        ("answer", Fraction(50 * 10**12), "50"),
    ],
)
def test_a_price_is_said_as_people_write_it(name: str, picos: Fraction, text: str) -> None:
    assert price_text(name, picos) == text


@given(NAMES, PICOS)
@settings(deadline=None)
def test_what_is_said_of_a_price_is_exact(name: str, picos: Fraction) -> None:
    assert Fraction(price_text(name, picos)) == picos * Fraction(PRICES[name][1], 10**12)


def test_prices_that_only_repeat_another_tell_nothing() -> None:
    prices = {"input": 2, "cached_input": 1, "output": 9, "reasoning": 9, "image_input": 2, "audio_output": 9}
    assert telling(prices, ["audio_output"]) == {"input": 2, "cached_input": 1, "output": 9}
    assert telling(prices | {"reasoning": 8}, []) == {
        "input": 2, "cached_input": 1, "output": 9, "reasoning": 8, "audio_output": 9}  # fmt: skip
