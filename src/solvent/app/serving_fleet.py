"""The fleet a load needs: one server sized by the room capacity, met by the hours of the simulation."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from solvent.app.capacity_data import find_fleet, find_model
from solvent.app.sizing import Wanted, cost_terms, known_of
from solvent.capacity.estimate import Asked, estimate
from solvent.capacity.hardware import Fleet, precision_named
from solvent.simulation.fleet import FleetNeeded, Server, fleet_needed
from solvent.simulation.outcome import Outcome
from solvent.values.money import grains_per_unit, round_half_even

_MS = 1_000


def fleet_for(outcome: Outcome, model: str, on: str, wanted: Wanted) -> FleetNeeded:
    """How many servers of a model on hardware the outcome's hours need, its answers as long as they are on average.

    wanted: as for `solvent size`; the lengths and the currency are the outcome's. Raises Invalid saying what to mend.
    """
    read, written = _lengths(outcome)
    return fleet_needed(outcome.hours, server_of(model, on, wanted, outcome.currency, read, written))


def server_of(model: str, on: str, wanted: Wanted, currency: str, read: float, written: float) -> Server:
    """One server, for answers that read and write so many tokens. Raises Invalid saying what to mend."""
    found, fleet = find_model(model), find_fleet(on)
    asked = Asked(
        shape=found.shape, fleet=fleet, precision=precision_named(wanted.precision or found.precision),
        input_tokens=read, output_tokens=written, step_s_max=wanted.ms_per_token_max / _MS, batch=wanted.batch,
    )  # fmt: skip
    one = estimate(asked, known_of(found, asked, wanted))
    return Server(
        found.shape.name, fleet.name, one.level, one.evidence, one.tokens_per_s, one.batch / one.high_s,
        one.batch / one.low_s, _hour_grains(currency, fleet, wanted),
    )  # fmt: skip


def _lengths(outcome: Outcome) -> tuple[float, float]:
    """Tokens read and written of an answer, on average."""
    asked = outcome.total.answers + outcome.total.refused
    return max(1.0, outcome.read / asked), max(1.0, outcome.written / asked)


def _hour_grains(currency: str, fleet: Fleet, wanted: Wanted) -> int | None:
    """An hour of one server; None where its rent is listed in another currency, and nobody said it in this."""
    if currency != "USD" and not wanted.device_hour and not wanted.per_usd:
        return None
    terms = cost_terms(fleet, msgspec.structs.replace(wanted, currency=currency))
    if terms is None:
        return None
    grains: Fraction = terms.device_hour * fleet.count * grains_per_unit(currency)
    return round_half_even(grains.numerator, grains.denominator)
