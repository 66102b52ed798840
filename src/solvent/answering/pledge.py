"""A pledge: what is set aside for an answer that outlives its request, and each way it can end, written out.

So whoever sees it end, in whatever process and after whatever change of settings and prices, only dates one of them.
"""

from __future__ import annotations

import msgspec

from solvent.answering.receipt import Outcome
from solvent.answering.settlement import Ending, Opened, Settlement, settle
from solvent.metering.meter import Measurement
from solvent.values.usage import Usage

NOTHING = Usage()


class Pledge(msgspec.Struct, frozen=True):
    """done: it was made, and is charged. failed: it was not, and nobody bills us. lost: nobody can say, so it charges
    nothing and its cost is booked."""

    done: Settlement
    failed: Settlement
    lost: Settlement


def pledge_of(opened: Opened, asked: Usage, told: Usage) -> Pledge:
    """asked: what it is to come to, and told: what its upstream says it will: the least is charged, the most may cost.

    Charged is never more than was held, which is for what was asked.
    """
    amounts = sorted((asked, told), key=lambda usage: usage.video_seconds)
    least, most = amounts
    return Pledge(
        _written(opened, Measurement(least, most, estimated=least != most), "answered"),
        _written(opened, Measurement(NOTHING, NOTHING, estimated=False), "failed"),
        _written(opened, Measurement(NOTHING, most, estimated=True), "failed"),
    )


def _written(opened: Opened, measured: Measurement, outcome: Outcome) -> Settlement:
    at_us = opened.question.received_us
    ending = Ending(outcome, at_us, "", "", first_token_us=-1, energy_estimated=False, usage_report="")
    return settle(opened, measured, ending)


def dated(way: Settlement, fault: str, at_us: int) -> Settlement:
    """The way it ended. fault: the code of what was wrong."""
    receipt = msgspec.structs.replace(
        way.receipt, at_us=at_us, total_us=at_us - way.receipt.at_us, fault=fault, finish="" if fault else "stop"
    )
    transfers = tuple(msgspec.structs.replace(row, at_us=at_us) for row in way.transfers)
    return Settlement(receipt, way.bill, transfers)
