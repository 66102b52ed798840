"""Margins: who earns and who bleeds, as a picture first, then as a table whose every line leads to single answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, get_args

import msgspec
from starlette.responses import Response

from solvent.answering.read_margins import read_margins
from solvent.answering.receipt_store import KeyUse, used_by_key
from solvent.app.build import App
from solvent.app.fall import fall
from solvent.app.report import Report, Shown, Span, report
from solvent.app.report_body import line_body
from solvent.console.came_through import service_name
from solvent.console.falling import falling
from solvent.identity import store as identity_store
from solvent.margin import store as margin_store
from solvent.margin.break_even import cost_each
from solvent.margin.line import GroupBy, MarginLine
from solvent.margin.ranking_store import Ranking, rank
from solvent.margin.store import Folded
from solvent.pages.spreadsheet import line_of, sent_as
from solvent.pages.visit import Visit
from solvent.values.errors import Invalid
from solvent.values.limits import REPORT_CUSTOMERS_MAX
from solvent.values.money import Money, plain
from solvent.values.period import first_day, start_of_day

SPANS: Final = (1, 7, 30, 90)  # days that a click chooses; any others stand in the address
BARS_MAX: Final = 200  # of each end of the shore
ROWS_MAX: Final = 100  # of the table; the file has all that the shore has
ROWS_FIRST: Final = 12  # until more are asked for
_GROUPS: Final[tuple[GroupBy, ...]] = get_args(GroupBy)


class Chosen(msgspec.Struct, frozen=True):
    """What the address says. span: the days. open: the customer whose line is unfolded; "" for none.
    all: more lines than the first. page: by key, which part; "" for the first."""

    by: GroupBy
    since: str
    span: Span
    open: str
    all: bool
    page: str = ""

    @property
    def rows(self) -> int:
        """How many lines of the table are shown: of keys, all that a page has."""
        if self.by == "key":
            return REPORT_CUSTOMERS_MAX
        return ROWS_MAX if self.all or self.open else ROWS_FIRST


class Seen(msgspec.Struct, frozen=True):
    """What the page shows. ranking: of the customers, whatever the lines are of. names: what lines are called, by name.
    count: of lines there are, shown or not."""

    made: Report
    ranking: Ranking
    lines: list[MarginLine]
    names: dict[str, str]
    count: int


class Margins:
    """The places of margins."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def show(self, visit: Visit) -> Response:
        """The page."""
        chosen = self._chosen(visit)
        seen = await self._read(visit, chosen)
        made, ranking, lines = seen.made, seen.ranking, seen.lines
        inside = await self._inside(chosen, made) if chosen.open else None
        fallen = await fall(chosen.span, made.currency, self._app.desk.time_zone, self._app.database)
        return visit.page(
            "console/margins.html", chosen=chosen, made=made, spans=SPANS, groups=_GROUPS, each=cost_each,
            shore=_shore(visit, chosen.by, seen), fall=falling(visit, fallen, made.currency, chosen.span),
            owners=made.owners, lines=lines[: chosen.rows], more=min(len(lines), ROWS_MAX) - chosen.rows,
            hidden=max(0, seen.count - max(ROWS_MAX, chosen.rows)), drawn=sum(bool(line.name) for line in lines),
            names=seen.names, customers=ranking.customers, is_cut=ranking.customers > BARS_MAX, inside=inside,
            losing=sum(line.margin.grains < 0 for line in ranking.losers), bars=BARS_MAX,
        )  # fmt: skip

    async def file(self, visit: Visit) -> Response:
        """The same lines for a spreadsheet: amounts are exact."""
        chosen = self._chosen(visit)
        seen = await self._read(visit, chosen)
        names = seen.names if chosen.by in ("customer", "key") else {}
        return sent_as(f"margins-{chosen.by}", _written(seen, names))

    def _chosen(self, visit: Visit) -> Chosen:
        """Raises Invalid for what no link of ours says."""
        query, desk = visit.query, self._app.desk
        since, now_us = query.get("since", "30d"), desk.now_us()
        by = next((known for known in _GROUPS if known == query.get("by", "customer")), None)
        if by is None:
            raise Invalid("bad_request", f"by: choose {', '.join(_GROUPS)}", param="by")
        today = desk.day(now_us)
        span = Span(min(today, first_day(since, now_us, desk.time_zone)), today)
        return Chosen(by, since, span, query.get("open", ""), bool(query.get("all")), query.get("page", ""))

    async def _read(self, visit: Visit, chosen: Chosen) -> Seen:
        app, span = self._app, chosen.span
        currency = app.desk.currency
        page = chosen.page if chosen.by == "key" else None
        shown = Shown("model" if chosen.by == "customer" else chosen.by, REPORT_CUSTOMERS_MAX, page=page)
        made = await report(shown, span, currency, app.database)
        ranking = await read_margins(
            lambda books: rank(books, span.from_day, span.today, currency, BARS_MAX), app.database
        )
        lines = _both_ends(ranking) if chosen.by == "customer" else made.lines
        if chosen.by != "day":
            lines = sorted(lines, key=lambda line: (line.margin.grains, line.name))
        whose = set(made.owners.values()) | ({line.name for line in lines} if chosen.by == "customer" else set())
        known = await app.database.read(lambda connection: identity_store.names_of(connection, sorted(whose)))
        names = {line.name: _called(visit, chosen.by, made, known, line.name) for line in lines}
        return Seen(made, ranking, lines, names, ranking.customers if chosen.by == "customer" else len(lines))

    async def _inside(self, chosen: Chosen, made: Report) -> dict[str, Any]:
        """What one customer's line unfolds to: their models, and where they stand on their plan's line."""
        span, currency, of = chosen.span, made.currency, chosen.open

        def read(connection: Folded) -> tuple[list[MarginLine], list[MarginLine], dict[str, KeyUse]]:
            by_model, by_plan = (
                margin_store.lines(connection, group, span.from_day, currency, until_day=span.today, customer=of)
                for group in ("model", "plan")
            )  # fmt: skip
            start_us = start_of_day(span.from_day, self._app.desk.time_zone)
            return by_model, by_plan, used_by_key(connection, of, start_us)

        models, plans, keys = await read_margins(read, self._app.database)
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


def _called(visit: Visit, by: GroupBy, made: Report, known: dict[str, str], name: str) -> str:
    """What a line is called: a key by its name and whose it is."""
    if by == "key":
        return f"{made.names.get(name, name)}, {known.get(made.owners[name], made.owners[name])}"
    if by == "service" and name:
        return service_name(visit.texts, name)
    return known.get(name, name) or visit.words("margins.plans_alone")


def _shore(visit: Visit, by: GroupBy, seen: Seen) -> dict[str, Any]:
    """Who earns and who bleeds, of whatever it is summed up by; what belongs to none of them is in the table alone."""
    bars = [{"name": seen.names[line.name], "margin": plain(line.margin)} for line in seen.lines if line.name]
    label = visit.words("margins.shore_label" if by == "customer" else "margins.shore_label_by")
    head = visit.words(f"margins.{by}")
    return {"kind": "shore", "label": label, "currency": seen.made.currency, "of": by, "head": head, "bars": bars}


async def _written(seen: Seen, names: dict[str, str]) -> AsyncIterator[str]:
    """All lines, with what they are called in the last column."""
    rows = [msgspec.to_builtins(line_body(line, names)) | _owner(seen.made, line.name) for line in seen.lines]
    columns = [name for name in rows[0] if name != "display_name"] if rows else []
    if rows:
        yield line_of([*columns, "display_name"])
    yield "".join(line_of([row.get(name, "") for name in (*columns, "display_name")]) for row in rows)


def _owner(made: Report, name: str) -> dict[str, str]:
    return {"customer": made.owners[name]} if name in made.owners else {}
