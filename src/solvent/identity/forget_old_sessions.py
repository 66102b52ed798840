"""Forget sessions and tickets that have run out, sign-ins that failed long ago, and news that is old."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, news_store, person_store, ticket_store
from solvent.identity.attempt_store import WAIT_US


async def forget_old_sessions(database: Database, now_us: int) -> None:
    """Nothing that still counts is touched."""

    def forget(connection: Connection) -> None:
        person_store.forget_old(connection, now_us)
        attempt_store.forget_old(connection, now_us - WAIT_US)
        ticket_store.forget_old(connection, now_us)
        news_store.forget_old(connection, now_us)

    await database.write(forget)
