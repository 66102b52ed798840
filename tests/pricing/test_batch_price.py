"""What answers of a batch are sold at: exactly so much of the plain prices, and known again by its name."""

from __future__ import annotations

from fractions import Fraction

import msgspec
from hypothesis import given
from hypothesis import strategies as some
from tests.pricing.cards import cards, usages

from solvent.pricing.batch_price import batch_price, share_named, share_of
from solvent.pricing.rate_card import Hours, RateCard
from solvent.pricing.rating import rate
from solvent.pricing.rerate import card_by_rights, tariff_of
from solvent.values.usage import Usage

SHARES = some.integers(1, 1000)
OWN = RateCard("card", "USD", 0, "made up", input_picos=7, output_picos=9, variant="batch")


@given(cards(by_the_hour=False), usages(10**6, engine=False), SHARES)
def test_a_share_is_that_much_of_the_plain_price_to_a_grain(card: RateCard, usage: Usage, permille: int) -> None:
    whole, part = rate(usage, card).grains, rate(usage, share_of(card, permille)).grains
    assert abs(part - Fraction(whole * permille, 1000)) <= 1


@given(cards(), SHARES)
def test_it_is_known_again_by_what_its_receipt_quotes(card: RateCard, permille: int) -> None:
    sold = batch_price(msgspec.structs.replace(card, tariffs=(OWN,)), permille, by_tariff=False)
    if permille == 1000:
        assert tariff_of(sold.version) == ""
        return
    assert sold.version == f"card@1970-01-01+batch{permille}"
    assert card_by_rights([card], sold.version, 5) == share_of(card, permille)


def test_a_card_s_own_batch_tariff_comes_first_where_the_plan_says_so() -> None:
    plain = RateCard("card", "USD", 0, "made up", input_picos=10, output_picos=20)
    card = msgspec.structs.replace(plain, tariffs=(OWN,))
    assert batch_price(card, 500, by_tariff=True) == OWN
    assert batch_price(card, 500, by_tariff=False).input_picos == 10
    assert batch_price(plain, 500, by_tariff=True) == share_of(plain, 500)
    assert batch_price(card, 1000, by_tariff=False) == card


def test_a_share_of_an_hour_s_prices_is_of_that_hour() -> None:
    night = RateCard("card", "USD", 0, "made up", input_picos=2, variant="00:00-04:00")
    card = RateCard("card", "USD", 0, "made up", input_picos=10, hours=(Hours(0, 240, night),))
    sold = share_of(night, 500)
    assert (sold.version, sold.input_picos, sold.parts) == ("card@1970-01-01+00:00-04:00+batch500", 2, 2)
    assert card_by_rights([card], sold.version, 0) == sold


def test_other_names_are_no_shares() -> None:
    assert [share_named(name) for name in ("batch", "batch500", "flex", "", "batch-1", "batch12345", "batch٣")] == [
        None, 500, None, None, None, None, None,
    ]  # fmt: skip
