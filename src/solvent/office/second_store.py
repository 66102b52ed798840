"""What beginning and ending a second factor does beside it: recovery codes, and sessions that came in without it."""

from __future__ import annotations

from sqlalchemy import Connection

from solvent.identity import credential_store, person_store, ticket_store
from solvent.identity.caller import digest
from solvent.identity.person import Person
from solvent.identity.second_factor import recovery, recovery_codes
from solvent.identity.ticket import Ticket
from solvent.values.errors import Refused
from solvent.values.ids import PersonId


def begun(connection: Connection, person: Person, session: str, random: bytes, now_us: int) -> list[str]:
    """A second factor was added: sessions that came in without it end, but this one.

    Returns their recovery codes where they had none, to be shown this once. session: its token.
    """
    person_store.end_sessions_of(connection, person.id, but=digest(session.encode()))
    ticket_store.forget_of(connection, person.id)
    if credential_store.has_kind(connection, person.id, "recovery"):
        return []
    return new_recovery(connection, person.id, random, now_us)


def begun_for(connection: Connection, person: Person, token: str, browser: str, now_us: int) -> Ticket:
    """What holds the secret of an app that somebody is setting up. Raises Refused where it is over, or another's."""
    try:
        found = ticket_store.known_for(connection, token, "app", browser, now_us)
    except Refused:
        found = None
    if found is None or found.person != person.id:
        raise Refused("app_over", "this took too long, or was done already; set the app up again from the start")
    return found


def new_recovery(connection: Connection, person: PersonId, random: bytes, now_us: int) -> list[str]:
    """Other recovery codes; those before are over."""
    credential_store.forget_of(connection, person, "recovery")
    codes = recovery_codes(random)
    for code in codes:
        credential_store.add(connection, recovery(person, code, now_us))
    return codes


def ended(connection: Connection, person: Person) -> None:
    """A second factor was taken away: where none is left, recovery codes stand in for nothing."""
    if not credential_store.has_kind(connection, person.id, "app", "passkey"):
        credential_store.forget_of(connection, person.id, "recovery")
        ticket_store.forget_of(connection, person.id, "second")


def demand_confirmed(person: Person, *, has_letters: bool) -> None:
    """Raises Refused for a customer whose address is not confirmed though it could be.

    Or else whoever opens an account with somebody else's address could shut them out of it for good.
    """
    if has_letters and not person.confirmed_us and person.role == "customer":
        raise Refused("confirm_first", "confirm your e-mail address first; the letter is on your account's page")
