"""Call a passkey of one's own otherwise."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import credential_store
from solvent.identity.key import clean_name
from solvent.identity.person import Person
from solvent.values.errors import NotFound


async def rename_passkey(person: Person, known_as: str, name: str, act: Act, database: Database) -> None:
    """Raises NotFound for one that is not theirs, and Invalid for a bad name."""
    clean = clean_name(name, "a passkey's name")

    def work(connection: Connection) -> None:
        def effect() -> str:
            if not credential_store.rename(connection, person.id, "passkey", known_as, clean):
                raise NotFound("no_such_second_factor", "this is not among what your account has; load the page again")
            return clean

        once(connection, act, "person.rename_passkey", person.id, effect, str)

    await database.write(work)
