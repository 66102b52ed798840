"""Accept an invitation: a person chooses their password, and is signed in."""

from __future__ import annotations

import msgspec

from solvent.db.port import Connection, Database
from solvent.identity import person_store
from solvent.identity.invitation import demand_invited
from solvent.identity.person import Person, demand_open
from solvent.office import entrance_store
from solvent.office.arrival import Arrival
from solvent.values.errors import NotFound, Refused
from solvent.values.ids import PersonId


class Accepting(msgspec.Struct, frozen=True, kw_only=True):
    """person: whose link it is. token: of the link. password: as it is kept."""

    person: PersonId
    token: str
    password: str
    arrival: Arrival

    def __repr__(self) -> str:
        return f"Accepting({self.person!r})"


async def accept_invitation(asked: Accepting, database: Database, now_us: int) -> Person:
    """Returns who it is. password: "" only looks whether the link is good, and changes nothing.

    Raises Refused for a link that was used, ran out or never was.
    """

    def work(connection: Connection) -> Person:
        try:
            person = person_store.known(connection, asked.person)
        except NotFound:
            raise Refused("invitation_over", "this link was used, or is too old; ask an owner for a new one") from None
        demand_open(person)
        found = person_store.by_email(connection, person.email)
        demand_invited(found[1] if found else "", asked.token, now_us)
        if asked.password:
            person_store.change(connection, person.id, password=asked.password)
            entrance_store.admit(connection, person, asked.arrival, now_us)
        return person

    return await database.write(work)
