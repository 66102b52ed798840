"""Settle the lines that a run left behind: what came of each is looked up in the books."""

from __future__ import annotations

from solvent.batching import store
from solvent.batching.asking import Hands
from solvent.batching.batch import Batch
from solvent.batching.settling_store import settle
from solvent.db.port import Connection


async def settle_asked(batch: Batch, hands: Hands) -> bool:
    """To be called while nobody asks its lines. Whether it is known of all of them what came of them."""

    def work(connection: Connection) -> bool:
        known = [settle(connection, line, hands.booked) for line in store.asked(connection, batch.id)]
        return all(known)

    return await hands.database.write(work)
