"""Give a customer money to spend on answers: once for each key, however often it is asked."""

from __future__ import annotations

from typing import Any

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import grant_store
from solvent.db.port import Connection, Database
from solvent.identity.store import known_customer
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US
from solvent.values.money import Money


async def grant(
    customer: CustomerId, amount: Money, act: Act, database: Database, *, expires_us: int = NEVER_US, why: str = ""
) -> tuple[str, bool]:
    """Into the wallet; or, when it expires, into a pot that is spent before the wallet. why: kept with the change.

    Returns the id of the transfer, and whether the money is new: not when this key gave it before.
    Raises NotFound for an unknown customer, Invalid for nothing, less than nothing, more than GRANT_UNITS_MAX, or an
    end that is past, and Conflict when the key was used for something else.
    """

    def work(connection: Connection) -> tuple[str, bool]:
        def effect() -> Any:
            known_customer(connection, customer)
            name = f"{act.actor}/{act.key}"
            id = grant_store.give(connection, customer, amount, name, expires_us, act.at_us)
            return {"id": id, "why": why} if why else id

        given, is_new = once(connection, act, "grant.give", customer, effect, object)
        return str(given["id"] if isinstance(given, dict) else given), is_new

    return await database.write(work)
