"""Give a pack back: what is left of it goes, and its share of the price is credited."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import pack_store
from solvent.db.port import Connection, Database
from solvent.ledger.call_in_leases import call_in_leases
from solvent.values.money import Money


async def return_pack(id: str, act: Act, database: Database) -> tuple[Money, bool]:
    """id: of the purchase. Returns what was credited, VAT included, and whether this is new.

    Raises NotFound, and Conflict when nothing is left of it.
    """
    purchase = await database.read(lambda connection: pack_store.by_id(connection, id))
    for account, unit in await database.read(lambda connection: pack_store.pots_of(connection, purchase)):
        await call_in_leases(account, unit, database)

    def work(connection: Connection) -> tuple[Money, bool]:
        def effect() -> Money:
            return pack_store.give_back(connection, pack_store.by_id(connection, id), act.at_us)

        return once(connection, act, "pack.return", purchase.customer, effect, Money)

    return await database.write(work)
