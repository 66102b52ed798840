"""Change a password: whoever knows the one before gives another, and every other session ends."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import news_store, person_store, ticket_store
from solvent.identity.caller import digest
from solvent.identity.news import news
from solvent.identity.person import Person
from solvent.identity.prove import Proof, Verify, prove
from solvent.office.arrival import Seen
from solvent.office.entrance_store import seen


async def change_password(person: Person, proof: Proof, new: str, act: Act, verify: Verify, database: Database) -> None:
    """new: as it is kept. Raises what `prove` raises."""
    await prove(person, proof, verify, database, act.at_us)

    def work(connection: Connection) -> None:
        def effect() -> Seen:
            person_store.change(connection, person.id, password=new)
            person_store.end_sessions_of(connection, person.id, but=digest(proof.session.encode()))
            ticket_store.forget_of(connection, person.id)
            news_store.tell(connection, news(person.id, "password_changed", act.at_us))
            return seen(person, proof.place, "password")

        once(connection, act, "person.password", person.id, effect, Seen)

    await database.write(work)
