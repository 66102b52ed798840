"""The single answers behind a figure of margins: what all of them come to, then one by one, and what a corrected price
changed in the same days."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

import msgspec
from starlette.responses import Response

from solvent.answering.correction import Correction
from solvent.answering.correction_store import corrections_between
from solvent.answering.read_margins import read_margins
from solvent.answering.receipt import Receipt
from solvent.answering.receipt_store import ReceiptsPage, Sought, receipts_page
from solvent.app.bills import receipt_for_operator
from solvent.app.build import App
from solvent.console.came_through import service_name
from solvent.margin import facet_store
from solvent.margin import store as margin_store
from solvent.margin.facet import CORRECTED, FREE, read
from solvent.margin.line import MarginLine, total
from solvent.margin.store import Folded
from solvent.pages.spreadsheet import cut_after, line_of, sent_as
from solvent.pages.visit import Visit
from solvent.values.limits import LIST_FILE_ROWS_MAX, PAGE_ROWS_MAX
from solvent.values.money import Money, plain
from solvent.values.period import day_name, first_day, start_of_day

ANSWERS: Final = 50  # on one page of them
CORRECTIONS_MAX: Final = 200
COLUMNS: Final = (
    "id", "at", "customer", "customer_name", "plan", "key", "service", "model", "provider", "upstream", "outcome",
    "charge", "included", "granted", "cost", "margin", "currency", "provider_cost", "provider_currency",
)  # fmt: skip


class Behind(msgspec.Struct, frozen=True):
    """whole: what all come to, corrections in these days among it. spent: of the part of costs that is asked for."""

    page: ReceiptsPage
    corrections: list[Correction]
    whole: MarginLine
    spent: Money | None


class MarginAnswers:
    """The place of answers behind a line."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def show(self, visit: Visit) -> Response:
        """The page, newest first."""
        query, desk = visit.query, self._app.desk
        zone = desk.time_zone
        first, last, sought = self._sought(visit)

        def look(connection: Folded) -> Behind:
            page = receipts_page(connection, sought, query.get("before", ""), ANSWERS, zone)
            whole = sums_behind(connection, sought, first, last, desk.currency)
            spent = None
            if sought.spent_on:
                parts = facet_store.cost_of_part(connection, sought.spent_on, first, last, sought.plan)
                spent = Money(parts, desk.currency)
            has_some = sought.spent_on in ("", CORRECTED, FREE)
            corrected = corrections_between(connection, sought, CORRECTIONS_MAX) if has_some else []
            return Behind(page, corrected, whole, spent)

        found = await read_margins(look, self._app.database)
        kept = {name: value for name, value in query.items() if name not in ("before", "next") and value}
        return visit.page(
            "console/margin_answers.html", found=found.page, behind=found, kept=kept, names=self._app.names,
            from_day=day_name(first), until_day=day_name(last), part=sought.spent_on, part_of=part_of,
            about=", ".join(name for name in self._about(visit, sought) if name),
        )  # fmt: skip

    async def file(self, visit: Visit) -> Response:
        """All of them for a spreadsheet, amounts exact."""
        return sent_as("answers", self._written(self._sought(visit)[2]))

    async def _written(self, sought: Sought) -> AsyncIterator[str]:
        app, before, count = self._app, "", 0
        yield line_of(COLUMNS)
        while count < LIST_FILE_ROWS_MAX:
            look = partial(
                receipts_page, sought=sought, before=before, count=PAGE_ROWS_MAX, in_zone=app.desk.time_zone
            )  # fmt: skip
            page = await app.database.read(look)
            for receipt in page.receipts:
                told = receipt_for_operator(receipt) | {"customer_name": app.names.get(receipt.customer, "")}
                told |= {"service": receipt.service, "granted": plain(Money(receipt.granted_grains, receipt.currency))}
                yield line_of([told[name] for name in COLUMNS])
            before, count = page.before, count + len(page.receipts)
            if not before:
                return
        yield cut_after(count)

    def _sought(self, visit: Visit) -> tuple[int, int, Sought]:
        """The first day, the last one, and what is looked for. Raises Invalid for what no link of ours says."""
        query, desk = visit.query, self._app.desk
        zone, now_us = desk.time_zone, desk.now_us()
        first = first_day(query.get("since", "30d"), now_us, zone)
        last = first_day(query.get("until", "1d"), now_us, zone, "until")
        if query.get("day"):
            first = last = first_day(query["day"], now_us, zone, "day")
        sought = Sought(
            customer=query.get("customer", ""), model=query.get("model", ""), plan=query.get("plan", ""),
            service=query.get("service", ""), spent_on=query.get("spent", ""),
            key=query.get("key", "") if query.get("customer") else "",
            from_us=start_of_day(first, zone), until_us=start_of_day(last + 1, zone),
        )  # fmt: skip
        return first, last, sought

    def _about(self, visit: Visit, sought: Sought) -> tuple[str, ...]:
        who, part = self._app.names.get(sought.customer, sought.customer), f"fall.{sought.spent_on}"
        on = visit.words(part) if visit.texts.has(part) else sought.spent_on
        return who, sought.plan, sought.model, service_name(visit.texts, sought.service), sought.key, on


def part_of(receipt: Receipt, part: str) -> Money:
    """What of an answer's cost was for one part; of a free plan's all of it is one."""
    if part == FREE:
        return receipt.cost
    return Money(dict(read(receipt.cost_parts)).get(part, 0), receipt.currency)


def sums_behind(connection: Folded, sought: Sought, first: int, last: int, currency: str) -> MarginLine:
    """What the answers that are looked for come to by the roll-ups, as the line says that leads to them."""
    lines: list[MarginLine]
    if sought.service:
        found = facet_store.by_service(connection, first, currency, last)
        lines = [line for line in found if line.name == sought.service]
    elif sought.key:
        of = facet_store.by_key(connection, [sought.customer], first, currency, last)
        lines = [line for _, line in of if line.name == sought.key]
    else:
        named: Any = {"customer": sought.customer, "plan": sought.plan, "model": sought.model}
        lines = margin_store.lines_of_answers(connection, first, last, currency, **named)
    return total(lines, currency)
