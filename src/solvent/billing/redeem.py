"""Take a coupon: something off the next periods, or a gift to spend at once. Once for each customer."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import redemption_store
from solvent.billing.coupon import Redemption
from solvent.db.port import Connection, Database
from solvent.values.ids import CustomerId


async def redeem(
    customer: CustomerId, code: str, act: Act, database: Database, *, plan: str = ""
) -> tuple[Redemption, bool]:
    """Returns the redemption, and whether it is new. plan: the one they are about to be on; "" for the one they are on.

    Raises NotFound for an unknown code, Refused when it has expired, is used up or does not fit the plan, and
    Conflict when the customer has taken it before.
    """

    def work(connection: Connection) -> tuple[Redemption, bool]:
        def effect() -> Redemption:
            return redemption_store.take(connection, customer, code, plan, act.at_us)

        return once(connection, act, "coupon.redeem", customer, effect, Redemption)

    return await database.write(work)
