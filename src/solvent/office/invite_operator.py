"""Invite somebody who is to help to run the place: they choose a password over a link that works once."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import person_store
from solvent.identity.caller import Role
from solvent.identity.invitation import INVITED_US, kept_of
from solvent.identity.key import clean_name
from solvent.identity.person import Person, clean_email
from solvent.values.errors import Invalid
from solvent.values.ids import PersonId, new_id


class Inviting(msgspec.Struct, frozen=True, kw_only=True):
    """token: of the link, known to nobody yet."""

    email: str
    name: str
    role: Role
    token: str

    def __repr__(self) -> str:
        return f"Inviting({self.email!r}, {self.role!r})"


async def invite_operator(asked: Inviting, act: Act, database: Database, entropy: int) -> tuple[Person, bool]:
    """Returns the person, and whether they are new: only then does the token open anything.

    Raises Invalid for a bad address or name, or a customer's role, and Conflict where the address has an account.
    """
    if asked.role == "customer":
        raise Invalid("bad_request", "role: a customer is nobody who runs the place", param="role")
    email, name = clean_email(asked.email), clean_name(asked.name, "a name")
    person = Person(PersonId(new_id("psn", act.at_us, entropy)), email, name, asked.role, None, "", act.at_us)
    kept = kept_of(asked.token, act.at_us + INVITED_US)

    def work(connection: Connection) -> tuple[Person, bool]:
        def effect() -> Person:
            person_store.add(connection, person, kept)
            return person

        return once(connection, act, "person.invite", person.email, effect, Person)

    return await database.write(work)
