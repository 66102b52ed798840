"""Re-rating: the card that should have been in force, and the difference to what was booked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing.cards import EXCHANGES, cards, exchange_of, usages

from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import Hours, RateCard
from solvent.pricing.rating import rate
from solvent.pricing.rerate import card_by_rights, difference, name_of, tariff_of
from solvent.values.errors import Invalid
from solvent.values.money import Money
from solvent.values.usage import Usage

OLD = RateCard("c", "USD", 0, "", input_picos=150_000)
RIGHT = RateCard("c", "USD", 0, "", input_picos=510_000, revision=2)
LATE = RateCard("c", "USD", 500, "", input_picos=100_000)


def test_a_correction_and_a_late_entry_are_what_counts_by_rights() -> None:
    cards = (OLD, RIGHT, LATE)
    assert card_by_rights(cards, OLD.version, 499) == RIGHT
    assert card_by_rights(cards, OLD.version, 500) == LATE
    assert card_by_rights(cards, OLD.version, -1) is None


def test_an_answer_stays_in_its_tariff_and_its_hour() -> None:
    batch = RateCard("c", "USD", 0, "", input_picos=1, variant="batch")
    night = RateCard("c", "USD", 0, "", input_picos=2, variant="00:00-04:00", tariffs=(
        RateCard("c", "USD", 0, "", input_picos=3, variant="00:00-04:00+batch"),))  # fmt: skip
    card = RateCard("c", "USD", 0, "", tariffs=(batch,), hours=(Hours(0, 240, night),))
    noon = 12 * 3_600 * 10**6
    assert card_by_rights([card], "c@1970-01-01+batch", noon) == batch
    assert card_by_rights([card], "c@1970-01-01", noon) == card
    assert card_by_rights([card], "c@1970-01-01+batch", 0) == night.tariffs[0]
    assert card_by_rights([card], "c@1970-01-01+00:00-04:00", 0) == night
    assert card_by_rights([OLD], "c@1970-01-01+batch", 0) is None, "no such tariff any more"


@pytest.mark.parametrize(
    ("version", "name", "tariff"),
    [("c@2026-11-01", "c", ""), ("a/b@2026-11-01.2+flex", "a/b", "flex"), ("c@2026-11-01T05:00:00Z", "c", ""),
     ("c@2026-11-01+01:00-04:00", "c", ""), ("c@2026-11-01+01:00-04:00+batch", "c", "batch"),
     ("a+batch@1", "a+batch", "")],
)  # fmt: skip
def test_a_version_is_taken_apart(version: str, name: str, tariff: str) -> None:
    assert (name_of(version), tariff_of(version)) == (name, tariff)


@given(usages(10**6), cards(), EXCHANGES, st.integers(0, 10**15))
@settings(deadline=None)
def test_booked_and_difference_come_to_the_right_amount(
    usage: Usage, card: RateCard, drawn: Exchange, grains: int
) -> None:
    for exchange in (None, exchange_of(card, drawn)):
        due = rate(usage, card, exchange)
        booked = Money(grains, due.currency)
        assert booked + difference(usage, card, booked, exchange) == due
        assert difference(usage, card, due, exchange).grains == 0


def test_another_currency_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        difference(Usage(), OLD, Money(0, "KRW"))
    assert caught.value.code == "bad_correction"
    with pytest.raises(Invalid):
        difference(Usage(), OLD, Money(0, "KRW"), Exchange("EUR", "KRW", 1, 1, 0, ""))
