"""Keep a plan after all: it is neither canceled nor changed at the end of the period."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import subscription_store
from solvent.billing.subscription import Subscription, to_go_on
from solvent.db.port import Connection, Database
from solvent.values.ids import CustomerId


async def keep_plan(customer: CustomerId, act: Act, database: Database) -> tuple[Subscription, bool]:
    """Returns the subscription, and whether this is new. Raises NotFound for whoever is on no plan."""

    def work(connection: Connection) -> tuple[Subscription, bool]:
        def effect() -> Subscription:
            after = to_go_on(subscription_store.demand_current(connection, customer))
            subscription_store.put(connection, [after])
            return after

        return once(connection, act, "subscription.keep", customer, effect, Subscription)

    return await database.write(work)
