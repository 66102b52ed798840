"""Look at what a letter's link is for, without using it: programs that check mail open links before people do."""

from __future__ import annotations

from typing import get_args

from solvent.db.port import Connection, Database
from solvent.identity import person_store, ticket_store
from solvent.identity.caller import digest
from solvent.identity.person import Person, demand_open
from solvent.identity.ticket import Letter, Ticket, ticket_over


async def look_at_letter(token: str, database: Database, now_us: int) -> tuple[Ticket, Person]:
    """Returns what it is for, and whose it is. Raises Refused for a link that was used, ran out or never was."""

    def look(connection: Connection) -> tuple[Ticket, Person]:
        ticket = ticket_store.known(connection, digest(token.encode()), now_us)
        if ticket.purpose not in get_args(Letter):
            raise ticket_over()
        person = person_store.known(connection, ticket.person)
        demand_open(person)
        return ticket, person

    return await database.read(look)
