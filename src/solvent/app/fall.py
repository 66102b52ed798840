"""From what customers pay to what is left, over some days: read from roll-ups and, for what stands beside answers,
from the ledger, in one snapshot."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from solvent.answering.read_margins import read_margins
from solvent.app.report import Span
from solvent.db.port import Database
from solvent.ledger.spent_store import spent_beside
from solvent.margin import facet_store
from solvent.margin import store as margin_store
from solvent.margin.line import total
from solvent.margin.store import Folded
from solvent.margin.waterfall import Step, beside_of, waterfall
from solvent.values.period import start_of_day


class Fall(msgspec.Struct, frozen=True):
    """The steps. elsewhere: units other than the operator's currency that something was spent in; in no step."""

    steps: list[Step]
    elsewhere: tuple[str, ...]

    def has(self, name: str) -> bool:
        """Whether there is a step of that name."""
        return any(step.name == name for step in self.steps)


async def fall(span: Span, currency: str, zone: ZoneInfo, database: Database) -> Fall:
    """The waterfall of a span."""
    return await read_margins(lambda connection: read_fall(connection, span, currency, zone), database)


def read_fall(connection: Folded, span: Span, currency: str, zone: ZoneInfo) -> Fall:
    """The same, as a part of what else is read."""
    lines = margin_store.lines(connection, "plan", span.from_day, currency, until_day=span.today)
    parts = facet_store.parts_of(connection, span.from_day, span.today)
    spent = spent_beside(connection, start_of_day(span.from_day, zone), start_of_day(span.today + 1, zone))
    steps = waterfall(total(lines, currency).sums, parts, beside_of(spent, currency))
    return Fall(steps, tuple(sorted({unit for _, unit in spent if unit != currency})))
