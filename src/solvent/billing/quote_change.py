"""What it would come to for a customer to be on a plan from now on. Nothing is changed."""

from __future__ import annotations

import msgspec

from solvent.billing import change_store, proposal_store, subscription_store
from solvent.billing.plan import fee
from solvent.billing.proposal_store import Way
from solvent.billing.subscription import Wish
from solvent.db.port import Connection, Database
from solvent.values.money import Money


class QuotedLine(msgspec.Struct, frozen=True):
    """One line of the invoice that would be issued. kind: see `invoicing.line`. amount: as plans are priced."""

    kind: str
    text: str
    amount: Money
    from_us: int
    until_us: int


class Quoted(msgspec.Struct, frozen=True):
    """due: what would be paid now, VAT included. given_back: what would come back at most. each_period: what a whole
    period comes to afterwards. way: whether it begins, changes within the period, or begins a period of another
    length."""

    way: Way
    plan: str
    version: int
    seats: int
    lines: tuple[QuotedLine, ...]
    due: Money
    given_back: Money
    each_period: Money
    period_end_us: int


async def quote_change(wish: Wish, database: Database, now_us: int, *, newest_terms: bool = False) -> Quoted:
    """Also for whoever is on no plan yet. A coupon of the wish is not counted: take it first.

    Raises what `subscribe` raises for the plan and the seats.
    """

    def work(connection: Connection) -> Quoted:
        current = subscription_store.current(connection, wish.customer)
        plan = change_store.wished_plan(connection, current, wish, newest_terms=newest_terms)
        seats = wish.seats or (current.seats if current and plan.seats is not None else 0)
        found = proposal_store.propose(connection, wish.customer, plan, seats, wish.pays, now_us)
        lines = tuple(
            QuotedLine(line.kind, line.text, line.amount, line.from_us, line.until_us) for line in found.lines
        )
        asked = found.asked
        end_us = asked.period_end_us if found.way == "change" else max((line.until_us for line in lines), default=0)
        # A trial costs nothing; what comes after it does.
        each = fee(plan, asked.seats) if asked.state == "trialing" else Money(asked.price_grains, plan.currency)
        return Quoted(
            found.way, plan.name, plan.version, asked.seats, lines, found.due, found.given_back, each, end_us
        )  # fmt: skip

    return await database.read(work)
