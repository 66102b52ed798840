"""Sign in: a person says who they are and proves it by their password."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from solvent.db.port import Connection, Database
from solvent.identity import person_store
from solvent.identity.person import Person, clean_email, demand_open
from solvent.identity.session import begin
from solvent.values.errors import Invalid, Refused, Unauthenticated
from solvent.values.instant import US_PER_S
from solvent.values.limits import SIGN_IN_FAILURES_MAX, SIGN_IN_PLACE_FAILURES_MAX, SIGN_IN_WAIT_S

# Whether a password is the one that is kept; slow on purpose.
Verify = Callable[[str, str], Awaitable[bool]]
WAIT_US: Final = SIGN_IN_WAIT_S * US_PER_S


class SigningIn(msgspec.Struct, frozen=True):
    """place: where it is tried from, such as an address. token: of the session to be."""

    email: str
    password: str
    place: str
    token: str

    def __repr__(self) -> str:
        return f"SigningIn({self.email!r}, {self.place!r})"


async def sign_in(asked: SigningIn, verify: Verify, database: Database, now_us: int) -> Person:
    """Returns who it is; their session has begun.

    Raises Unauthenticated for a wrong address or password, without saying which; Refused when it was tried too often,
    and for a closed account.
    """
    try:
        email = clean_email(asked.email)
    except Invalid:
        raise _wrong() from None

    def look(connection: Connection) -> tuple[Person, str] | None:
        for who, most in ((email, SIGN_IN_FAILURES_MAX), (asked.place, SIGN_IN_PLACE_FAILURES_MAX)):
            count, first_us = person_store.failures(connection, who, now_us - WAIT_US)
            if count >= most:
                wait_s = -(-(first_us + WAIT_US - now_us) // US_PER_S)
                message = f"signing in failed too often; try again in {-(-wait_s // 60)} min"
                raise Refused("too_many_sign_ins", message, retry_after_s=wait_s)
        return person_store.by_email(connection, email)

    found = await database.read(look)
    # Whoever is not known takes as long as who is: the clock does not tell.
    is_right = await verify(asked.password, found[1] if found is not None else "")
    if found is None or not is_right:
        await database.write(lambda connection: person_store.fail(connection, (email, asked.place), now_us))
        raise _wrong()
    person = found[0]
    demand_open(person)

    def enter(connection: Connection) -> None:
        person_store.forget_failures(connection, email)
        person_store.add_session(connection, begin(asked.token, now_us, person=person.id))

    await database.write(enter)
    return person


def _wrong() -> Unauthenticated:
    return Unauthenticated("wrong_password", "the address or the password is wrong; try again")
