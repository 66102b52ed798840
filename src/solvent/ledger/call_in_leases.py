"""Call in the leases of a pot, before money is taken out of it beside the answers: a refund, a correction."""

from __future__ import annotations

import asyncio

from solvent.db.port import Database
from solvent.ledger import pot_store
from solvent.values.limits import LEASE_CALL_IN_STEP_S, LEASE_CALL_IN_STEPS


async def call_in_leases(account: str, unit: str, database: Database, holder: str = "") -> bool:
    """Wait until no other process than `holder` leases from the pot; False when some still do after a while.

    Processes give back what they have not set aside for answers under way; that stays held.
    """
    asked = await database.write(lambda connection: pot_store.recall(connection, account, unit, holder))
    steps = 0
    while asked and steps < LEASE_CALL_IN_STEPS:
        await asyncio.sleep(LEASE_CALL_IN_STEP_S)
        steps += 1
        asked = await database.read(lambda connection: pot_store.leases_beside(connection, account, unit, holder))
    return not asked
