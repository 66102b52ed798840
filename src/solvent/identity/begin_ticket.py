"""Begin to sign in by a passkey or a provider: a stranger is given a ticket, and only so many from one place."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, ticket_store
from solvent.identity.attempt import begun_from
from solvent.identity.ticket import Ticket
from solvent.values.limits import SIGN_INS_BEGUN_MAX


async def begin_ticket(ticket: Ticket, place: str, database: Database, now_us: int) -> None:
    """place: where it is asked from. One that comes to its end is taken off again by whoever ends it.

    Raises Refused where too many were begun there lately and came to none.
    """
    who = begun_from(place)

    def work(connection: Connection) -> None:
        attempt_store.demand_few_of(connection, who, SIGN_INS_BEGUN_MAX, now_us)
        attempt_store.fail(connection, (who,), now_us)
        ticket_store.add(connection, ticket)

    await database.write(work)
