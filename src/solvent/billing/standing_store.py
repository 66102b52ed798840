"""What a process must know of a customer before an answer: the terms they are on, and the budgets in force."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from solvent.billing import pack_store, plan_store, subscription_store
from solvent.billing.limits import Budget
from solvent.billing.plan import Plan, net_of
from solvent.billing.proration import prorated
from solvent.billing.subscription import Subscription
from solvent.billing.turn import stretches
from solvent.ledger import pot_store, store
from solvent.ledger.account import MEMO_ISSUED
from solvent.ledger.pot import Pot
from solvent.ledger.transfer import Transfer, posting
from solvent.values.ids import CustomerId, TransferId
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money


def terms_of(connection: Connection, customer: CustomerId) -> tuple[Subscription, Plan] | None:
    """The subscription a customer is on and its plan; None for whoever has none."""
    found = subscription_store.current(connection, customer)
    return None if found is None else (found, plan_store.plan_at(connection, found.plan, found.version))


def brought_in(connection: Connection, subscription: Subscription, plan: Plan) -> tuple[int, int]:
    """What the period asks for, and that with the packs bought in it; both net of tax and fee, in grains."""
    spells = subscription_store.spells_of(connection, subscription)
    stretched = stretches((spell.from_us, spell.price_grains) for spell in spells)
    asked = prorated(stretched, subscription.period, subscription.period_end_us, GRAINS_PER_MINOR_UNIT)
    price = net_of(plan, Money(asked, plan.currency)).grains
    return price, price + pack_store.brought_in(connection, subscription.customer, subscription.period)


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
