"""Take a provider away from an account, where another way in is left."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import credential_store, person_store
from solvent.identity.person import Person
from solvent.values.errors import Conflict, NotFound


async def unlink_identity(person: Person, provider: str, act: Act, database: Database) -> None:
    """Raises NotFound for a provider that is not linked, and Conflict where nobody could get in afterwards."""

    def work(connection: Connection) -> None:
        def effect() -> bool:
            linked = credential_store.of_person(connection, person.id)
            if all(one.name != provider for one in linked):
                raise NotFound("not_linked", "this is not linked with your account")
            found = person_store.by_email(connection, person.email)
            others = [one for one in linked if one.name != provider]
            if not others and not (found and found[1]):
                raise Conflict("last_way_in", "this is your only way in; choose a password first")
            return bool(credential_store.forget(connection, person.id, "provider", provider))

        once(connection, act, "person.unlink", person.id, effect, bool)

    await database.write(work)
