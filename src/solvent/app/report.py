"""The profit and loss as one value, for the command, the API and the page alike."""

from __future__ import annotations

import msgspec

from solvent.billing.plan import Plan, is_free, net_price_month
from solvent.db.port import Database
from solvent.identity import store as identity_store
from solvent.margin.break_even import BreakEven, break_even, free_subsidy
from solvent.margin.line import GroupBy, MarginLine, total
from solvent.margin.tally import tally
from solvent.values.money import Money
from solvent.values.period import day_name

DAYS_IN_MONTH = 30


class Report(msgspec.Struct, frozen=True):
    """Lines of a group, their total, and where each plan breaks even.

    from_day, days: the days it covers, in the operator's time zone. names: of customers, by id.
    """

    group_by: GroupBy
    currency: str
    from_day: int
    days: int
    lines: list[MarginLine]
    total: MarginLine
    plans: list[BreakEven]
    names: dict[str, str]


async def report(
    group_by: GroupBy, from_day: int, today: int, plans: dict[str, Plan], currency: str, database: Database
) -> Report:
    """Reads roll-ups only; from_day and today are day numbers."""
    lines = await tally(group_by, from_day, currency, database)
    by_plan = {line.name: line for line in await tally("plan", from_day, currency, database)}
    customers = await database.read(identity_store.all_customers)
    days = max(1, today - from_day + 1)
    paying = sum(1 for customer in customers if customer.plan in plans and plans[customer.plan].price.grains)
    free_cost = sum(line.cost.grains for name, line in by_plan.items() if name in plans and is_free(plans[name]))
    subsidy = free_subsidy(Money(free_cost * DAYS_IN_MONTH // days, currency), paying)
    nothing = Money(0, currency)
    standing = []
    for name, plan in plans.items():
        if not plan.price.grains:
            continue
        line = by_plan.get(name)
        cost, answers = (line.cost, line.sums.answers) if line else (nothing, 0)
        standing.append(break_even(name, net_price_month(plan), subsidy, plan.fixed_month or nothing, cost, answers))
    if group_by == "day":
        lines = [msgspec.structs.replace(line, name=day_name(int(line.name))) for line in lines]
    shown = customers if group_by == "customer" else []
    names = {str(customer.id): customer.name for customer in shown}
    return Report(group_by, currency, from_day, days, lines, total(lines, currency), standing, names)
