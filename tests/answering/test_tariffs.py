"""Settling in the tariff that the provider says: each book by its own prices for it."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.answering.settling import OUTCOMES, measurements, openings, settled, sums_of
from tests.pricing.cards import cards

from solvent.answering.receipt import Outcome
from solvent.answering.route import Prices
from solvent.answering.settlement import Opened
from solvent.metering.meter import Measurement
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rerate import tariff_of

TARIFF = st.sampled_from(["batch", "flex", "priority", "fast"])


@given(openings(), measurements(), OUTCOMES, TARIFF, st.booleans(), st.booleans(), st.data())
@settings(deadline=None, max_examples=150)
def test_each_book_rates_an_answer_in_the_tariff_it_was_served_in_if_it_has_that(
    opened: Opened, measured: Measurement, outcome: Outcome, tariff: str, costs: bool, sells: bool, data: st.DataObject
) -> None:
    """As if that tariff's prices were the plain ones; a book without it stays at its plain prices, and of cost we are
    told."""

    def with_tariff(card: RateCard, *, has: bool) -> RateCard:
        own = data.draw(cards(currency=st.just(card.currency), by_the_hour=False))
        tariffs = (msgspec.structs.replace(own, variant=tariff),) if has else ()
        return msgspec.structs.replace(card, tariffs=tariffs)

    plain = opened.prices
    cost, price = with_tariff(plain.cost, has=costs), with_tariff(plain.price, has=sells)
    opened = msgspec.structs.replace(opened, prices=Prices(cost, price, plain.cost_exchange))
    meant = Prices(cost.tariffs[0] if costs else cost, price.tariffs[0] if sells else price, plain.cost_exchange)
    done = settled(opened, msgspec.structs.replace(measured, tariff=tariff), outcome)
    as_plain = settled(msgspec.structs.replace(opened, prices=meant), measured, outcome)
    assert (done.transfers, done.bill) == (as_plain.transfers, as_plain.bill)
    assert sums_of(done.receipt) == sums_of(as_plain.receipt)
    assert (tariff_of(done.receipt.cost_card), tariff_of(done.receipt.price_card)) == (
        tariff if costs else "", tariff if sells else "",
    )  # fmt: skip
    missing = set(done.receipt.alarms.split()) - set(as_plain.receipt.alarms.split())
    assert missing == (set() if costs else {f"unpriced:cost:{tariff}"})


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=50)
def test_a_tariff_that_nobody_knows_is_rated_plainly_and_told(
    opened: Opened, measured: Measurement, outcome: Outcome
) -> None:
    done = settled(opened, msgspec.structs.replace(measured, tariff="unknown"), outcome)
    as_plain = settled(opened, measured, outcome)
    assert (done.transfers, done.bill) == (as_plain.transfers, as_plain.bill)
    assert "unpriced:cost:unknown" in done.receipt.alarms.split()
