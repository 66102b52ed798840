"""Sign in: a person says who they are and proves it by their password."""

from __future__ import annotations

import msgspec

from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, person_store
from solvent.identity.attempt import Attempt
from solvent.identity.person import Person, clean_email, demand_open, wrong_password
from solvent.identity.prove import Verify
from solvent.office import entrance_store
from solvent.office.arrival import Arrival, Entered
from solvent.values.errors import Invalid


class SigningIn(msgspec.Struct, frozen=True):
    """place: where it is tried from, such as an address. token: of the session to be. browser: its cookie.

    next: where they want to go.
    """

    email: str
    password: str
    place: str
    token: str
    browser: str = ""
    next: str = ""

    def __repr__(self) -> str:
        return f"SigningIn({self.email!r}, {self.place!r})"


async def sign_in(asked: SigningIn, verify: Verify, database: Database, now_us: int) -> Entered:
    """Returns who it is; their session has begun, or waits for their second factor.

    Raises Unauthenticated for a wrong address or password, without saying which; Refused when it was tried too often,
    and for a closed account.
    """
    try:
        email = clean_email(asked.email)
    except Invalid:
        raise wrong_password() from None

    attempt = Attempt(email, asked.place, asked.browser)
    arrival = Arrival(token=asked.token, browser=asked.browser, place=asked.place, by="password", next=asked.next)

    def look(connection: Connection) -> tuple[Person, str] | None:
        found = person_store.by_email(connection, email)
        attempt_store.demand_few(connection, attempt, found[0].id if found else None, now_us)
        return found

    found = await database.read(look)
    # Whoever is not known takes as long as who is: the clock does not tell.
    is_right = await verify(asked.password, found[1] if found is not None else "")
    if found is None or not is_right:

        def fail(connection: Connection) -> None:
            attempt_store.fail_attempt(connection, attempt, found[0].id if found else None, now_us)
            if found is not None:
                entrance_store.fail_operator(connection, found[0], arrival, now_us)

        await database.write(fail)
        raise wrong_password()
    person = found[0]
    demand_open(person)
    return await database.write(lambda connection: entrance_store.arrive(connection, person, arrival, now_us))
