"""Where the customers of one plan stand this month, read from totals that are kept: as quick in December as in
January."""

from __future__ import annotations

import msgspec

from solvent.app.report import Span, plans_standing
from solvent.billing import plan_store
from solvent.db.port import Connection
from solvent.identity import store as identity_store
from solvent.margin.break_even import BreakEven, room
from solvent.margin.ranking_store import sums_of
from solvent.margin.stand import Line, line_up
from solvent.values.limits import STANDING_CUSTOMERS_MAX


class Stands(msgspec.Struct, frozen=True):
    """line: of the customers looked at. even: the plan's break-even. others: how many more there are on the plan."""

    line: Line
    even: BreakEven
    others: int


def stands_of(connection: Connection, plan: str, month: Span, lately: Span, currency: str) -> Stands | None:
    """None for a plan that asks for nothing, or that nobody knows.

    month: from its first day until today. lately: the days whose answers say what one costs.
    """
    even = next((one for one in plans_standing(connection, lately, currency) if one.plan == plan), None)
    if even is None:
        return None
    ids = identity_store.on_plan(connection, plan, STANDING_CUSTOMERS_MAX)
    sums = sums_of(connection, month.from_day, month.today, ids)
    used = [(id, one.answers, one.cost_grains) for id, one in sums.items() if one.answers or one.cost_grains]
    terms = plan_store.latest(connection, plan)
    near = terms.plan.break_even_alert_permille if terms else 0
    others = identity_store.count_by_plan(connection).get(plan, 0) - len(ids)
    return Stands(line_up(used, len(ids) - len(used), room(even).grains, near), even, max(0, others))
