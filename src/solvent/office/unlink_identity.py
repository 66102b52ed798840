"""Take a provider away from an account, where another way in is left, for whoever proves once more who they are."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import credential_store, news_store
from solvent.identity.news import news
from solvent.identity.person import Person
from solvent.identity.prove import Proof, Verify, prove
from solvent.office.entrance_store import demand_way_in
from solvent.values.errors import NotFound


async def unlink_identity(
    person: Person, proof: Proof, provider: str, act: Act, verify: Verify, database: Database
) -> None:
    """Raises what `prove` raises, NotFound for a provider that is not linked, and Conflict where nobody could get in
    afterwards.
    """
    await prove(person, proof, verify, database, act.at_us)

    def work(connection: Connection) -> None:
        def effect() -> bool:
            if not credential_store.forget(connection, person.id, "provider", provider):
                raise NotFound("not_linked", "this is not linked with your account")
            demand_way_in(connection, person)
            news_store.tell(connection, news(person.id, "unlinked", act.at_us, provider=provider))
            return True

        once(connection, act, "person.unlink", person.id, effect, bool)

    await database.write(work)
