"""Change what a customer's key may do: from the next call on."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import store as identity_store
from solvent.identity.key import Key, clean_addresses, clean_models, demand_good
from solvent.office.store import touch_callers
from solvent.values.ids import KeyId


class KeyChange(msgspec.Struct, frozen=True):
    """What is to be different; None for what stays. models, addresses: the only ones, empty for all."""

    models: Sequence[str] | None = None
    addresses: Sequence[str] | None = None


async def change_key(id: KeyId, change: KeyChange, act: Act, database: Database) -> tuple[Key, bool]:
    """Returns the key as it is then, and whether this act changed it.

    Raises NotFound for no such key of a customer, Invalid for a bad model or address, and Conflict for a key that
    opens nothing.
    """

    def work(connection: Connection) -> tuple[Key, bool]:
        def effect() -> Key:
            key = identity_store.known_key(connection, id, of_operators=False)
            demand_good(key, act.at_us)
            limits: dict[str, tuple[str, ...]] = {}
            if change.models is not None:
                limits["models"] = clean_models(change.models)
            if change.addresses is not None:
                limits["addresses"] = clean_addresses(change.addresses)
            if limits:
                identity_store.change_key(connection, id, **limits)
                touch_callers(connection)
            return identity_store.known_key(connection, id, of_operators=False)

        return once(connection, act, "key.change", id, effect, Key)

    return await database.write(work)
