"""Change how a person is called, and in which language their pages are, and documents without a profile."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import person_store
from solvent.identity.key import clean_name
from solvent.identity.person import Language, Person
from solvent.invoicing import store as invoicing_store


async def change_person(person: Person, name: str, language: Language, act: Act, database: Database) -> Person:
    """Returns them as they are then. Raises Invalid for a bad name."""
    clean = clean_name(name, "a name")

    def work(connection: Connection) -> Person:
        def effect() -> Person:
            person_store.change(connection, person.id, name=clean, language=language)
            if person.customer is not None:
                invoicing_store.speak(connection, person.customer, language)
            return msgspec.structs.replace(person, name=clean, language=language)

        changed, _ = once(connection, act, "person.change", person.id, effect, Person)
        return changed

    return await database.write(work)
