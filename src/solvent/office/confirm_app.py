"""Confirm an authenticator app by a code it shows: from then on one is asked for at each sign-in."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import credential_store, news_store, ticket_store
from solvent.identity.credential import Credential
from solvent.identity.news import news
from solvent.identity.person import Person
from solvent.identity.second_factor import clean_code, sealed_for, wrong_code
from solvent.identity.totp import matching_step
from solvent.office import second_store
from solvent.office.arrival import Seen
from solvent.office.entrance_store import seen
from solvent.office.second_store import begun_for
from solvent.values.errors import Conflict

# Opens what was sealed for a purpose.
Unseal = Callable[[str, str], bytes]


class AppConfirmed(msgspec.Struct, frozen=True):
    """token: of the ticket. session: the one that goes on. random: for recovery codes."""

    token: str
    code: str
    browser: str
    session: str
    place: str
    random: bytes

    def __repr__(self) -> str:
        return f"AppConfirmed({self.place!r})"


async def confirm_app(person: Person, given: AppConfirmed, act: Act, unseal: Unseal, database: Database) -> list[str]:
    """Returns their recovery codes, which nobody sees again; empty where they have some, and for a repetition.

    Raises Unauthenticated for a wrong code, after which another may be tried; Refused for a ticket that is over.
    """

    def work(connection: Connection) -> list[str]:
        codes: list[str] = []

        def effect() -> Seen:
            ticket = begun_for(connection, person, given.token, given.browser, act.at_us)
            if credential_store.has_kind(connection, person.id, "app"):
                raise Conflict("app_there", "there is an authenticator app already; take it away first")
            step = matching_step(unseal(ticket.about, sealed_for(person.id)), clean_code(given.code), act.at_us)
            if step is None:
                raise wrong_code()
            ticket_store.use(connection, ticket.digest, act.at_us)
            app = Credential("app", person.id, person.id, "", ticket.about, step, act.at_us, act.at_us)
            credential_store.add(connection, app)
            news_store.tell(connection, news(person.id, "app_added", act.at_us))
            codes.extend(second_store.begun(connection, person, given.session, given.random, act.at_us))
            return seen(person, given.place, "app")

        once(connection, act, "person.add_second_factor", person.id, effect, Seen)
        return codes

    return await database.write(work)
