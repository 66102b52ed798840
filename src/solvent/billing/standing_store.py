"""What a process must know of a customer before an answer: the terms they are on, and the budgets in force."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from solvent.billing import plan_store, subscription_store
from solvent.billing.limits import Budget
from solvent.billing.plan import Plan
from solvent.billing.subscription import Subscription
from solvent.ledger import pot_store, store
from solvent.ledger.account import MEMO_ISSUED
from solvent.ledger.pot import Pot
from solvent.ledger.transfer import Transfer, posting
from solvent.values.ids import CustomerId, TransferId
from solvent.values.money import Money


def terms_of(connection: Connection, customer: CustomerId) -> tuple[Subscription, Plan] | None:
    """The subscription a customer is on and its plan; None for whoever has none."""
    found = subscription_store.current(connection, customer)
    return None if found is None else (found, plan_store.plan_at(connection, found.plan, found.version))


def open_budgets(connection: Connection, budgets: Sequence[Budget], at_us: int) -> list[Pot]:
    """The pots of budgets; those that this is the first answer of are opened and filled."""
    known = pot_store.pots_at(connection, [budget.pot.account for budget in budgets])
    fresh = [budget for budget in budgets if budget.pot.account not in known]
    if fresh:
        pot_store.open_pots(connection, [budget.pot for budget in fresh])
        store.append(connection, [_filled(budget, at_us) for budget in fresh])
    return [known.get(budget.pot.account, budget.pot) for budget in budgets]


def _filled(budget: Budget, at_us: int) -> Transfer:
    pot = budget.pot
    amount = Money(budget.amount, pot.unit)
    return posting(TransferId(f"{pot.account}.open"), at_us, MEMO_ISSUED, pot.account, amount, pot.account)
