"""Margins: who earns and who bleeds, as a picture first, then as a table whose every line leads to single answers."""

from __future__ import annotations

import csv
import io
from functools import partial
from typing import Any, Final, get_args

import msgspec
from starlette.responses import Response

from solvent.answering.receipt_store import KeyUse, Sought, receipts_page, used_by_key
from solvent.app.build import App
from solvent.app.report import Report, Shown, Span, report
from solvent.app.report_body import line_body
from solvent.db.port import Connection
from solvent.identity import store as identity_store
from solvent.margin import store as margin_store
from solvent.margin.break_even import cost_each
from solvent.margin.line import GroupBy, MarginLine, MarginSums
from solvent.margin.ranking_store import Ranking, rank
from solvent.pages.visit import Visit
from solvent.values.errors import Invalid
from solvent.values.money import Money, plain
from solvent.values.period import day_name, first_day, start_of_day

SPANS: Final = (1, 7, 30, 90)  # days that a click chooses; any others stand in the address
BARS_MAX: Final = 200  # of each end of the shore
ROWS_MAX: Final = 100  # of the table; the file has all that the shore has
COSTS_MAX: Final = 6  # models with a step of their own in the waterfall
_GROUPS: Final[tuple[GroupBy, ...]] = get_args(GroupBy)
ANSWERS: Final = 50  # on one page of them


class Chosen(msgspec.Struct, frozen=True):
    """What the address says. span: the days. open: the customer whose line is unfolded; "" for none."""

    by: GroupBy
    since: str
    span: Span
    open: str


class Margins:
    """The places of margins."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def show(self, visit: Visit) -> Response:
        """The page."""
        chosen = self._chosen(visit)
        made, ranking, lines = await self._read(chosen)
        names = await self._app.database.read(
            lambda connection: identity_store.names_of(connection, _customers(ranking, lines, chosen))
        )
        inside = await self._inside(chosen, made) if chosen.open else None
        return visit.page(
            "console/margins.html", chosen=chosen, made=made, spans=SPANS, groups=_GROUPS,
            each=cost_each, shore=_shore(visit, ranking, made.currency, names), fall=_waterfall(visit, made),
            lines=lines[:ROWS_MAX], hidden=max(0, _count(chosen, ranking, lines) - ROWS_MAX), names=names,
            customers=ranking.customers, is_cut=ranking.customers > BARS_MAX, inside=inside,
            losing=sum(line.margin.grains < 0 for line in ranking.losers), bars=BARS_MAX,
        )  # fmt: skip

    async def file(self, visit: Visit) -> Response:
        """The same lines for a spreadsheet: amounts are exact."""
        chosen = self._chosen(visit)
        _, ranking, lines = await self._read(chosen)
        names = await self._app.database.read(
            lambda connection: identity_store.names_of(connection, _customers(ranking, lines, chosen))
        )
        written = io.StringIO()
        rows = [msgspec.to_builtins(line_body(line, names)) for line in lines]
        if rows:
            columns = [name for name in rows[0] if name != "display_name"]
            table = csv.DictWriter(written, [*columns, "display_name"], restval="")
            table.writeheader()
            table.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
        kept = {"content-disposition": f'attachment; filename="margins-{chosen.by}.csv"', "cache-control": "no-store"}
        return Response("\ufeff" + written.getvalue(), media_type="text/csv; charset=utf-8", headers=kept)

    async def answers(self, visit: Visit) -> Response:
        """The single answers behind a line, newest first."""
        chosen, query = self._chosen(visit), visit.query
        zone = self._app.desk.time_zone
        first, last = chosen.span.from_day, chosen.span.today
        if query.get("day"):
            first = last = first_day(query["day"], self._app.desk.now_us(), zone)
        sought = Sought(
            customer=query.get("customer", ""), model=query.get("model", ""), plan=query.get("plan", ""),
            key=query.get("key", "") if query.get("customer") else "",
            from_us=start_of_day(first, zone), until_us=start_of_day(last + 1, zone),
        )  # fmt: skip
        before = query.get("before", "")
        look = partial(receipts_page, sought=sought, before=before, count=ANSWERS, in_zone=zone)
        found = await self._app.database.read(look)
        kept = {name: value for name, value in query.items() if name not in ("before", "next") and value}
        return visit.page(
            "console/margin_answers.html", found=found, kept=kept, names=self._app.names, from_day=day_name(first),
            until_day=day_name(last), about=", ".join(name for name in self._about(sought) if name),
        )  # fmt: skip

    def _about(self, sought: Sought) -> tuple[str, ...]:
        return self._app.names.get(sought.customer, sought.customer), sought.plan, sought.model, sought.key

    def _chosen(self, visit: Visit) -> Chosen:
        """Raises Invalid for what no link of ours says."""
        query, desk = visit.query, self._app.desk
        since, now_us = query.get("since", "30d"), desk.now_us()
        by = next((known for known in _GROUPS if known == query.get("by", "customer")), None)
        if by is None:
            raise Invalid("bad_request", f"by: choose {', '.join(_GROUPS)}", param="by")
        today = desk.day(now_us)
        span = Span(min(today, first_day(since, now_us, desk.time_zone)), today)
        return Chosen(by, since, span, query.get("open", ""))

    async def _read(self, chosen: Chosen) -> tuple[Report, Ranking, list[MarginLine]]:
        app, span = self._app, chosen.span
        currency = app.desk.currency
        made = await report(Shown("model"), span, currency, app.database)
        ranking = await app.database.read(
            lambda connection: rank(connection, span.from_day, span.today, currency, BARS_MAX)
        )
        if chosen.by == "customer":
            return made, ranking, _both_ends(ranking)
        lines = made.lines
        if chosen.by != "model":
            lines = (await report(Shown(chosen.by), span, currency, app.database)).lines
        if chosen.by != "day":
            lines = sorted(lines, key=lambda line: (line.margin.grains, line.name))
        return made, ranking, lines

    async def _inside(self, chosen: Chosen, made: Report) -> dict[str, Any]:
        """What one customer's line unfolds to: their models, and where they stand on their plan's line."""
        span, currency, of = chosen.span, made.currency, chosen.open

        def read(connection: Connection) -> tuple[list[MarginLine], list[MarginLine], dict[str, KeyUse]]:
            by_model, by_plan = (
                margin_store.lines(connection, group, span.from_day, currency, until_day=span.today, customer=of)
                for group in ("model", "plan")
            )  # fmt: skip
            start_us = start_of_day(span.from_day, self._app.desk.time_zone)
            return by_model, by_plan, used_by_key(connection, of, start_us)

        models, plans, keys = await self._app.database.read(read)
        standing = {plan.plan: plan for plan in made.plans}
        stands = [(line, standing[line.name]) for line in plans if line.name in standing and line.sums.answers]
        return {
            "models": models,
            "keys": keys,
            "stands": [(plan, _month(line, span), _each(line)) for line, plan in stands],
        }


def _month(line: MarginLine, span: Span) -> int:
    """Answers of thirty days, from those of the span."""
    return line.sums.answers * 30 // span.days


def _each(line: MarginLine) -> Money:
    return line.cost_each or Money(0, line.currency)


def _both_ends(ranking: Ranking) -> list[MarginLine]:
    """Losers and earners, each once, the least margin first."""
    found = {line.name: line for line in (*ranking.losers, *ranking.earners)}
    return sorted(found.values(), key=lambda line: (line.margin.grains, line.name))


def _customers(ranking: Ranking, lines: list[MarginLine], chosen: Chosen) -> list[str]:
    lines = lines if chosen.by == "customer" else _both_ends(ranking)
    return [line.name for line in lines]


def _count(chosen: Chosen, ranking: Ranking, lines: list[MarginLine]) -> int:
    return ranking.customers if chosen.by == "customer" else len(lines)


def _shore(visit: Visit, ranking: Ranking, currency: str, names: dict[str, str]) -> dict[str, Any]:
    bars = [{"name": names.get(line.name, line.name), "margin": plain(line.margin)} for line in _both_ends(ranking)]
    label = visit.words("margins.shore_label")
    return {"kind": "shore", "label": label, "currency": currency, "bars": bars}


def _waterfall(visit: Visit, made: Report) -> dict[str, Any]:
    """From what came in to what is left; every step is a figure of the books, and they add up."""
    currency, total = made.currency, made.total
    costs = sorted((line for line in made.lines if line.sums.cost_grains), key=lambda line: -line.sums.cost_grains)
    rest = MarginSums()
    for line in costs[COSTS_MAX:]:
        rest.add(line.sums)

    def step(key: str, grains: int, **more: Any) -> dict[str, Any]:
        return {"name": visit.words(f"margins.{key}"), "amount": plain(Money(grains, currency)), **more}

    sums = total.sums
    revenue = sums.charge_grains - sums.granted_grains + sums.earned_grains
    steps = [
        step("charged", sums.charge_grains),
        *([step("plans_earned", sums.earned_grains)] if sums.earned_grains else []),
        *([step("gifts", -sums.granted_grains)] if sums.granted_grains else []),
        step("revenue", revenue, total=True),
        *({"name": line.name, "amount": plain(-line.cost)} for line in costs[:COSTS_MAX]),
        *([step("other_models", -rest.cost_grains)] if rest.cost_grains else []),
        step("left", total.margin.grains, total=True),
    ]
    return {"kind": "waterfall", "label": visit.words("margins.fall_label"), "currency": currency, "steps": steps}


def _harmless(value: object) -> object:
    """A name that a spreadsheet would take for a formula is shown as it is."""
    is_formula = isinstance(value, str) and value[:1] in "=+@\t\r" and value
    return f"'{value}" if is_formula else value
