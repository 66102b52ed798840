"""Forget all that somebody talked about, because they leave: nobody reads it any more, and it is deleted for good."""

from __future__ import annotations

from solvent.db.port import Database
from solvent.talking import store
from solvent.talking.conversation import Owner


async def forget_conversations(owner: Owner, database: Database) -> int:
    """Returns how many there were. They cannot be had back."""
    return await database.write(lambda connection: store.forget_all(connection, owner))
