"""Change what a customer's key may do: from the next call on."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import store as identity_store
from solvent.identity.caller import Use
from solvent.identity.key import Key, clean_addresses, clean_header, clean_models, clean_name, clean_uses, demand_good
from solvent.office.store import touch_callers
from solvent.values.ids import KeyId


class KeyChange(msgspec.Struct, frozen=True):
    """What is to be different; None for what stays. models, addresses, uses: the only ones, empty for all.

    name: the customer's or the operator's word for it, "" for none.
    """

    models: Sequence[str] | None = None
    addresses: Sequence[str] | None = None
    uses: Sequence[Use] | None = None
    user_header: str | None = None
    name: str | None = None

    def of(self, key: Key) -> Key:
        """The key as it is to be. Raises Invalid."""
        return msgspec.structs.replace(
            key,
            models=key.models if self.models is None else clean_models(self.models),
            addresses=key.addresses if self.addresses is None else clean_addresses(self.addresses),
            uses=key.uses if self.uses is None else clean_uses(self.uses),
            user_header=key.user_header if self.user_header is None else clean_header(self.user_header),
            name=key.name if self.name is None else clean_name(self.name, "a key's name") if self.name else "",
        )


async def change_key(id: KeyId, change: KeyChange, act: Act, database: Database) -> tuple[Key, bool]:
    """Returns the key as it is then, and whether this act changed it.

    Raises NotFound for no such key of a customer, Invalid for a bad limit or header, and Conflict for a key that
    opens nothing.
    """

    def work(connection: Connection) -> tuple[Key, bool]:
        def effect() -> Key:
            key = identity_store.known_key(connection, id, of_operators=False)
            demand_good(key, act.at_us)
            changed = change.of(key)
            if changed != key:
                identity_store.change_key(connection, changed)
                touch_callers(connection)
            return changed

        return once(connection, act, "key.change", id, effect, Key)

    return await database.write(work)
