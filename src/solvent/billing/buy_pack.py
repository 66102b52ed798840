"""Buy a pack of a customer's plan: so much for so long, paid once."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import pack_store
from solvent.billing.pack_store import Bought
from solvent.billing.subscription import Pays
from solvent.db.port import Connection, Database
from solvent.values.ids import CustomerId


async def buy_pack(customer: CustomerId, pack: str, pays: Pays, act: Act, database: Database) -> tuple[Bought, bool]:
    """Returns the purchase with what is due, and whether it is new.

    Who pays by card has it with the payment of an order for "pack:<id>" over `due`; who pays by invoice, at once.
    Raises NotFound for whoever is on no plan, Invalid for a pack that their plan has not, and Conflict for one by
    invoice while another is not paid.
    """

    def work(connection: Connection) -> tuple[Bought, bool]:
        def effect() -> Bought:
            return pack_store.buy(connection, customer, pack, pays, act.at_us)

        return once(connection, act, "pack.buy", customer, effect, Bought)

    return await database.write(work)
