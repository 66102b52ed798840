"""Add a coupon that customers may take."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import coupon_store
from solvent.billing.coupon import Coupon, check
from solvent.db.port import Connection, Database
from solvent.values.errors import Conflict


async def add_coupon(coupon: Coupon, act: Act, database: Database) -> tuple[Coupon, bool]:
    """Returns the coupon in its plain form, and whether it is new.

    Raises Invalid naming the field, and Conflict when there is another coupon of this code.
    """
    clean = check(coupon)

    def work(connection: Connection) -> tuple[Coupon, bool]:
        def effect() -> Coupon:
            if coupon_store.find_coupon(connection, clean.code) is not None:
                message = f"there is a coupon {clean.code} already; choose another code"
                raise Conflict("coupon_exists", message, param="code")
            coupon_store.add_coupon(connection, clean)
            return clean

        return once(connection, act, "coupon.add", clean.code, effect, Coupon)

    return await database.write(work)
