"""Delete for good the conversations that were deleted a while ago: until then they could be had back."""

from __future__ import annotations

from functools import partial

from solvent.db.port import Database
from solvent.talking import store
from solvent.values.instant import US_PER_S
from solvent.values.limits import CONVERSATION_UNDO_S, CONVERSATIONS_FORGOTTEN


async def forget_deleted(database: Database, now_us: int) -> int:
    """Up to CONVERSATIONS_FORGOTTEN of them; how many there were."""
    before_us = now_us - CONVERSATION_UNDO_S * US_PER_S
    return await database.write(partial(store.forget, before_us=before_us, most=CONVERSATIONS_FORGOTTEN))
