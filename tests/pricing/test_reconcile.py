"""Two lists side by side: every disagreement over the tolerance is shown with both values, none is swallowed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.pricing.reconcile import Disagreement, in_our_names, reconcile
from solvent.pricing.sheet import Sheet


def sheet(tiers: dict[int, dict[str, int]] | None = None, **dollars: int) -> Sheet:
    """Prices in millionths of a dollar per million tokens."""
    plain = {name: Fraction(price) for name, price in dollars.items()}
    return Sheet(plain, {
        above: {**plain, **{name: Fraction(price) for name, price in own.items()}}
        for above, own in (tiers or {}).items()
    })  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "theirs", "disagrees"),
    [(100, 100, False), (100, 101, False), (100, 99, False), (100, 102, True), (100, 98, True), (0, 0, False),
     (0, 1, True), (1, 0, True), (10**6, 10**6 + 10**4, False), (10**6, 10**6 + 10**4 + 1, True)],
)  # fmt: skip
def test_one_per_cent_is_the_line(ours: int, theirs: int, disagrees: bool) -> None:
    found = reconcile({"a": sheet(input=ours)}, {"a": sheet(input=theirs)})
    assert (found.compared, bool(found.disagreements)) == (1, disagrees)


def test_a_disagreement_has_both_values() -> None:
    found = reconcile({"a": sheet(input=2_500_000)}, {"a": sheet(input=3_000_000)})
    assert found.disagreements == (Disagreement("a", "input", 0, "2.5", "3", 2_000),)
    assert reconcile({"a": sheet(input=2_500_000)}, {"a": sheet(input=3_000_000)}, Fraction(1, 5)).disagreements == ()


def test_what_one_side_knows_is_shown_and_not_compared() -> None:
    found = reconcile(
        {"a": sheet(input=1, reasoning=7), "b": sheet(input=1)}, {"a": sheet(input=1, output=8), "c": sheet()}
    )
    assert (found.compared, found.disagreements) == (1, ())
    assert [(one.price, one.ours, one.theirs) for one in found.one_sided] == [
        ("output", "", "0.000008"), ("reasoning", "0.000007", "")]  # fmt: skip
    assert (found.only_ours, found.only_theirs) == (("b",), ("c",))


def test_tiers_are_compared_at_every_height() -> None:
    ours = {"a": sheet({200_000: {"input": 20}}, input=10)}
    same = reconcile(ours, {"a": sheet({199_999: {"input": 20}}, input=10)})
    assert same.disagreements == (), "one token makes no tier"
    assert same.compared == 2
    none = reconcile(ours, {"a": sheet(input=10)})
    assert [(one.above_tokens, one.ours, one.theirs) for one in none.disagreements] == [
        (200_000, "0.00002", "0.00001")]  # fmt: skip
    lower = reconcile(ours, {"a": sheet({128_000: {"input": 20}}, input=10)})
    assert [one.above_tokens for one in lower.disagreements] == [128_000]


def test_another_lists_names_are_found_again() -> None:
    theirs = {"openai/gpt-4.1": sheet(input=1), "mistralai/large": sheet(input=2), "anthropic/Claude-5": sheet(input=3)}
    ours = {name: sheet() for name in ("openai/gpt-4-1", "openrouter/mistralai/large", "anthropic/claude-5", "x/y")}
    assert in_our_names(theirs, ours) == {
        "openai/gpt-4-1": theirs["openai/gpt-4.1"], "openrouter/mistralai/large": theirs["mistralai/large"],
        "anthropic/claude-5": theirs["anthropic/Claude-5"],
    }  # fmt: skip
    assert in_our_names(theirs, {"openai/gpt-4.1": sheet()}) == theirs


NAMES = st.sampled_from(["input", "output", "cached_input", "web_search"])
SHEETS = st.dictionaries(NAMES, st.integers(0, 1_000), max_size=4).map(lambda prices: sheet(None, **prices))
LISTS = st.dictionaries(st.sampled_from("abc"), SHEETS, max_size=3)


@given(LISTS, LISTS, st.fractions(0, 1, max_denominator=100))
@settings(deadline=None, max_examples=300)
def test_nothing_is_swallowed(ours: dict[str, Sheet], theirs: dict[str, Sheet], tolerance: Fraction) -> None:
    found = reconcile(ours, theirs, tolerance)
    shown = {(one.card, one.price) for one in found.disagreements}
    lone = {(one.card, one.price) for one in found.one_sided}
    for card in {*ours, *theirs}:
        if card not in ours or card not in theirs:
            assert card in found.only_ours + found.only_theirs
            continue
        for price in {*ours[card].prices, *theirs[card].prices}:
            one, other = ours[card].prices.get(price), theirs[card].prices.get(price)
            if one is None or other is None:
                assert (card, price) in lone
            else:
                assert ((card, price) in shown) == (abs(one - other) > tolerance * one)
    assert reconcile(ours, ours, Fraction(0)).disagreements == ()
