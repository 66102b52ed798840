"""Call in what processes have leased of a customer's quotas, so that as much as can be counts as not used."""

from __future__ import annotations

from solvent.billing import quota_store, subscription_store
from solvent.db.port import Connection, Database
from solvent.ledger.call_in_leases import call_in_leases
from solvent.values.ids import CustomerId


async def call_in_quotas(customer: CustomerId, database: Database) -> None:
    """Before something of them is taken back. What answers under way have set aside stays held."""

    def read(connection: Connection) -> list[tuple[str, str]]:
        current = subscription_store.current(connection, customer)
        quotas = quota_store.open_of(connection, (current.id,)) if current else []
        return [(quota.account, quota.unit) for quota in quotas]

    for account, unit in await database.read(read):
        await call_in_leases(account, unit, database)
