"""The operation that tells the profit and loss."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from solvent.app.fall import fall
from solvent.app.report import Order, Shown, Span, report
from solvent.app.report_body import ReportBody, report_body
from solvent.console.members import DATE
from solvent.console.operation import Asked, Nothing, reading
from solvent.margin.line import GroupBy
from solvent.values.limits import REPORT_CUSTOMERS, REPORT_CUSTOMERS_MAX
from solvent.values.period import day_number, first_day


class MarginQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Which profit and loss."""

    group_by: Annotated[GroupBy, Meta(description="what to sum by")] = "model"
    since: Annotated[str, DATE, Meta(description="days like 7d, or a date")] = "30d"
    limit: Annotated[int, Meta(ge=1, le=REPORT_CUSTOMERS_MAX, description="by customer: how many at most")] = (
        REPORT_CUSTOMERS
    )
    order: Annotated[Order, Meta(description="by customer: the least margin first, or the most")] = "losers"


async def margin(asked: Asked[MarginQuery, Nothing]) -> ReportBody:
    """Show what answers and plans brought in, what answers cost, and where each plan breaks even."""
    business, query = asked.business, asked.query
    now_us = business.now_us()
    span = Span(first_day(query.since, now_us, business.time_zone), day_number(now_us, business.time_zone))
    shown = Shown(query.group_by, query.limit, query.order)
    made = await report(shown, span, business.currency, business.database)
    fallen = await fall(span, business.currency, business.time_zone, business.database)
    return report_body(made, fallen.steps)


SHOW = reading("/v1/margin", "margin.read", margin, MarginQuery, ReportBody)
OPERATIONS = (SHOW,)
