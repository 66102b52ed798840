"""Cancel a customer's plan: at the end of the period, or now."""

from __future__ import annotations

from typing import Literal

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import begin_store, change_store, credit_store, subscription_store, unpaid_store
from solvent.billing.call_in_quotas import call_in_quotas
from solvent.billing.proposal_store import Outcome
from solvent.billing.subscription import Subscription, to_cancel
from solvent.db.port import Connection, Database
from solvent.values.ids import CustomerId
from solvent.values.money import Money

At = Literal["period_end", "now"]


async def cancel(
    customer: CustomerId, act: Act, database: Database, *, at: At = "period_end", gives_back: bool = False
) -> tuple[Outcome, bool]:
    """Returns what the customer has then, and whether it is new.

    At the period's end what is paid may be used until then. Now, what the plan gave is gone at once; gives_back:
    what is not used of it is credited. What is past due ends now. Afterwards the customer is on the plan that this
    one names, if it does.
    Raises NotFound for whoever is on no plan.
    """
    if at == "now":
        await call_in_quotas(customer, database)

    def work(connection: Connection) -> tuple[Outcome, bool]:
        def effect() -> Outcome:
            current = subscription_store.demand_current(connection, customer)
            return _cancel(connection, current, at, act.at_us, gives_back=gives_back)

        return once(connection, act, "subscription.cancel", customer, effect, Outcome)

    return await database.write(work)


def _cancel(connection: Connection, current: Subscription, at: At, now_us: int, *, gives_back: bool) -> Outcome:
    nothing = Money(0, change_store.currency_of(connection, current))
    if at == "period_end" and current.state in ("active", "trialing"):
        later = to_cancel(current)
        subscription_store.put(connection, [later])
        return Outcome(later, "", nothing, nothing)
    if current.state == "past_due":
        return Outcome(unpaid_store.give_up(connection, current.id, now_us), "", nothing, nothing)
    credited = nothing
    if gives_back and current.price_grains and current.period.holds(now_us):
        amount = change_store.unused(connection, current, now_us)
        if amount.grains:
            credited = credit_store.give_back(connection, current, amount, now_us, now_us)
    after = begin_store.end(connection, current, now_us, now_us)
    return Outcome(after, "", nothing, credited)
