"""Sizes a model on hardware and prices its answer: one result, for the command line as for programs."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import msgspec

from solvent.app.capacity_data import FoundModel, find_fleet, find_model, measured_rows, shipped_rows
from solvent.app.probed import Probed, read_calibration
from solvent.capacity.answer_cost import AnswerCost, CostTerms, answer_cost
from solvent.capacity.calibration import FACTOR_MAX, calibrate
from solvent.capacity.estimate import Asked, Estimate, Known, estimate
from solvent.capacity.hardware import Fleet, precision_named
from solvent.capacity.measured import rows_of
from solvent.capacity.step import step_of
from solvent.values.errors import Invalid
from solvent.values.money import decimal, minor_digits, plain

_MS = 1_000


class Wanted(msgspec.Struct, frozen=True):
    """What to size for. Amounts are decimals of the currency, "" where none was given.

    precision: "" for that of the published weights. batch: 0 for the largest. per_usd: units of the currency a dollar.
    measured: the operator's own rows. calibration: a file of `solvent size calibrate`.
    """

    precision: str = ""
    input_tokens: int = 300
    output_tokens: int = 400
    batch: int = 0
    ms_per_token_max: float = 50.0
    utilisation: float = 0.5
    currency: str = "USD"
    device_hour: str = ""
    per_usd: str = ""
    kilowatt_hour: str = "0"
    extras: str = "0"
    pue: float = 1.2
    measured: Path | None = None
    calibration: Path | None = None


class CostBody(msgspec.Struct, frozen=True):
    """What one answer costs, as exact decimals; low and high by the interval of the step."""

    currency: str
    rent: str
    power: str
    extras: str
    total: str
    low: str
    high: str
    device_hour: str
    price_source: str


class SizeBody(msgspec.Struct, frozen=True):
    """One model on some hardware. cost is None where nobody said what the hardware costs."""

    model: str
    hardware: str
    precision: str
    level: str
    evidence: str
    input_tokens: int
    output_tokens: int
    batch: int
    batch_limit: int
    batch_limited_by: str
    step_ms: float
    step_ms_low: float
    step_ms_high: float
    weights_ms: float
    launching_ms: float
    sequences_ms: float
    serving_ms: float
    first_token_ms: float
    tokens_per_s: float
    tokens_per_s_each: float
    device_seconds_per_answer: float
    answer_s: float
    joules_per_token: float
    watt_hours_per_answer: float
    utilisation: float
    cost: CostBody | None
    found_in: str
    hardware_source: str


def size(model: str, on: str, wanted: Wanted) -> SizeBody:
    """Size a model, by name or file, on hardware. Raises Invalid saying what to mend."""
    return size_found(find_model(model), find_fleet(on), wanted)


def size_found(model: FoundModel, fleet: Fleet, wanted: Wanted, probed: Probed | None = None) -> SizeBody:
    """Size a model that was found. probed: what stands in the calibration's place."""
    precision = precision_named(wanted.precision or model.precision)
    asked = Asked(
        shape=model.shape, fleet=fleet, precision=precision, input_tokens=wanted.input_tokens,
        output_tokens=wanted.output_tokens, step_s_max=wanted.ms_per_token_max / _MS, batch=wanted.batch,
        pue=wanted.pue,
    )  # fmt: skip
    found = estimate(asked, known_of(model, asked, wanted, probed))
    return _body(model, asked, found, wanted)


def known_of(model: FoundModel, asked: Asked, wanted: Wanted, probed: Probed | None = None) -> Known:
    """What was measured of this model on this hardware: the operator's rows, and where they probed nothing those that
    come with the package.

    Raises Invalid for a calibration that is of something else.
    """
    devices = (asked.fleet.device.name, *asked.fleet.device.also)
    if probed is None and wanted.calibration is not None:
        probed = read_calibration(wanted.calibration)
    own = measured_rows(wanted.measured) if wanted.measured is not None else ()
    others = shipped_rows() if probed is None else ()
    rows = rows_of((*own, *others), model.names, devices, asked.fleet.count, asked.precision)
    if probed is None:
        return Known(tuple(rows))
    bare = step_of(asked.shape, asked.fleet, asked.precision, probed.load)
    if not 1 / FACTOR_MAX < probed.step_s / bare.total_s < FACTOR_MAX:
        message = f"{wanted.calibration or probed.base_url}: a token took {probed.step_s * _MS:.3g} ms there, and"
        message += f" {bare.total_s * _MS:.3g} were expected of {model.shape.name} on {asked.fleet.name}; it is of"
        message += " another model or machine"
        raise Invalid("calibration_invalid", message, param="calibration")
    return Known(tuple(rows), calibrate(bare, probed.step_s), probed.told)


def cost_terms(fleet: Fleet, wanted: Wanted) -> CostTerms | None:
    """On what terms the hardware is had; None where no rent is known.

    Raises Invalid for amounts that are no decimals, or a currency without a rate.
    """
    minor_digits(wanted.currency)
    hour = _amount(wanted.device_hour, "--rate")
    if hour is None and fleet.device.usd_per_hour:
        hour = decimal(fleet.device.usd_per_hour, "usd_per_hour") * _per_usd(wanted)
    if hour is None:
        return None
    kilowatt_hour, extras = _amount(wanted.kilowatt_hour, "--kwh"), _amount(wanted.extras, "--extras")
    return CostTerms(wanted.currency, hour, wanted.utilisation, kilowatt_hour or Fraction(0), extras or Fraction(0))


def _per_usd(wanted: Wanted) -> Fraction:
    if wanted.currency == "USD":
        return Fraction(1)
    rate = _amount(wanted.per_usd, "--per-usd")
    if not rate:
        raise Invalid(
            "no_exchange_rate",
            f"rents are listed in USD: say with --per-usd what one is in {wanted.currency}, or the rent with --rate",
            param="per_usd",
        )
    return rate


def _amount(text: str, param: str) -> Fraction | None:
    if not text:
        return None
    amount = decimal(text, param)
    if amount < 0:
        raise Invalid("amount_negative", f"{param}: {text} is below zero", param=param)
    return amount


def _body(model: FoundModel, asked: Asked, found: Estimate, wanted: Wanted) -> SizeBody:
    fleet, terms = asked.fleet, found.terms
    scale = found.step_s / terms.total_s  # a measured row, in the proportions of the formula
    return SizeBody(
        model=model.shape.name, hardware=fleet.name, precision=asked.precision, level=found.level,
        evidence=found.evidence, input_tokens=wanted.input_tokens, output_tokens=wanted.output_tokens,
        batch=found.batch, batch_limit=found.limit.batch, batch_limited_by=found.limit.because,
        step_ms=_ms(found.step_s), step_ms_low=_ms(found.low_s), step_ms_high=_ms(found.high_s),
        weights_ms=_ms(terms.weights_s * scale), launching_ms=_ms(terms.launching_s * scale),
        sequences_ms=_ms(terms.sequences_s * scale), serving_ms=_ms(terms.serving_s * scale),
        first_token_ms=_ms(found.first_token_s), tokens_per_s=round(found.tokens_per_s, 2),
        tokens_per_s_each=round(1 / found.step_s, 2),
        device_seconds_per_answer=_significant(found.device_seconds),
        answer_s=_significant(found.first_token_s + found.step_s * (wanted.output_tokens - 1)),
        joules_per_token=_significant(found.board_joules_per_token),
        watt_hours_per_answer=_significant(found.watt_hours), utilisation=wanted.utilisation,
        cost=_cost(fleet, found, wanted), found_in=model.found_in, hardware_source=fleet.device.source,
    )  # fmt: skip


def _cost(fleet: Fleet, found: Estimate, wanted: Wanted) -> CostBody | None:
    terms = cost_terms(fleet, wanted)
    if terms is None:
        return None
    mid, low, high = (_at(found, terms, step_s) for step_s in (found.step_s, found.low_s, found.high_s))
    source = "as told" if wanted.device_hour else fleet.device.price_source
    hour = f"{float(terms.device_hour):.6g}"
    return CostBody(
        terms.currency, plain(mid.rent), plain(mid.power), plain(mid.extras), plain(mid.total), plain(low.total),
        plain(high.total), hour, source,
    )  # fmt: skip


def _at(found: Estimate, terms: CostTerms, step_s: float) -> AnswerCost:
    share = step_s / found.step_s
    return answer_cost(found.device_seconds * share, found.watt_hours * share, terms)


def _ms(seconds: float) -> float:
    return _significant(seconds * _MS)


def _significant(number: float) -> float:
    """Four digits are more than an estimate knows."""
    return float(f"{number:.4g}")
