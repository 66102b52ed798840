"""Put a customer on a plan: its period begins, what it includes is theirs, and its price is invoiced."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import proposal_store
from solvent.billing.proposal_store import Outcome
from solvent.billing.subscription import Wish
from solvent.db.port import Connection, Database


async def subscribe(wish: Wish, act: Act, database: Database) -> tuple[Outcome, bool]:
    """Returns what came of it, and whether it is new.

    A free plan or trial that is running ends. Who pays by card and owes something now has a waiting subscription,
    which begins with the payment of an order for "subscription:<id>" over `due`.
    Raises NotFound for an unknown customer or coupon, Invalid for a plan not on sale or seats it has not, Refused
    for a coupon that does not fit, and Conflict when a plan that costs something is running: change that instead.
    """

    def work(connection: Connection) -> tuple[Outcome, bool]:
        def effect() -> Outcome:
            return proposal_store.start(connection, wish, act.at_us)

        return once(connection, act, "subscription.begin", wish.customer, effect, Outcome)

    return await database.write(work)
