"""Rotate a key: it gets a new secret, and the one before is good for a while, so that nobody has to hurry.

The key itself stays: its id, and so its budgets, limits, pace and receipts.
"""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import store as identity_store
from solvent.identity.caller import digest
from solvent.identity.key import HINT_CHARACTERS, Key, demand_good
from solvent.office.store import touch_callers
from solvent.values.ids import KeyId


class Rotation(msgspec.Struct, frozen=True):
    """A secret for a key. overlap_us: for how long those before stay good at most; 0 for no longer."""

    key: KeyId
    secret: str
    overlap_us: int

    def __repr__(self) -> str:
        return f"Rotation({self.key}, ...{self.secret[-HINT_CHARACTERS:]})"


class Rotated(msgspec.Struct, frozen=True):
    """The key as it is then. former_until_us: when the secret before ends."""

    key: Key
    former_until_us: int


async def rotate_key(rotation: Rotation, act: Act, database: Database, *, of_operators: bool) -> tuple[Rotated, bool]:
    """of_operators: whether it has to be an operator's key; a customer's otherwise.

    Returns what came of it, and whether it is new: only then is the secret the key's. Raises NotFound for no such
    key, and Conflict for one that opens nothing.
    """

    def work(connection: Connection) -> tuple[Rotated, bool]:
        def effect() -> Rotated:
            key = identity_store.known_key(connection, rotation.key, of_operators=of_operators)
            demand_good(key, act.at_us)
            until_us = min(act.at_us + rotation.overlap_us, key.expires_us)
            hint = rotation.secret[-HINT_CHARACTERS:]
            kept = digest(rotation.secret.encode())
            identity_store.rotate_key(connection, key.id, kept, hint, former_until_us=until_us, now_us=act.at_us)
            touch_callers(connection)
            return Rotated(msgspec.structs.replace(key, hint=hint), until_us)

        return once(connection, act, "key.rotate", rotation.key, effect, Rotated)

    return await database.write(work)
