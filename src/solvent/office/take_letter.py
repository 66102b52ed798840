"""Do what a letter's link is for, once. Whoever opened it has the address: it counts as confirmed from then on."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act, fingerprint
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, credential_store, news_store, person_store, ticket_store
from solvent.identity import store as identity_store
from solvent.identity.caller import OPERATOR_ROLES, digest
from solvent.identity.look_at_letter import look_at_letter
from solvent.identity.news import news
from solvent.identity.person import Person
from solvent.identity.ticket import Ticket
from solvent.office import entrance_store
from solvent.office.arrival import Arrival, Entered
from solvent.office.store import touch_callers
from solvent.values.errors import Refused, Unauthenticated
from solvent.values.ids import PersonId


class LetterTaken(msgspec.Struct, frozen=True, kw_only=True):
    """arrival: of the session to be, in the browser it was opened in.

    password: the new one, as it is kept; "" but to reset. is_sure: they asked for it themselves, they say, though in
    another browser. signed_in: who is, in that browser; "" for nobody.
    """

    token: str
    arrival: Arrival
    password: str = ""
    is_sure: bool = False
    signed_in: PersonId = PersonId("")

    def __repr__(self) -> str:
        return f"LetterTaken({self.signed_in!r})"


async def take_letter(taken: LetterTaken, database: Database, now_us: int) -> Entered:
    """Returns who it is; but for a confirmation, their session has begun, or waits for their second factor.

    Raises Refused for a link that is over, and, changing nothing, for one that was opened in another browser than the
    one that asked; Unauthenticated for a confirmation by anybody but the one who is signed in: somebody else may have
    opened the account with the address.
    """
    ticket, person = await look_at_letter(taken.token, database, now_us)
    if ticket.browser != digest(taken.arrival.browser.encode()) and not taken.is_sure:
        raise Refused("another_browser", "this link was asked for in another browser; go on only if that was you")
    if ticket.purpose == "confirm" and taken.signed_in != person.id:
        raise Unauthenticated("signed_out", "sign in with the account that this letter is about, then open it again")
    assert bool(taken.password) == (ticket.purpose == "reset"), "a password is chosen where one is asked for"
    act = Act(person.id, f"letter/{ticket.digest.hex()}", fingerprint(ticket.purpose), now_us)

    def work(connection: Connection) -> Entered:
        ticket_store.use(connection, ticket.digest, now_us)
        who, _ = once(
            connection, act, f"person.{ticket.purpose}", person.id,
            lambda: _carry_out(connection, ticket, person, taken, now_us), Person,
        )  # fmt: skip
        if ticket.purpose == "confirm":
            return Entered(who, is_in=True)
        return entrance_store.arrive(connection, who, taken.arrival, now_us)

    return await database.write(work)


def _carry_out(connection: Connection, ticket: Ticket, person: Person, taken: LetterTaken, now_us: int) -> Person:
    if ticket.purpose != "confirm" and _may_be_anothers(connection, person, taken.arrival.browser):
        _take_over(connection, person, taken.password, now_us)
    elif ticket.purpose == "reset":
        person_store.change(connection, person.id, password=taken.password)
        _shut_out_others(connection, person)
    if ticket.purpose == "reset":
        news_store.tell(connection, news(person.id, "reset", now_us))
    if not person.confirmed_us:
        person_store.change(connection, person.id, confirmed_us=now_us)
    return person_store.known(connection, person.id)


def _may_be_anothers(connection: Connection, person: Person, browser: str) -> bool:
    """Whether somebody else may have opened the account with this address.

    Not an operator's, whom an owner invited; and a second factor is asked for, whoever has the mailbox.
    """
    if person.confirmed_us or person.role in OPERATOR_ROLES:
        return False
    if credential_store.has_kind(connection, person.id, "app", "passkey"):
        return False
    return not attempt_store.is_known(connection, person.id, browser)


def _take_over(connection: Connection, person: Person, password: str, now_us: int) -> None:
    """Whoever opened the account may not be whoever has the address: nothing that they chose opens it any more."""
    person_store.change(connection, person.id, password=password)
    credential_store.forget_of(connection, person.id)
    _shut_out_others(connection, person)
    if person.customer is not None and identity_store.revoke_keys_of(connection, person.customer, now_us):
        touch_callers(connection)


def _shut_out_others(connection: Connection, person: Person) -> None:
    person_store.end_sessions_of(connection, person.id)
    attempt_store.forget_browsers(connection, person.id)
    ticket_store.forget_of(connection, person.id)
