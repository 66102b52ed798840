"""Where the customers of one plan stand, each in the period they are in: from totals that are kept, so as quick in
December as in January."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from solvent.answering.standing_store import standings_of
from solvent.app.report import Span, plans_standing
from solvent.billing import plan_store
from solvent.billing.standing import Standing
from solvent.identity import store as identity_store
from solvent.margin.break_even import BreakEven
from solvent.margin.stand import Line, Used, line_up
from solvent.margin.store import Folded
from solvent.values.ids import CustomerId
from solvent.values.limits import STANDING_CUSTOMERS_MAX
from solvent.values.period import MONTHS


class Stands(msgspec.Struct, frozen=True):
    """line: of the customers looked at. even: the plan's break-even. others: how many more there are on the plan.

    given: how many are in a period that asks for nothing, a trial or by a coupon, so that no line is drawn for them.
    """

    line: Line
    even: BreakEven
    others: int
    given: int


def stands_of(connection: Folded, plan: str, lately: Span, currency: str, in_zone: ZoneInfo) -> Stands | None:
    """None for a plan that asks for nothing, or that nobody knows.

    lately: the days whose answers say what one costs, through today.
    """
    even = next((one for one in plans_standing(connection, lately, currency) if one.plan == plan), None)
    if even is None:
        return None
    ids = [CustomerId(id) for id in identity_store.on_plan(connection, plan, STANDING_CUSTOMERS_MAX)]
    found = standings_of(connection, ids, lately.today, in_zone)
    paying = {customer: one for customer, one in found.items() if one.price_grains}
    shared = even.free_subsidy.grains
    used = [_used(customer, one, shared) for customer, one in paying.items() if one.answers or one.cost_grains]
    terms = plan_store.latest(connection, plan)
    near = terms.plan.break_even_alert_permille if terms else 0
    others = identity_store.count_by_plan(connection).get(plan, 0) - len(found)
    return Stands(line_up(used, len(paying) - len(used), near), even, max(0, others), len(found) - len(paying))


def _used(customer: str, standing: Standing, subsidy_grains: int) -> Used:
    """subsidy_grains: of free answers, a month. What a customer shares counts for each month of the period."""
    plan = standing.plan
    shared = subsidy_grains + (plan.fixed_month.grains if plan.fixed_month else 0)
    room = standing.paid_grains - shared * MONTHS[plan.period]
    return Used(customer, standing.answers, standing.cost_grains, standing.paid_grains, room)
