"""Payments of what an act left due: a plan or a pack that was asked for, over one of the rails."""

from __future__ import annotations

import msgspec

from solvent.app.business import Business
from solvent.audit.act import Act
from solvent.billing.asking import Asking
from solvent.till.begin_payment import begin_payment
from solvent.till.open_checkout import Opened
from solvent.values.ids import CustomerId
from solvent.values.money import Money


def demand_rail(business: Business, rail: str) -> None:
    """Raises NotFound for a rail that is not configured, and Refused for one that does not take our currency."""
    if rail:
        business.payments.rails.demand_currency(rail, business.currency)


async def begin_if_due(
    business: Business, act: Act, customer: CustomerId, purpose: str, due: Money, rail: str, name: str
) -> Opened | None:
    """The payment of what an act left due, over a rail; None without a rail, or for nothing.

    It is a second act under the same key: a repetition gives the same order.
    """
    if not rail or not due.grains:
        return None
    url = business.payments.return_url(rail)
    asking = Asking(customer=customer, purpose=purpose, rail=rail, amount=due, name=name, return_url=url, saves=True)
    second = msgspec.structs.replace(act, key=f"{act.key}/payment")
    return await begin_payment(asking, business.payments.rails, business.database, second, business.entropy())
