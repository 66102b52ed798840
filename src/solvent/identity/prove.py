"""Prove once more who one is, by the password, before something that cannot be undone.

A try is counted before the password is looked at, and taken back once it was right.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, person_store
from solvent.identity.attempt_store import Counted
from solvent.identity.caller import digest
from solvent.identity.person import Person, wrong_password
from solvent.identity.ticket import TICKET_US
from solvent.values.errors import Unauthenticated
from solvent.values.limits import SIGN_IN_FAILURES_MAX, SIGN_IN_PLACE_FAILURES_MAX

# Whether a password is the one that is kept; slow on purpose.
Verify = Callable[[str, str], Awaitable[bool]]


class Proof(msgspec.Struct, frozen=True):
    """place: where it is tried from, such as an address. session: its token.

    Whoever has no password proves it by having signed in just now.
    """

    password: str
    place: str
    session: str

    def __repr__(self) -> str:
        return f"Proof({self.place!r})"


async def prove(person: Person, proof: Proof, verify: Verify, database: Database, now_us: int) -> None:
    """Raises Unauthenticated for a wrong password, and Refused when it was tried too often."""

    who = f"{person.id} once more"  # counted by itself: whoever is in already locks nobody out

    def begin(connection: Connection) -> tuple[tuple[Person, str] | None, Counted]:
        attempt_store.demand_few_of(connection, who, SIGN_IN_FAILURES_MAX, now_us)
        attempt_store.demand_few_of(connection, proof.place, SIGN_IN_PLACE_FAILURES_MAX, now_us)
        kept = person_store.by_email(connection, person.email)
        has_none = kept is not None and not kept[1]
        return kept, () if has_none else attempt_store.fail(connection, (who, proof.place), now_us)

    kept, counted = await database.write(begin)
    if not counted:
        await _demand_fresh(proof.session, database, now_us)
        return
    if not await verify(proof.password, kept[1] if kept is not None else ""):
        raise wrong_password()

    def forgive(connection: Connection) -> None:
        attempt_store.forgive(connection, counted)
        attempt_store.forget_failures(connection, who)

    await database.write(forgive)


async def _demand_fresh(token: str, database: Database, now_us: int) -> None:
    found = await database.read(lambda connection: person_store.signed_in(connection, digest(token.encode())))
    if found is None or now_us - found[0].created_us > TICKET_US:
        raise Unauthenticated("sign_in_again", "you have no password: sign out and in again, then do this right away")
