"""Change a customer's plan or seats: at once with proration, or at the end of the period."""

from __future__ import annotations

from typing import Literal

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import change_store, proposal_store, subscription_store
from solvent.billing.call_in_quotas import call_in_quotas
from solvent.billing.proposal_store import Outcome
from solvent.billing.subscription import BEGIN, Wish, to_change
from solvent.db.port import Connection, Database
from solvent.values.money import Money

When = Literal["as_fits", "now", "period_end"]


async def change_plan(
    wish: Wish, act: Act, database: Database, *, when: When = "as_fits", newest_terms: bool = False
) -> tuple[Outcome, bool]:
    """Returns what came of it, and whether it is new.

    when: "as_fits" changes to what costs more, or costs nothing now, at once, and to what costs less at the end of
    the period. "now" with what costs less gives back what is not used: `credited`, into the wallet.
    How the wish says it is paid holds for whatever is invoiced from then on.
    newest_terms: also for the plan the customer is on already, whose old terms they keep otherwise.
    Raises what `subscribe` raises, and NotFound for whoever is on no plan.
    """
    if when == "now":
        await call_in_quotas(wish.customer, database)

    def work(connection: Connection) -> tuple[Outcome, bool]:
        def effect() -> Outcome:
            return _change(connection, wish, when, act.at_us, newest_terms=newest_terms)

        return once(connection, act, "subscription.change", wish.customer, effect, Outcome)

    return await database.write(work)


def _change(connection: Connection, wish: Wish, when: When, now_us: int, *, newest_terms: bool) -> Outcome:
    current = subscription_store.demand_current(connection, wish.customer)
    plan = change_store.wished_plan(connection, current, wish, newest_terms=newest_terms)
    if wish.coupon:
        change_store.take_coupon(connection, wish, plan, now_us)
    seats = wish.seats or (current.seats if plan.seats is not None else 0)
    proposal = proposal_store.propose(connection, wish.customer, plan, seats, wish.pays, now_us)
    is_dearer = bool(proposal.due.grains) and not proposal.given_back.grains
    costs_nothing = proposal.way == BEGIN or current.state == "trialing"
    if when == "now" or (when == "as_fits" and (is_dearer or costs_nothing)):
        return proposal_store.pay_or_carry_out(connection, proposal, now_us)
    later = to_change(current, plan, proposal.asked.seats, proposal.asked.pays)
    subscription_store.put(connection, [later])
    nothing = Money(0, plan.currency)
    return Outcome(later, "", nothing, nothing)
