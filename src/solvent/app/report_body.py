"""The profit and loss as JSON, for the command, the API and the page alike: amounts are exact decimal texts."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from solvent.app.report import Report
from solvent.margin.availability import AvailabilityLine
from solvent.margin.break_even import BreakEven
from solvent.margin.line import GroupBy, MarginLine
from solvent.margin.waterfall import Step
from solvent.values.instant import HOUR_US
from solvent.values.money import Money, plain

UJ_PER_WATT_HOUR = 3_600_000_000


class LineBody(msgspec.Struct):
    """One line: what answers were charged, the part of it that gifts paid, what plans and packs earned in that time,
    what answers cost, and what is left of it all.

    name: a customer's id, a plan, a model or a day; by model, "" is what plans and packs earned. included: used at
    list price and covered by plans, so not charged. pictures_made, characters, audio_input_seconds, video_seconds:
    made, spoken, heard and filmed. display_name: of a customer.
    """

    name: str
    answers: int
    failed: int
    estimated_answers: int
    revenue: str
    granted: str
    included: str
    earned: str
    cost: str
    margin: str
    cost_per_answer: str | None
    charge_per_answer: str | None
    input_tokens: int
    output_tokens: int
    energy_watt_hours: str
    pictures_made: int
    characters: int
    audio_input_seconds: str
    video_seconds: int
    currency: str
    display_name: str | UnsetType = UNSET


class StandingBody(msgspec.Struct):
    """Where one plan breaks even; nulls while no answer has cost anything."""

    plan: str
    net_price: str
    free_subsidy: str
    fixed: str
    cost_per_answer: str | None
    break_even_answers_month: int | None


class AvailabilityBody(msgspec.Struct):
    """What one model's engine here did with its time, and what it cost while nobody asked.

    idle_watt_hours: null where the machine does not say what it draws.
    """

    model: str
    busy_hours: str
    idle_hours: str
    idle_watt_hours: str | None
    idle_cost: str


class StepBody(msgspec.Struct):
    """One step from what customers pay to what is left. amount: what it adds, or below zero takes; of a total, what
    there is by then."""

    name: str
    amount: str
    is_total: bool


class ReportBody(msgspec.Struct, kw_only=True):
    """The profit and loss of some days. total: of all there is, shown or not.

    availability: of engines that run here; margin_after_idle: the total's, less what they cost while nobody asked.
    customers: by customer, how many there are in all, of whom `rows` has some; else null. waterfall: of all there is.
    """

    object: Literal["margin.report"] = "margin.report"
    currency: str
    group_by: GroupBy
    days: int
    rows: list[LineBody]
    total: LineBody
    customers: int | None
    plans: list[StandingBody]
    availability: list[AvailabilityBody]
    idle_cost: str
    margin_after_idle: str
    waterfall: list[StepBody] | UnsetType = UNSET


def report_body(report: Report, steps: Sequence[Step] | None = None) -> ReportBody:
    """The profit and loss as JSON."""
    return ReportBody(
        currency=report.currency,
        group_by=report.group_by,
        days=report.days,
        rows=[line_body(line, report.names) for line in report.lines],
        total=line_body(report.total, {}),
        customers=report.customers,
        plans=[_standing(standing) for standing in report.plans],
        availability=[_availability(line) for line in report.availability],
        idle_cost=plain(report.idle),
        margin_after_idle=plain(report.total.margin - report.idle),
        waterfall=UNSET if steps is None else [_step(step, report.currency) for step in steps],
    )


def _availability(line: AvailabilityLine) -> AvailabilityBody:
    return AvailabilityBody(
        model=line.model,
        busy_hours=decimals(line.busy_us, HOUR_US, 6),
        idle_hours=decimals(line.idle_us, HOUR_US, 6),
        idle_watt_hours=decimals(line.idle_uj, UJ_PER_WATT_HOUR, 6) if line.energy == "measured" else None,
        idle_cost=plain(line.idle),
    )


def _step(step: Step, currency: str) -> StepBody:
    return StepBody(step.name, plain(Money(step.grains, currency)), step.is_total)


def _standing(standing: BreakEven) -> StandingBody:
    each, currency = standing.cost_per_answer_grains, standing.net_price.currency
    return StandingBody(
        plan=standing.plan,
        net_price=plain(standing.net_price),
        free_subsidy=plain(standing.free_subsidy),
        fixed=plain(standing.fixed),
        cost_per_answer=None if each is None else plain(Money(each, currency)),
        break_even_answers_month=standing.answers_month,
    )


def line_body(line: MarginLine, names: dict[str, str]) -> LineBody:
    """One line of the profit and loss as JSON."""
    sums = line.sums
    return LineBody(
        name=line.name,
        answers=sums.answers,
        failed=sums.failed,
        estimated_answers=sums.estimated_answers,
        revenue=plain(line.charge),
        granted=plain(line.granted),
        included=plain(line.included),
        earned=plain(line.earned),
        cost=plain(line.cost),
        margin=plain(line.margin),
        cost_per_answer=plain(line.cost_each) if line.cost_each else None,
        charge_per_answer=plain(line.charge_each) if line.charge_each else None,
        input_tokens=sums.input_tokens,
        output_tokens=sums.output_tokens,
        energy_watt_hours=decimals(sums.energy_uj, UJ_PER_WATT_HOUR, 6),
        pictures_made=sums.pictures,
        characters=sums.characters,
        audio_input_seconds=decimals(sums.audio_input_ms, 1000, 3),
        video_seconds=sums.video_seconds,
        currency=line.currency,
        display_name=names.get(line.name, UNSET),
    )


def decimals(numerator: int, denominator: int, places: int) -> str:
    """A ratio for people, as a decimal text."""
    return f"{float(Fraction(numerator, denominator)):.{places}f}"
