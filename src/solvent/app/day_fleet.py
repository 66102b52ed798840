"""The fleet for a load over the day, of the books or as stated: servers, how busy they are, and idle rent by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from solvent.answering.receipt_store import Sought, receipts_page
from solvent.app.business import Business
from solvent.app.serving_fleet import server_of
from solvent.app.sizing import Wanted
from solvent.capacity.staffing import RentSplit, rent_split
from solvent.db.port import Connection
from solvent.simulation.day import US_PER_HOUR, day_of
from solvent.simulation.fleet import DAYS_A_MONTH, FleetHour, FleetNeeded, fleet_needed
from solvent.simulation.outcome import HourLoad
from solvent.values.errors import Invalid
from solvent.values.limits import RECEIPTS_READ_MAX
from solvent.values.money import Money, plain
from solvent.values.usage import all_input_tokens, all_output_tokens

_SECONDS_PER_DAY = 86_400
_HOURS_PER_DAY = 24
_THOUSAND = 1_000


class DayLoad(msgspec.Struct, frozen=True):
    """A load over the day, of 24 hours. answers_month: at its pace. read, written: tokens of an answer, on average."""

    source: str
    hours: tuple[HourLoad, ...]
    answers_month: int
    read: float
    written: float


class FleetPlan(msgspec.Struct, frozen=True):
    """One way to run the servers. Amounts are decimals of the month, or of one answer; "" where no rent is known.

    run: "always" all that the busiest hour needs, or "by the hour" what each hour needs at its busiest.
    answer_*: rent of one answer; it is what answers used and what stood idle.
    """

    run: Literal["always", "by the hour"]
    servers: int
    server_hours_month: int
    busy: float
    rent: str = ""
    idle: str = ""
    answer: str = ""
    answer_busy: str = ""
    answer_idle: str = ""


class FleetBody(msgspec.Struct, frozen=True):
    """The fleet for a load, by the hour, and what it comes to both ways."""

    model: str
    hardware: str
    level: str
    evidence: str
    source: str
    currency: str
    input_tokens: float
    output_tokens: float
    answers_month: int
    server_tokens_per_s: float
    server_tokens_per_s_low: float
    server_tokens_per_s_high: float
    hours: tuple[FleetHour, ...]
    plans: tuple[FleetPlan, ...]


def day_fleet(load: DayLoad, model: str, on: str, wanted: Wanted) -> FleetBody:
    """How many servers a load needs. Raises Invalid saying what to mend."""
    server = server_of(model, on, wanted, wanted.currency, load.read, load.written)
    needed = fleet_needed(load.hours, server)
    return FleetBody(
        server.model, server.hardware, server.level, server.evidence, load.source, wanted.currency,
        round(load.read, 1), round(load.written, 1), load.answers_month, round(server.tokens_per_s, 1),
        round(server.tokens_per_s_low, 1), round(server.tokens_per_s_high, 1), needed.hours,
        _plans(needed, load, wanted.currency),
    )  # fmt: skip


def stated_load(answers_per_s: float, peak: float, wanted: Wanted) -> DayLoad:
    """So many answers a second on average, `peak` times as many at the busiest: any hour may be that one."""
    usual, busiest = answers_per_s, answers_per_s * peak
    tokens = [round(rate * wanted.output_tokens * _THOUSAND) for rate in (usual, busiest)]
    answers = [round(rate * _THOUSAND) for rate in (usual, busiest)]
    hours = tuple(HourLoad(hour, *answers, *tokens) for hour in range(_HOURS_PER_DAY))
    month = round(answers_per_s * _SECONDS_PER_DAY * DAYS_A_MONTH)
    return DayLoad("as stated", hours, month, wanted.input_tokens, wanted.output_tokens)


async def booked_load(business: Business, from_us: int, until_us: int, model: str) -> DayLoad:
    """The answers on the books that ended in [from_us, until_us), of one model or "" for all; failed ones are left out.

    Raises Invalid where there are none.
    """
    by_hour: dict[int, tuple[int, int]] = {}
    count = read = written = 0
    sought, before = Sought(model=model, from_us=from_us, until_us=until_us), ""
    while True:
        page, before = await business.database.read(_page_of(business, sought, before))
        for at_us, tokens_read, tokens_written in page:
            answers, tokens = by_hour.get(at_us // US_PER_HOUR, (0, 0))
            by_hour[at_us // US_PER_HOUR] = (answers + 1, tokens + tokens_written)
            count, read, written = count + 1, read + tokens_read, written + tokens_written
        if not before:
            break
    if not count:
        what = f" of {model}" if model else ""
        message = f"the books have no answers{what} in this time; state them with --answers-per-second"
        raise Invalid("no_answers_booked", message, param="since")
    hours = max(by_hour) - min(by_hour) + 1
    month = round(count / hours * _HOURS_PER_DAY * DAYS_A_MONTH)
    came = {hour.hour: hour for hour in day_of(by_hour, business.time_zone)}
    day = tuple(came.get(hour, HourLoad(hour, 0, 0, 0, 0)) for hour in range(_HOURS_PER_DAY))
    return DayLoad("the books", day, month, max(1.0, read / count), max(1.0, written / count))


def _page_of(
    business: Business, sought: Sought, before: str
) -> Callable[[Connection], tuple[list[tuple[int, int, int]], str]]:
    """Of each answer when it ended and the tokens it read and wrote, and where the next page begins."""

    def read(connection: Connection) -> tuple[list[tuple[int, int, int]], str]:
        page = receipts_page(connection, sought, before, RECEIPTS_READ_MAX, business.time_zone)
        found = [one for one in page.receipts if one.outcome != "failed"]
        return [(one.at_us, all_input_tokens(one.usage), all_output_tokens(one.usage)) for one in found], page.before

    return read


def _plans(needed: FleetNeeded, load: DayLoad, currency: str) -> tuple[FleetPlan, ...]:
    each_hour = sum(hour.servers_peak for hour in needed.hours)
    every_hour = needed.servers_always * len(needed.hours)
    return (
        _plan("always", needed, load, every_hour, needed.always_month_grains, currency),
        _plan("by the hour", needed, load, each_hour, needed.by_hour_month_grains, currency),
    )


def _plan(
    run: Literal["always", "by the hour"], needed: FleetNeeded, load: DayLoad, hours: int, rent_grains: int | None,
    currency: str,
) -> FleetPlan:  # fmt: skip
    tokens = sum(hour.tokens for hour in load.hours) / _THOUSAND
    busy = tokens / (hours * needed.server.tokens_per_s) if hours else 0.0
    plan = FleetPlan(run, needed.servers_always, round(hours * DAYS_A_MONTH), round(busy, 4))
    if rent_grains is None:
        return plan
    split: RentSplit = rent_split(rent_grains, busy, load.answers_month)
    of_each = split.busy_each_grains, split.idle_each_grains
    rent, idle, answer, used, waited = (
        plain(Money(grains, currency)) for grains in (rent_grains, split.idle_grains, sum(of_each), *of_each)
    )
    return msgspec.structs.replace(plan, rent=rent, idle=idle, answer=answer, answer_busy=used, answer_idle=waited)
