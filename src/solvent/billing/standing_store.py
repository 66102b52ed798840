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

Terms = tuple[Subscription, Plan]


def terms_of(connection: Connection, customer: CustomerId) -> Terms | None:
    """The subscription a customer is on and its plan; None for whoever has none."""
    return terms_of_all(connection, (customer,)).get(customer)


def terms_of_all(connection: Connection, customers: Sequence[CustomerId]) -> dict[CustomerId, Terms]:
    """The same of some customers; not of those who have none."""
    running = subscription_store.current_of(connection, customers)
    versions = {(one.plan, one.version) for one in running.values()}
    plans = {of: plan_store.plan_at(connection, *of) for of in versions}
    return {customer: (one, plans[one.plan, one.version]) for customer, one in running.items()}


def brought_in(connection: Connection, terms: Sequence[Terms]) -> dict[CustomerId, tuple[int, int]]:
    """What each customer's period asks for, and that with the packs bought in it; net of tax and fee, in grains."""
    spells = subscription_store.spells_of_all(connection, [subscription for subscription, _ in terms])
    packs = pack_store.brought_in(connection, {one.customer: one.period for one, _ in terms})
    found = {}
    for subscription, plan in terms:
        stretched = stretches((spell.from_us, spell.price_grains) for spell in spells[subscription.id])
        asked = prorated(stretched, subscription.period, subscription.period_end_us, GRAINS_PER_MINOR_UNIT)
        price = net_of(plan, Money(asked, plan.currency)).grains
        found[subscription.customer] = price, price + packs.get(subscription.customer, 0)
    return found


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
