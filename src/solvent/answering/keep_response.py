"""Keep a response, once its answer is on the books."""

from __future__ import annotations

from solvent.answering import kept_store
from solvent.answering.kept_response import KeptResponse
from solvent.db.port import Database
from solvent.values.errors import Unavailable
from solvent.values.limits import CONVERSATION_BYTES_MAX


async def keep_response(kept: KeptResponse, database: Database) -> bool:
    """Whether it is kept: not where it is too long or cannot be written, for its answer is charged and told anyway."""
    if len(kept.items.encode()) > CONVERSATION_BYTES_MAX:
        return False
    try:
        await database.append([(kept_store.append, kept)])
    except Unavailable:
        return False
    return True
