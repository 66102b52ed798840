"""Issue a key: to a customer, or to somebody who helps to run the place."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity.key import Key, NewKey
from solvent.identity.store import known_customer
from solvent.office import store
from solvent.values.errors import Conflict


async def issue_key(new: NewKey, act: Act, database: Database) -> tuple[Key, bool]:
    """Returns the key, and whether it is new.

    Raises NotFound for an unknown customer, Conflict for one that is closed, Invalid for a bad name, model, address or
    expiry.
    """

    def work(connection: Connection) -> tuple[Key, bool]:
        def effect() -> Key:
            if new.customer is not None and known_customer(connection, new.customer).state == "closed":
                message = f"{new.customer} is closed and gets no more keys; open a new customer"
                raise Conflict("customer_closed", message, param="customer")
            return store.add_key(connection, new, act.at_us)

        return once(connection, act, "key.issue", new.customer or new.role, effect, Key)

    return await database.write(work)
