"""Limit one's own spending: so much money's worth of answers a calendar month, told before, refused beyond.

What an operator has set, or the plan says, a customer may only make smaller.
"""

from __future__ import annotations

import msgspec

from solvent.audit import store as audit_store
from solvent.audit.act import Act
from solvent.billing import budget_store, plan_store, subscription_store
from solvent.billing.limits import Override
from solvent.billing.set_budget import set_budget
from solvent.db.port import Connection, Database
from solvent.identity import person_store
from solvent.identity.caller import Customer
from solvent.values.errors import Refused
from solvent.values.instant import NEVER_US
from solvent.values.money import Money, plain


async def limit_spending(
    customer: Customer, amount: Money | None, alert_permille: int, act: Act, database: Database
) -> Override:
    """amount: at list price; None for no limit of one's own. alert_permille: an alarm at that much of it; 0 for none.

    Raises Invalid for an amount that is none, and Refused where the operator has set the limit, or the plan a lower.
    """
    wished = Override(
        f"customer:{customer.id}", "month", "money", amount.grains if amount else 0, alert_permille if amount else 0, 1
    )

    def look(connection: Connection) -> None:
        if not audit_store.is_known(connection, act):
            _demand_own(connection, customer, wished)
            _demand_within_plan(connection, customer, amount)

    await database.read(look)
    made, _ = await set_budget(wished, customer.id, act, database, is_removed=amount is None)
    return made


def _demand_own(connection: Connection, customer: Customer, wished: Override) -> None:
    """There is none, or the last who set it is one of theirs."""
    known = {(one.scope, one.every, one.unit) for one in budget_store.overrides_of(connection, customer.id)}
    if (wished.scope, wished.every, wished.unit) not in known:
        return
    ours = {person.id for person in person_store.of_customer(connection, customer.id)}
    for change in audit_store.changes_between(connection, 0, NEVER_US, subject=wished.scope):
        before = msgspec.json.decode(change.result, type=Override)
        if (before.every, before.unit) == (wished.every, wished.unit):
            if change.actor in ours:
                return
            break
    raise Refused(
        "limit_is_operators", "the operator has set this limit, and only they change it; ask them", param="amount"
    )


def _demand_within_plan(connection: Connection, customer: Customer, amount: Money | None) -> None:
    current = subscription_store.current(connection, customer.id)
    plan = plan_store.plan_at(connection, current.plan, current.version) if current is not None else None
    for rule in plan.limits.budgets if plan is not None and amount is not None else ():
        is_like = (rule.per, rule.every, rule.unit) == ("customer", "month", "money")
        if is_like and rule.hard and amount is not None and amount.grains > rule.amount:
            most = plain(Money(rule.amount, amount.currency))
            raise Refused("limit_of_plan", f"the plan itself allows {most} {amount.currency} a month", param="amount")
