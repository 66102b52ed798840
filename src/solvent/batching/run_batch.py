"""Run a batch that this process has claimed: check it, ask its lines, and end it."""

from __future__ import annotations

import asyncio

from solvent.batching import store
from solvent.batching.ask_lines import ask_lines
from solvent.batching.asking import Hands
from solvent.batching.batch import UNFINISHED
from solvent.batching.check_batch import check_batch
from solvent.batching.end_batch import end_batch
from solvent.batching.settle_asked import settle_asked

_LOOK_S = 1.0


async def run_batch(id: str, hands: Hands) -> None:
    """Until it has ended, or the process stops; then another one may go on with it."""
    try:
        while not hands.is_stopping():
            batch = await hands.database.read(lambda connection: store.batch(connection, id))
            if batch is None or batch.holder != hands.holder or batch.state not in UNFINISHED:
                return
            if batch.state == "validating":
                await check_batch(batch, hands)
            elif not await settle_asked(batch, hands):
                await asyncio.sleep(_LOOK_S)
            elif batch.state == "in_progress":
                await ask_lines(batch, hands)
            else:
                await end_batch(id, hands)
    finally:
        await hands.database.write(lambda connection: store.let_go(connection, id, hands.holder))
