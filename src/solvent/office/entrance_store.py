"""Lets people in, in the transaction that found out who they are, and writes into the journal what it must tell.

Whoever has a second factor gets no session for the first one: only a ticket that waits for the second.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.identity import attempt_store, credential_store, news_store, person_store, ticket_store
from solvent.identity.attempt import Attempt
from solvent.identity.caller import OPERATOR_ROLES, digest
from solvent.identity.news import news
from solvent.identity.person import Person
from solvent.identity.second_factor import Halfway
from solvent.identity.session import begin
from solvent.identity.ticket import ticket
from solvent.office.arrival import Arrival, Entered, Seen, second_attempt
from solvent.values.errors import Conflict


def arrive(connection: Connection, person: Person, arrival: Arrival, now_us: int) -> Entered:
    """Whoever gave a first factor: in, or on to the second."""
    if not credential_store.has_kind(connection, person.id, "app", "passkey"):
        admit(connection, person, arrival, now_us)
        return Entered(person, is_in=True)
    about = msgspec.json.encode(Halfway(arrival.by, arrival.next)).decode()
    waits = ticket(arrival.token, "second", arrival.browser, now_us, person=person.id, about=about)
    ticket_store.add(connection, waits)
    return Entered(person, is_in=False)


def admit(connection: Connection, person: Person, arrival: Arrival, now_us: int) -> None:
    """Begin the session of somebody who has given all there is to give; their browser is known from then on."""
    if attempt_store.is_new(connection, person.id, arrival.browser):
        news_store.tell(connection, news(person.id, "new_browser", now_us, by=arrival.by))
    attempt_store.succeed(connection, second_attempt(person, arrival), person.id, now_us)
    attempt_store.succeed(connection, Attempt(person.email, arrival.place, arrival.browser), person.id, now_us)
    person_store.add_session(connection, begin(arrival.token, now_us, person=person.id))
    if person.role in OPERATOR_ROLES:
        note(connection, "person.sign_in", person, arrival, now_us)


def fail_operator(connection: Connection, person: Person, arrival: Arrival, now_us: int) -> None:
    """Somebody tried to come in as an operator, and did not. Nobody else's attempts are written down for good."""
    if person.role in OPERATOR_ROLES:
        note(connection, "person.sign_in_failed", person, arrival, now_us)


def demand_way_in(connection: Connection, person: Person) -> None:
    """Raises Conflict where nobody could get into an account any more; then nothing was taken away."""
    found = person_store.by_email(connection, person.email)
    if not (found and found[1]) and not credential_store.has_kind(connection, person.id, "provider", "passkey"):
        raise Conflict("last_way_in", "this is your only way in; choose a password first")


def note(connection: Connection, action: str, person: Person, arrival: Arrival, now_us: int) -> None:
    """Write down who it was, when, from where and how."""
    act = Act(person.id, f"{action}/{digest(arrival.token.encode()).hex()}", "", now_us)
    once(connection, act, action, person.id, lambda: seen(person, arrival.place, arrival.by), Seen)


def seen(person: Person, place: str, by: str) -> Seen:
    """What the journal has of something. Where customers were is not written down: it is never deleted."""
    return Seen(place if person.role in OPERATOR_ROLES else "", by)
