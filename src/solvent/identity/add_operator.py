"""Add an operator's key: it runs the service and has no wallet."""

from __future__ import annotations

from solvent.db.port import Database
from solvent.identity import store
from solvent.identity.key import KeyRecord, digest
from solvent.values.ids import KeyId, new_id


async def add_operator(secret: str, database: Database, now_us: int, id_entropy: int) -> None:
    """secret: made by `identity.key.secret`; only its digest is kept."""
    id = KeyId(new_id("key", now_us, id_entropy))
    key = KeyRecord(id, digest(secret.encode()), "operator", None, secret[-4:], now_us)
    await database.write(lambda connection: store.add_key(connection, key))
