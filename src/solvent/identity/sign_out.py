"""Sign out: the session is forgotten, here and everywhere, and its token opens nothing any more."""

from __future__ import annotations

from solvent.db.port import Database
from solvent.identity import person_store
from solvent.identity.caller import digest


async def sign_out(token: str, database: Database) -> None:
    """Again is allowed and does nothing."""
    await database.write(lambda connection: person_store.end_session(connection, digest(token.encode())))
