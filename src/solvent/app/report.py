"""The profit and loss as one value, for the command, the API and the page alike.

From roll-ups, in one snapshot, and from as many rows for a hundred thousand customers as for ten.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from itertools import accumulate
from typing import Final, Literal

import msgspec

from solvent.answering.read_margins import read_margins
from solvent.billing import plan_store, subscription_store
from solvent.billing.plan import net_price_month
from solvent.db.port import Connection, Database
from solvent.identity import store as identity_store
from solvent.margin import availability_store, facet_store
from solvent.margin import store as margin_store
from solvent.margin.availability import AvailabilityLine
from solvent.margin.break_even import BreakEven, break_even, free_subsidy
from solvent.margin.facet import FREE
from solvent.margin.line import GroupBy, KeptBy, MarginLine, MarginSums, total
from solvent.margin.ranking_store import rank, ranked
from solvent.margin.store import Folded
from solvent.values.errors import Invalid
from solvent.values.limits import REPORT_CUSTOMERS
from solvent.values.money import Money
from solvent.values.period import day_name

DAYS_IN_MONTH = 30
UNKNOWN: Final = "unknown"  # the service of answers from before services were told apart
KEYS_OF_CUSTOMERS: Final = 200  # of each end: by key, theirs are shown
PAGED_CUSTOMERS: Final = 50  # by key, in pages: whose keys one page has
Order = Literal["losers", "earners"]


class Span(msgspec.Struct, frozen=True):
    """Which days, from the first through today, in the operator's time zone; days since 1970-01-01."""

    from_day: int
    today: int

    @property
    def days(self) -> int:
        """How many."""
        return max(1, self.today - self.from_day + 1)


class Shown(msgspec.Struct, frozen=True):
    """What a report is to show. limit, order: of customers or keys, those with the least margin first, or the most.

    page: by key, in pages of whole customers, the least margin first: "" for the first, else as the report before says
    in `next_page`; None for those of both ends.
    """

    group_by: GroupBy = "model"
    limit: int = REPORT_CUSTOMERS
    order: Order = "losers"
    page: str | None = None


class Report(msgspec.Struct, frozen=True):
    """Lines of a group, the total of all of them, and where each plan breaks even.

    from_day, days: the days it covers. customers: by customer, how many there are in all, of whom the lines show some.
    names: of the customers or keys in it, by id. owners: by key, the customer of each.
    availability: what engines of ours cost while nobody asked: in no line, and in no total, because no answer did it.
    """

    group_by: GroupBy
    currency: str
    from_day: int
    days: int
    lines: list[MarginLine]
    total: MarginLine
    customers: int | None
    plans: list[BreakEven]
    names: dict[str, str]
    owners: dict[str, str]
    availability: list[AvailabilityLine] = msgspec.field(default_factory=list)
    next_page: str = ""

    @property
    def idle(self) -> Money:
        """What all engines cost while nobody asked."""
        return Money(sum(line.idle_grains for line in self.availability), self.currency)


async def report(shown: Shown, span: Span, currency: str, database: Database) -> Report:
    """Reads roll-ups, the plans on sale, how many customers are on each, and the names of those it shows."""
    return await read_margins(lambda connection: _read(connection, shown, span, currency), database)


def _read(connection: Folded, shown: Shown, span: Span, currency: str) -> Report:
    by_plan = _lines(connection, "plan", span, currency)
    customers, names, owners, next_page = None, dict[str, str](), dict[str, str](), ""
    whole = total(by_plan, currency)
    if shown.group_by == "customer":
        ranking = rank(connection, span.from_day, span.today, currency, shown.limit)
        lines = ranking.losers if shown.order == "losers" else ranking.earners
        customers, names = ranking.customers, identity_store.names_of(connection, [line.name for line in lines])
    elif shown.group_by == "key":
        if shown.page is None:
            lines, owners = _by_key(connection, shown, span, currency)
        else:
            lines, owners, next_page = _page_of_keys(connection, shown.page, shown.limit, span, currency)
        names = identity_store.key_names(connection, list(owners))
    elif shown.group_by == "plan":
        lines = by_plan
    elif shown.group_by == "service":
        lines = _by_service(connection, whole, span, currency)
    else:
        lines = _lines(connection, shown.group_by, span, currency)
    if shown.group_by == "day":
        lines = [msgspec.structs.replace(line, name=day_name(int(line.name))) for line in lines]
    standing = _standing(connection, by_plan, span, currency)
    idle = availability_store.lines(connection, span.from_day, span.today, currency)
    return Report(
        shown.group_by, currency, span.from_day, span.days, lines, whole, customers, standing, names, owners, idle,
        next_page,
    )  # fmt: skip


def _by_service(connection: Folded, whole: MarginLine, span: Span, currency: str) -> list[MarginLine]:
    """Each service; beside them "" for what plans earned, and what was asked before services were told apart."""
    lines = facet_store.by_service(connection, span.from_day, currency, span.today)
    left = MarginSums()
    left.add(whole.sums)
    for line in lines:
        left.shift(line.sums, -1)
    earned, left.earned_grains = left.earned_grains, 0
    rest = [MarginLine(UNKNOWN, currency, left)] if left != MarginSums() else []
    return lines + rest + ([MarginLine("", currency, MarginSums(earned_grains=earned))] if earned else [])


def _by_key(
    connection: Folded, shown: Shown, span: Span, currency: str
) -> tuple[list[MarginLine], dict[str, str]]:  # fmt: skip
    """The keys of the customers who lost, or earned, most: without what their plans earned, which no key did."""
    ranking = rank(connection, span.from_day, span.today, currency, KEYS_OF_CUSTOMERS)
    whose = {line.name for line in (*ranking.losers, *ranking.earners)}
    found = facet_store.by_key(connection, sorted(whose), span.from_day, currency, span.today)
    chosen = (found if shown.order == "losers" else found[::-1])[: shown.limit]
    return [line for _, line in chosen], {line.name: customer for customer, line in chosen}


def _page_of_keys(
    connection: Folded, page: str, limit: int, span: Span, currency: str
) -> tuple[list[MarginLine], dict[str, str], str]:
    """The keys of the customers after those of the page before: of whole customers, so that each is on one page."""
    after = _read_page(page) if page else None
    some = ranked(connection, span.from_day, span.today, PAGED_CUSTOMERS + 1, after)
    here = some[:PAGED_CUSTOMERS]
    found = facet_store.by_key(connection, [name for _, name in here], span.from_day, currency, span.today)
    keys = Counter(customer for customer, _ in found)
    fit = list(accumulate(keys[name] for _, name in here))
    here = here[: max(1, bisect_right(fit, limit))]
    whose = {name for _, name in here}
    chosen = [one for one in found if one[0] in whose][:limit]
    next_page = f"{here[-1][0]}:{here[-1][1]}" if len(some) > len(here) else ""
    return [line for _, line in chosen], {line.name: customer for customer, line in chosen}, next_page


def _read_page(page: str) -> tuple[int, str]:
    grains, colon, customer = page.partition(":")
    digits = grains.removeprefix("-")
    if not (colon and customer and digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise Invalid(
            "bad_cursor", f"page: {page[:60]!r} is none that this list gave; leave it out to begin again", param="page"
        )
    return int(grains), customer


def _lines(connection: Folded, group_by: KeptBy, span: Span, currency: str) -> list[MarginLine]:
    return margin_store.lines(connection, group_by, span.from_day, currency, until_day=span.today)


def plans_standing(connection: Folded, span: Span, currency: str) -> list[BreakEven]:
    """Where each plan with a price breaks even, by what answers cost in the span."""
    return _standing(connection, _lines(connection, "plan", span, currency), span, currency)


def _standing(connection: Folded, lines: list[MarginLine], span: Span, currency: str) -> list[BreakEven]:
    on_plan, by_plan = identity_store.count_by_plan(connection), {line.name: line for line in lines}
    newest = plan_store.newest(connection)
    plans = {one.plan.name: one.plan for one in newest if not one.withdrawn_us or one.plan.name in on_plan}
    free_cost = facet_store.cost_of_part(connection, FREE, span.from_day, span.today)
    subsidy = free_subsidy(Money(free_cost * DAYS_IN_MONTH // span.days, currency), _paying(connection))
    nothing = Money(0, currency)
    standing = []
    for name, plan in plans.items():
        if not plan.price.grains:
            continue
        line = by_plan.get(name)
        cost, answers = (line.cost, line.sums.answers) if line else (nothing, 0)
        standing.append(break_even(name, net_price_month(plan), subsidy, plan.fixed_month or nothing, cost, answers))
    return standing


def _paying(connection: Connection) -> int:
    """How many customers are on terms that have a price: their own version's, whatever is on sale by now."""
    on = subscription_store.count_on(connection)
    return sum(
        count for (name, version), count in on.items() if plan_store.plan_at(connection, name, version).price.grains
    )
