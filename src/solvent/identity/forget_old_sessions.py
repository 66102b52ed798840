"""Forget sessions that have run out, and sign-ins that failed long ago."""

from __future__ import annotations

from solvent.db.port import Database
from solvent.identity import person_store
from solvent.identity.person_store import WAIT_US


async def forget_old_sessions(database: Database, now_us: int) -> None:
    """Nothing that still counts is touched."""
    await database.write(lambda connection: person_store.forget_old(connection, now_us, now_us - WAIT_US))
