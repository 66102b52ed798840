"""What an answer cost is taken apart as it is booked, and told from other sides: by service, key and kind of use."""

from __future__ import annotations

from hypothesis import given, settings
from tests.answering.settling import OUTCOMES, measurements, openings, settled

from solvent.answering.receipt import Outcome
from solvent.answering.settlement import Opened
from solvent.margin.facet import read
from solvent.metering.meter import Measurement
from solvent.pricing.parts import KINDS


@given(openings(), measurements(), OUTCOMES)
@settings(deadline=None, max_examples=120)
def test_the_parts_of_the_cost_sum_to_it(opened: Opened, measured: Measurement, outcome: Outcome) -> None:
    settlement = settled(opened, measured, outcome)
    receipt = settlement.receipt
    assert sum(grains for _, grains in read(receipt.cost_parts)) == receipt.cost_grains
    assert {name for name, _ in read(receipt.cost_parts)} <= ({"failed"} if outcome == "failed" else set(KINDS))
    assert receipt.service == "api/chat"
