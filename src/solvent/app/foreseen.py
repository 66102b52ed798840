"""What was foreseen of an answer's cost beside what a server then measured: whether an estimate is to be believed."""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.app.capacity_data import FoundModel
from solvent.app.probed import Probed
from solvent.app.sizing import CostBody, Wanted, cost_terms, size_found
from solvent.capacity.answer_cost import answer_cost
from solvent.capacity.hardware import Fleet
from solvent.values.errors import Invalid
from solvent.values.money import decimal, plain

_BUSY: Final = 1.0  # of the hours: idle ones cost the same whatever an answer takes


class Answer(msgspec.Struct, frozen=True):
    """What an answer costs, as exact decimals. low, high: "" where the measuring was too short to tell."""

    cost: str
    low: str
    high: str


class Foresight(msgspec.Struct, frozen=True):
    """One estimate. off: estimate over measured, less 1. is_within: whether its interval holds what was measured."""

    level: str
    answer: Answer
    off: float
    is_within: bool


class Check(msgspec.Struct, frozen=True):
    """Another load than the one that was probed, foreseen and measured; while the machine is busy, without power.

    at_once: of the load. by_probe: with the probe. by_itself: what was said before anything was asked.
    """

    model: str
    hardware: str
    currency: str
    at_once: int
    measured: Answer
    by_probe: Foresight
    by_itself: Foresight


class Checking(msgspec.Struct, frozen=True):
    """Whose estimate is checked, and at what load. device_hour: what a device costs; "" for its listed rent."""

    model: FoundModel
    fleet: Fleet
    at_once: int
    device_hour: str = ""
    currency: str = "USD"

    def wanted(self, read: float, written: float) -> Wanted:
        """The load, of answers that read and write so many tokens. Raises Invalid where no rent is known."""
        wanted = Wanted(
            input_tokens=round(read), output_tokens=max(1, round(written)), batch=self.at_once, utilisation=_BUSY,
            currency=self.currency, device_hour=self.device_hour,
        )  # fmt: skip
        if cost_terms(self.fleet, wanted) is None:
            raise Invalid("bad_request", "nobody said what this hardware costs an hour; add --rate", param="rate")
        return wanted


def demand_foreseeable(of: Checking, read: float, written: float) -> None:
    """Raises Invalid for what could not be foreseen after all: what does not fit, or has no rent."""
    size_found(of.model, of.fleet, of.wanted(read, written))


def checked(of: Checking, probed: Probed, again: Probed) -> Check:
    """probed: the load that estimates are corrected by. again: the one that is foreseen."""
    wanted = of.wanted(probed.input_tokens, probed.output_tokens)
    measured = _measured(of, wanted, again)
    by_probe, by_itself = (size_found(of.model, of.fleet, wanted, by) for by in (probed, None))
    told = []
    for one in (by_probe, by_itself):
        assert one.cost is not None, "a rent was demanded"
        told.append(_foresight(one.level, one.cost, measured))
    return Check(by_probe.model, by_probe.hardware, of.currency, of.at_once, measured, *told)


def _measured(of: Checking, wanted: Wanted, again: Probed) -> Answer:
    terms = cost_terms(of.fleet, wanted)
    assert terms is not None, "a rent was demanded"
    seconds = of.fleet.count * again.output_tokens / again.tokens_per_s
    ends = (again.step_s, again.step_low_s, again.step_high_s)
    cost, low, high = (plain(answer_cost(seconds * end / again.step_s, 0.0, terms).total) for end in ends)
    return Answer(cost, low, high) if again.step_high_s else Answer(cost, "", "")


def _foresight(level: str, cost: CostBody, measured: Answer) -> Foresight:
    told, low, high, was = (decimal(text, "cost") for text in (cost.total, cost.low, cost.high, measured.cost))
    return Foresight(
        level, Answer(cost.total, cost.low, cost.high), round(float(told / was) - 1, 4), low <= was <= high
    )
