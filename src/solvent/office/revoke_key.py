"""Revoke a key: from the next call on it opens nothing."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import store as identity_store
from solvent.identity.key import Key
from solvent.office.store import touch_callers
from solvent.values.errors import Conflict
from solvent.values.ids import KeyId


async def revoke_key(id: KeyId, act: Act, database: Database, *, of_operators: bool) -> tuple[Key, bool]:
    """of_operators: whether it has to be an operator's key; a customer's otherwise.

    Returns the key as it is then, and whether this act revoked it. Raises NotFound for no such key, and
    Conflict for the last owner's key that is good: nobody could get in any more.
    """

    def work(connection: Connection) -> tuple[Key, bool]:
        def effect() -> Key:
            key = identity_store.known_key(connection, id, of_operators=of_operators)
            if key.role == "owner" and identity_store.owners_at(connection, act.at_us) == [id]:
                message = "this is the last owner's key that is good; issue another owner's key first"
                raise Conflict("last_owner", message, param="key")
            identity_store.revoke_key(connection, id, act.at_us)
            touch_callers(connection)
            return identity_store.known_key(connection, id, of_operators=of_operators)

        return once(connection, act, "key.revoke", id, effect, Key)

    return await database.write(work)
