"""Change a password: whoever knows the one before gives another, and every other session ends."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.identity import person_store, ticket_store
from solvent.identity.caller import digest
from solvent.identity.person import Person
from solvent.identity.prove import Proof, prove
from solvent.identity.sign_in import Verify


async def change_password(
    person: Person, proof: Proof, new: str, token: str, verify: Verify, database: Database, now_us: int
) -> None:
    """new: as it is kept. token: of the session that goes on. Raises what `prove` raises."""
    await prove(person, proof, verify, database, now_us)

    def work(connection: Connection) -> None:
        person_store.change(connection, person.id, password=new)
        person_store.end_sessions_of(connection, person.id, but=digest(token.encode()))
        ticket_store.forget_of(connection, person.id)

    await database.write(work)
