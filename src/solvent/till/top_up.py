"""Top up a wallet: the customer pays in a checkout, and the money is theirs to spend once the processor says so."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.billing.asking import Asking
from solvent.billing.asking_store import vat_on_top
from solvent.billing.order import TOP_UP
from solvent.billing.rails import Rails
from solvent.db.port import Database
from solvent.till.begin_payment import begin_payment
from solvent.till.open_checkout import Opened
from solvent.values.ids import CustomerId
from solvent.values.money import Money


async def top_up(
    customer: CustomerId,
    amount: Money,
    rail: str,
    rails: Rails,
    database: Database,
    act: Act,
    id_entropy: int,
    *,
    name: str = "Top-up",
    return_url: str = "",
    saves: bool = False,
) -> Opened:
    """amount: what comes into the wallet; VAT is added where the customer's prices are without it.

    saves: also keep what they pay with. Raises what `begin_payment` raises.
    """
    vat = await database.read(lambda connection: vat_on_top(connection, customer, amount, act.at_us))
    asking = Asking(
        customer=customer, purpose=TOP_UP, rail=rail, amount=amount, vat=vat, name=name, return_url=return_url,
        saves=saves,
    )  # fmt: skip
    return await begin_payment(asking, rails, database, act, id_entropy)
