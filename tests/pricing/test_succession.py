"""Catching up with a list: what it says now holds from now, what it announces is announced, nothing is rewritten."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.pricing.card_file import rate_cards
from solvent.pricing.rate_card import RateCard, card_at
from solvent.pricing.succession import succession
from solvent.values.instant import instant, iso

NOW_US = instant("2026-11-15T09:30:00Z", "now")


def document(*entries: tuple[str, str], currency: str = "USD") -> dict[str, Any]:
    """A card with an input price from each date on."""
    dated = [{"from": since, "source": "x", "input": price, "output": "9"} for since, price in entries]
    return {"card": "c", "currency": currency, "entries": dated}


def added(own: dict[str, Any], published: dict[str, Any]) -> list[tuple[str, str]]:
    found = succession(own, published, NOW_US, "f")
    assert found.left == ""
    return [(entry["from"], entry["input"]) for entry in found.entries]


OWN = document(("2026-01-01", "5"))


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (document(("2026-01-01", "5")), []),
        (document(("1970-01-01", "5.00")), []),  # the same price, whenever it is said to have begun
        (document(("2026-01-01", "7"), ("2026-06-01", "5")), []),
        # a new date: the price changed then
        (document(("2026-01-01", "5"), ("2026-10-01", "4")), [("2026-10-01", "4")]),
        # changed in place, without a date: it holds from now on
        (document(("1970-01-01", "4")), [("2026-11-15T09:30:00Z", "4")]),
        (document(("2025-12-01", "4")), [("2026-11-15T09:30:00Z", "4")]),
        # announced
        (
            document(("2026-01-01", "5"), ("2026-12-01", "3"), ("2027-01-01", "2")),
            [("2026-12-01", "3"), ("2027-01-01", "2")],
        ),
        (document(("1970-01-01", "4"), ("2026-12-01", "3")), [("2026-11-15T09:30:00Z", "4"), ("2026-12-01", "3")]),
    ],
)
def test_new_prices_come_behind_the_old(published: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert added(OWN, published) == expected


def test_what_was_announced_and_is_known_is_not_added_again() -> None:
    own = document(("2026-01-01", "5"), ("2026-12-01", "3"))
    assert added(own, document(("2026-01-01", "5"), ("2026-12-01", "3"))) == []
    for published in (document(("2026-01-01", "5")), document(("2026-01-01", "5"), ("2026-12-01", "2")),
                      document(("2026-01-01", "4"), ("2026-12-01", "3"))):  # fmt: skip
        found = succession(own, published, NOW_US, "f")
        assert found.entries == ()
        assert "by hand" in found.left


def test_prices_and_markups_and_currencies_are_not_mixed() -> None:
    markup = {"card": "c", "currency": "USD", "entries": [{"from": "2026-01-01", "markup": {"of": "d"}}]}
    assert "markup" in succession(markup, OWN, NOW_US, "f").left
    assert "KRW" in succession(document(("2026-01-01", "5"), currency="KRW"), OWN, NOW_US, "f").left


DAYS = st.lists(st.integers(0, 700), min_size=1, max_size=4, unique=True).map(sorted)


@st.composite
def documents(draw: st.DrawFn, *, until_us: int | None = None) -> dict[str, Any]:
    days = draw(DAYS)
    starts = [instant("2025-06-01", "x") + day * 86_400 * 10**6 for day in days]
    if until_us is not None:
        starts = [min(starts[0], until_us), *(start for start in starts[1:] if start <= until_us)]
    return document(*((iso(start), draw(st.sampled_from("123"))) for start in sorted(set(starts))))


@given(documents(until_us=NOW_US), documents())
@settings(deadline=None, max_examples=300)
def test_afterwards_the_card_says_from_now_on_what_the_list_says(
    own: dict[str, Any], published: dict[str, Any]
) -> None:
    found = succession(own, published, NOW_US, "f")
    assert found.left == ""
    grown = own | {"entries": [*own["entries"], *found.entries]}
    before, after, theirs = (
        [card for card in rate_cards(one, "f") if isinstance(card, RateCard)] for one in (own, grown, published)
    )
    assert after[: len(before)] == before
    for days in range(0, 800, 7):
        at_us = NOW_US + 10**6 + days * 86_400 * 10**6
        expected = card_at(theirs, at_us) or card_at(before, at_us)
        assert expected is not None
        said = card_at(after, at_us)
        assert said is not None
        assert said.input_picos == expected.input_picos
    assert succession(grown, published, NOW_US, "f").entries == (), "once is enough"
