"""Sign in: a person says who they are and proves it by their password.

A try is counted before the password is looked at, and taken back once it was right: nobody gains a guess by a crash, or
by many at once.
"""

from __future__ import annotations

import msgspec

from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, person_store
from solvent.identity.attempt import Attempt
from solvent.identity.attempt_store import Counted
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

    def begin(connection: Connection) -> tuple[tuple[Person, str] | None, Counted]:
        found = person_store.by_email(connection, email)
        id = found[0].id if found else None
        attempt_store.demand_few(connection, attempt, id, now_us)
        return found, attempt_store.fail_attempt(connection, attempt, id, now_us)

    found, counted = await database.write(begin)
    # Whoever is not known takes as long as who is: the clock does not tell.
    is_right = await verify(asked.password, found[1] if found is not None else "")
    if found is None or not is_right:
        if found is not None:
            person = found[0]
            await database.write(lambda connection: entrance_store.fail_operator(connection, person, arrival, now_us))
        raise wrong_password()
    known = found

    def enter(connection: Connection) -> Entered:
        attempt_store.forgive(connection, counted)
        if person_store.by_email(connection, email) != known:
            raise wrong_password()  # another password was chosen in this moment, or the account closed
        demand_open(known[0])
        return entrance_store.arrive(connection, known[0], arrival, now_us)

    return await database.write(enter)
