"""Sign in to the console with an operator's key: at first run nobody has a password yet."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import person_store
from solvent.identity.caller import OPERATOR_ROLES, Caller, digest
from solvent.identity.session import begin
from solvent.office.arrival import Seen
from solvent.values.errors import Refused


async def sign_in_by_key(caller: Caller, token: str, place: str, database: Database, now_us: int) -> None:
    """Begin a session of whoever holds the key; it ends with the key. place: where it is done from.

    Raises Refused for a customer's key.
    """
    if caller.role not in OPERATOR_ROLES:
        raise Refused("operator_key_needed", "this needs an operator's key; the first is written at first run")

    def enter(connection: Connection) -> None:
        person_store.add_session(connection, begin(token, now_us, key=caller.key))
        act = Act(caller.key, f"key.sign_in/{digest(token.encode()).hex()}", "", now_us)
        once(connection, act, "key.sign_in", caller.key, lambda: Seen(place, "key"), Seen)

    await database.write(enter)
