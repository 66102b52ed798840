"""Take a user's seat away, so that another may take it."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import seat_store
from solvent.db.port import Connection, Database
from solvent.ledger.pot_store import touch_customers
from solvent.values.errors import NotFound
from solvent.values.ids import CustomerId


async def unseat_user(customer: CustomerId, user: str, act: Act, database: Database) -> tuple[str, bool]:
    """Returns the user, and whether this is new. Raises NotFound for a user without a seat.

    If they ask again while a seat is free, they take it: revoke their key to keep them out.
    """

    def work(connection: Connection) -> tuple[str, bool]:
        def effect() -> str:
            if not seat_store.free_seat(connection, customer, user):
                raise NotFound("no_such_seat", f"user {user[:60]!r} has no seat", param="user")
            touch_customers(connection, [customer])
            return user

        return once(connection, act, "seat.free", customer, effect, str)

    return await database.write(work)
