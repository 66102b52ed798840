"""Save something to charge later, such as a card for renewals, without paying anything now."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.billing.asking import Asking
from solvent.billing.order import METHOD
from solvent.billing.rails import Rails
from solvent.db.port import Database
from solvent.till.begin_payment import begin_payment
from solvent.till.open_checkout import Opened
from solvent.values.ids import CustomerId
from solvent.values.money import Money


async def save_method(
    customer: CustomerId,
    currency: str,
    rail: str,
    rails: Rails,
    database: Database,
    act: Act,
    id_entropy: int,
    *,
    name: str = "Card",
    return_url: str = "",
) -> Opened:
    """currency: of the charges to come. The method is there once the order is paid.

    Raises what `begin_payment` raises.
    """
    asking = Asking(
        customer=customer, purpose=METHOD, rail=rail, amount=Money(0, currency), name=name, return_url=return_url,
        saves=True,
    )  # fmt: skip
    return await begin_payment(asking, rails, database, act, id_entropy)
