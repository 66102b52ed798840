"""Sign in with a passkey and nothing else: it is both factors, as its owner unlocks it by a face, a finger or a PIN."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, credential_store, person_store, ticket_store
from solvent.identity.attempt_store import Counted
from solvent.identity.credential import Credential
from solvent.identity.passkey import CheckSigned, Signed, passkey_wrong
from solvent.identity.person import Person, demand_open
from solvent.office import entrance_store
from solvent.office.arrival import Arrival
from solvent.values.errors import Refused
from solvent.values.limits import SIGN_IN_PLACE_FAILURES_MAX


async def enter_by_passkey(
    signed: Signed, arrival: Arrival, check: CheckSigned, database: Database, now_us: int
) -> Person:
    """Returns who it is; their session has begun.

    Raises Refused for a challenge that was used, is too old, or another browser's; for a passkey that is not known, did
    not sign right, or counted back; for a closed account; and when it was tried too often.
    """

    def use(connection: Connection) -> tuple[Credential | None, Counted]:
        attempt_store.demand_few_of(connection, arrival.place, SIGN_IN_PLACE_FAILURES_MAX, now_us)
        try:
            ticket_store.use_for(connection, signed.challenge, "passkey", arrival.browser, now_us)
        except Refused:
            raise passkey_wrong() from None
        kept = credential_store.found(connection, "passkey", signed.known_as)
        return kept, attempt_store.fail(connection, (arrival.place,), now_us)

    kept, counted = await database.write(use)  # whatever comes of it, the challenge is used and the try is counted
    try:
        if kept is None or signed.person != kept.person:
            raise passkey_wrong()
        counter = await check(signed, kept)
    except Refused:
        await database.write(lambda connection: _note_failure(connection, kept, arrival, now_us))
        raise

    def enter(connection: Connection) -> Person:
        if not credential_store.count(connection, kept, counter, now_us):
            raise passkey_wrong()
        attempt_store.forgive(connection, counted)
        attempt_store.end_begun(connection, arrival.place, arrival.browser)
        person = person_store.known(connection, kept.person)
        demand_open(person)
        entrance_store.admit(connection, person, arrival, now_us)
        return person

    return await database.write(enter)


def _note_failure(connection: Connection, kept: Credential | None, arrival: Arrival, now_us: int) -> None:
    if kept is not None:
        person = person_store.known(connection, kept.person)
        entrance_store.fail_operator(connection, person, arrival, now_us)
