"""Today: what is left so far, against yesterday and the week, what needs a look, and receipts as they arrive."""

from __future__ import annotations

import json
import shlex
from typing import Final

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from solvent.answering.hours_store import Hour
from solvent.app.build import App
from solvent.app.live_events import live
from solvent.app.problems import refuse
from solvent.app.report import Report, Shown, Span, report
from solvent.app.report_body import line_body
from solvent.console.alerts import alerts
from solvent.console.hours import Hours
from solvent.console.start_pages import STEPS, steps_done
from solvent.identity.caller import Caller
from solvent.identity.permission import may
from solvent.margin.break_even import cost_each
from solvent.margin.line import GroupBy, MarginLine, MarginSums
from solvent.margin.month_end import PACE_DAYS, MonthEnd, month_end
from solvent.pages.visit import Visit
from solvent.values.errors import SolventError
from solvent.values.instant import HOUR_US, US_PER_S, iso
from solvent.values.money import Money, plain
from solvent.values.period import (
    day_name,
    day_number,
    first_day,
    month_number,
    next_month,
    start_of_day,
    start_of_month,
)

WEEK_DAYS: Final = 7
MODELS_MAX: Final = 12


class Today:
    """The places of the console's first page."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._hours = Hours(app.database)

    async def show(self, visit: Visit) -> Response:
        """The page, for whoever may see money; the others are told where their work is."""
        if not may(visit.caller.role, "margin.read"):
            return visit.page("console/welcome.html")
        app, now_us = self._app, self._app.desk.now_us()
        today = app.desk.day(now_us)
        await app.live.catch_up()
        made = await self._report("model", today, today)
        week = await self._report("day", today - WEEK_DAYS, today - 1)
        foretold = await self._foretold(today, now_us)
        start_us, yesterday_us = (start_of_day(number, app.desk.time_zone) for number in (today, today - 1))
        so_far = await self._hours.between(start_us, now_us, now_us)
        before = await self._hours.between(yesterday_us, yesterday_us + now_us - start_us, now_us)
        line, currency = app.live.today, app.desk.currency
        lines = sorted((one for one in made.lines if one.name), key=lambda one: -one.sums.cost_grains)
        state = {
            "today": line_body(line, {}), "currency": currency, "time_zone": str(app.desk.time_zone),
            "before": _before(before, week, day_name(today - 1)), "now": iso(now_us),
        }  # fmt: skip
        return visit.page(
            "console/today.html", now_us=now_us, margin=line.margin, state=msgspec.to_builtins(state),
            chart=_day(line, so_far, start_us, now_us, visit), month_began=self._month_began(now_us),
            models=lines[:MODELS_MAX], others=lines[MODELS_MAX:], foretold=foretold, plans=made.plans,
            alerts=await alerts(app, visit), each=cost_each,
            steps_left=await _steps_left(app, visit), command=_command(visit, next(iter(app.desk.routes), "MODEL")),
        )  # fmt: skip

    async def live_events(self, visit: Visit) -> Response:
        """The stream that GET /v1/live is, for whoever is signed in."""
        return _LiveEvents(self._app, visit.caller)

    async def _foretold(self, today: int, now_us: int) -> MonthEnd | None:
        """What the month comes to at the pace of the last whole days."""
        zone, currency = self._app.desk.time_zone, self._app.desk.currency
        month = month_number(now_us, zone)
        first, after = (day_number(start_of_month(one, zone), zone) for one in (month, next_month(month)))
        past = await self._report("day", min(first, today - PACE_DAYS), today - 1)
        kept = {first_day(line.name, now_us, zone): line.margin for line in past.lines}
        return month_end(kept, first, today, after, currency)

    def _month_began(self, now_us: int) -> str:
        zone = self._app.desk.time_zone
        return day_name(day_number(start_of_month(month_number(now_us, zone), zone), zone))

    async def _report(self, group_by: GroupBy, from_day: int, until_day: int) -> Report:
        app = self._app
        return await report(Shown(group_by), Span(from_day, until_day), app.desk.currency, app.database)


class _LiveEvents(Response):
    def __init__(self, app: App, caller: Caller) -> None:
        super().__init__()
        self._app = app
        self._caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await live(self._app, self._caller, receive, send)
        except SolventError as problem:
            await refuse(send, problem)


async def _steps_left(app: App, visit: Visit) -> int:
    """Of the first run, for who may go there."""
    return len(STEPS) - len(await steps_done(app)) if may(visit.caller.role, "operators.read") else 0


def _command(visit: Visit, model: str) -> str:
    """How to ask for the first answer in a terminal."""
    question = {"model": model, "messages": [{"role": "user", "content": visit.words("live.sample_question")}]}
    lines = (
        f"curl {str(visit.request.base_url).rstrip('/')}/v1/chat/completions",
        '-H "Authorization: Bearer YOUR_KEY"', '-H "Content-Type: application/json"',
        f"-d {shlex.quote(json.dumps(question, ensure_ascii=False))}",
    )  # fmt: skip
    return " \\\n  ".join(lines)


def _before(hours: list[Hour], week: Report, yesterday: str) -> dict[str, object]:
    """What today is held against: yesterday until this hour, with all that plans earned that day, and a week."""
    earned = next((line.sums.earned_grains for line in week.lines if line.name == yesterday), 0)
    brought = earned + sum(hour.brought_grains for hour in hours)
    return {
        "answers": sum(hour.answers for hour in hours),
        "revenue": plain(Money(brought, week.currency)),
        "cost": plain(Money(sum(hour.cost_grains for hour in hours), week.currency)),
        "week": line_body(week.total, {}),
    }


def _day(line: MarginLine, hours: list[Hour], start_us: int, now_us: int, visit: Visit) -> dict[str, object]:
    """The chart: what had come in and gone out by the end of each hour; what plans earn in a day from its beginning.

    The last point is the books' own sum, whatever was corrected since. Nothing is foretold.
    """
    brought, cost = line.sums.earned_grains, 0
    points = [_point(0, brought, cost, line.currency)]
    for number, hour in enumerate(hours[:-1], 1):
        brought, cost = brought + hour.brought_grains, cost + hour.cost_grains
        points.append(_point(number, brought, cost, line.currency))
    now = (now_us - start_us) // US_PER_S * US_PER_S / HOUR_US
    sums = line.sums
    points.append(_point(now, _brought(sums) + sums.earned_grains, sums.cost_grains, line.currency))
    return {
        "kind": "day", "label": visit.words("live.day_label"), "currency": line.currency, "points": points, "now": now,
        "expected": None,
    }  # fmt: skip


def _brought(sums: MarginSums) -> int:
    return sums.charge_grains - sums.granted_grains


def _point(at: float, revenue: int, cost: int, currency: str) -> dict[str, object]:
    return {"at": at, "revenue": plain(Money(revenue, currency)), "cost": plain(Money(cost, currency))}
