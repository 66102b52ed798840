"""Give the second factor: a code of the authenticator app, or a recovery code. Each is good once."""

from __future__ import annotations

import msgspec

from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, credential_store, person_store, ticket_store
from solvent.identity.credential import Credential
from solvent.identity.person import Person, demand_open
from solvent.identity.second_factor import (
    Halfway,
    Way,
    clean_code,
    recovery_known_as,
    sealed_for,
    second_over,
    wrong_code,
)
from solvent.identity.totp import DIGITS, matching_step
from solvent.office import entrance_store
from solvent.office.arrival import Arrival, second_attempt
from solvent.office.confirm_app import Unseal
from solvent.values.errors import Refused


class CodeGiven(msgspec.Struct, frozen=True):
    """half: what whoever gave the first factor was given. arrival: of the session to be."""

    half: str
    code: str
    arrival: Arrival

    def __repr__(self) -> str:
        return f"CodeGiven({self.arrival!r})"


async def give_code(given: CodeGiven, unseal: Unseal, database: Database, now_us: int) -> tuple[Person, str]:
    """Returns who it is, whose session has begun, and where they wanted to go.

    Raises Refused where no first factor was given here lately, and when it was tried too often; Unauthenticated for a
    code that is wrong or was used.
    """
    clean = clean_code(given.code)
    is_app = len(clean) == DIGITS and clean.isascii() and clean.isdigit()
    by: Way = "app" if is_app else "recovery"
    arrival = msgspec.structs.replace(given.arrival, by=by)

    def work(connection: Connection) -> tuple[Person, str] | None:
        try:
            ticket = ticket_store.known_for(connection, given.half, "second", arrival.browser, now_us)
        except Refused:
            raise second_over() from None
        person = person_store.known(connection, ticket.person)
        demand_open(person)
        attempt = second_attempt(person, arrival)
        attempt_store.demand_few(connection, attempt, person.id, now_us)
        if not (_is_of_app if is_app else _is_recovery)(connection, person, clean):
            attempt_store.fail_attempt(connection, attempt, person.id, now_us)
            entrance_store.fail_operator(connection, person, arrival, now_us)
            return None
        ticket_store.use(connection, ticket.digest, now_us)
        entrance_store.admit(connection, person, arrival, now_us)
        return person, msgspec.json.decode(ticket.about, type=Halfway).next

    def _is_of_app(connection: Connection, person: Person, code: str) -> bool:
        app: Credential | None = credential_store.found(connection, "app", person.id)
        if app is None:
            return False
        step = matching_step(unseal(app.secret, sealed_for(person.id)), code, now_us, app.counter)
        return step is not None and credential_store.count(connection, app, step, now_us)

    def _is_recovery(connection: Connection, person: Person, code: str) -> bool:
        known_as = recovery_known_as(person.id, code)
        return credential_store.forget_one(connection, person.id, "recovery", known_as)

    done = await database.write(work)
    if done is None:
        raise wrong_code()
    return done
