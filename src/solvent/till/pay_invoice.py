"""Pay an invoice in a checkout: what it still asks for, in one payment."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.billing.asking import Asking
from solvent.billing.asking_store import due_of
from solvent.billing.order import INVOICE
from solvent.billing.rails import Rails
from solvent.db.port import Database
from solvent.till.begin_payment import begin_payment
from solvent.till.open_checkout import Opened
from solvent.values.ids import CustomerId


async def pay_invoice(
    customer: CustomerId,
    invoice: str,
    rail: str,
    rails: Rails,
    database: Database,
    act: Act,
    id_entropy: int,
    *,
    name: str = "Invoice",
    return_url: str = "",
    saves: bool = False,
) -> Opened:
    """invoice: its id. saves: also keep what they pay with, for renewals.

    Raises NotFound, Conflict when nothing is due, and what `begin_payment` raises.
    """
    amount = await database.read(lambda connection: due_of(connection, customer, invoice))
    asking = Asking(
        customer=customer, purpose=f"{INVOICE}:{invoice}", rail=rail, amount=amount, name=name, return_url=return_url,
        saves=saves,
    )  # fmt: skip
    return await begin_payment(asking, rails, database, act, id_entropy)
