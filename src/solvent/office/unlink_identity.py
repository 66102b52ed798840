"""Take a provider away from an account, where another way in is left."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import credential_store
from solvent.identity.person import Person
from solvent.office.entrance_store import demand_way_in
from solvent.values.errors import NotFound


async def unlink_identity(person: Person, provider: str, act: Act, database: Database) -> None:
    """Raises NotFound for a provider that is not linked, and Conflict where nobody could get in afterwards."""

    def work(connection: Connection) -> None:
        def effect() -> bool:
            if not credential_store.forget(connection, person.id, "provider", provider):
                raise NotFound("not_linked", "this is not linked with your account")
            demand_way_in(connection, person)
            return True

        once(connection, act, "person.unlink", person.id, effect, bool)

    await database.write(work)
