"""Make other recovery codes: those before open nothing any more."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import credential_store, news_store
from solvent.identity.news import news
from solvent.identity.person import Person
from solvent.identity.prove import Proof, Verify, prove
from solvent.office import second_store
from solvent.office.arrival import Seen
from solvent.office.entrance_store import seen
from solvent.values.errors import NotFound


async def renew_recovery(
    person: Person, proof: Proof, random: bytes, act: Act, verify: Verify, database: Database
) -> list[str]:
    """Returns the codes, which nobody sees again; empty for a repetition. random: what they are made of.

    Raises what `prove` raises, and NotFound for whoever has no second factor that they could stand in for.
    """
    await prove(person, proof, verify, database, act.at_us)

    def work(connection: Connection) -> list[str]:
        codes: list[str] = []

        def effect() -> Seen:
            if not credential_store.has_kind(connection, person.id, "app", "passkey"):
                raise NotFound("no_such_second_factor", "set up an authenticator app or a passkey first")
            codes.extend(second_store.new_recovery(connection, person.id, random, act.at_us))
            news_store.tell(connection, news(person.id, "recovery_renewed", act.at_us))
            return seen(person, proof.place, "recovery")

        once(connection, act, "person.renew_recovery", person.id, effect, Seen)
        return codes

    return await database.write(work)
