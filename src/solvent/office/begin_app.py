"""Begin to set up an authenticator app: a secret is made, which counts only once a code of it was typed back."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from solvent.db.port import Connection, Database
from solvent.identity import credential_store, ticket_store
from solvent.identity.person import Person
from solvent.identity.prove import Proof, Verify, prove
from solvent.identity.second_factor import sealed_for
from solvent.identity.ticket import ticket
from solvent.office.second_store import demand_confirmed
from solvent.values.errors import Conflict

# Seals a secret for a purpose, so that the books alone do not tell it.
Seal = Callable[[bytes, str], str]


class AppBegun(msgspec.Struct, frozen=True):
    """token: of the ticket that holds the secret until a code of it comes. has_letters: whether letters are sent."""

    token: str
    browser: str
    secret: bytes
    has_letters: bool

    def __repr__(self) -> str:
        return "AppBegun()"


async def begin_app(
    person: Person, proof: Proof, begun: AppBegun, seal: Seal, verify: Verify, database: Database, now_us: int
) -> None:
    """Raises what `prove` raises, Conflict where they have one already, and Refused for an unconfirmed address."""
    await prove(person, proof, verify, database, now_us)

    def work(connection: Connection) -> None:
        demand_confirmed(person, has_letters=begun.has_letters)
        if credential_store.has_kind(connection, person.id, "app"):
            raise Conflict("app_there", "there is an authenticator app already; take it away first")
        about = seal(begun.secret, sealed_for(person.id))
        ticket_store.forget_of(connection, person.id, "app")
        ticket_store.add(connection, ticket(begun.token, "app", begun.browser, now_us, person=person.id, about=about))

    await database.write(work)
