"""Take an authenticator app or a passkey away from one's account."""

from __future__ import annotations

from typing import Literal

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import credential_store, news_store
from solvent.identity.news import Kind, news
from solvent.identity.person import Person
from solvent.identity.prove import Proof, Verify, prove
from solvent.office import second_store
from solvent.office.arrival import Seen
from solvent.office.entrance_store import demand_way_in, seen
from solvent.values.errors import NotFound


class Which(msgspec.Struct, frozen=True):
    """One of theirs. known_as: an app is known as the person."""

    kind: Literal["app", "passkey"]
    known_as: str


async def remove_second_factor(
    person: Person, proof: Proof, which: Which, act: Act, verify: Verify, database: Database
) -> None:
    """Raises what `prove` raises, NotFound for what they do not have, Conflict for the only way in."""
    await prove(person, proof, verify, database, act.at_us)

    def work(connection: Connection) -> None:
        def effect() -> Seen:
            if not credential_store.forget_one(connection, person.id, which.kind, which.known_as):
                raise NotFound("no_such_second_factor", "this is not among what your account has; load the page again")
            demand_way_in(connection, person)
            second_store.ended(connection, person)
            kind: Kind = "app_removed" if which.kind == "app" else "passkey_removed"
            news_store.tell(connection, news(person.id, kind, act.at_us))
            return seen(person, proof.place, which.kind)

        once(connection, act, "person.remove_second_factor", person.id, effect, Seen)

    await database.write(work)
