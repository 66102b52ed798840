"""Begin to sign in by a passkey or a provider: one is given a ticket, and a browser or a place only so many."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, ticket_store
from solvent.identity.ticket import Ticket
from solvent.values.limits import SIGN_INS_BEGUN_MAX


async def begin_ticket(ticket: Ticket, place: str, database: Database, now_us: int) -> None:
    """place: where it is asked from. One that comes to its end is taken off again by `attempt_store.end_begun`.

    Raises Refused where too many were begun lately and came to none.
    """

    def work(connection: Connection) -> None:
        who = attempt_store.begun_by(connection, place, ticket.browser)
        attempt_store.demand_few_of(connection, who, SIGN_INS_BEGUN_MAX, now_us)
        attempt_store.fail(connection, (who,), now_us)
        ticket_store.add(connection, ticket)

    await database.write(work)
