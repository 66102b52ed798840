"""The table of tickets."""

from __future__ import annotations

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, Table, Text, delete, insert, select

from solvent.db.tables import metadata
from solvent.identity.caller import digest as digest_of
from solvent.identity.ticket import Purpose, Ticket, ticket_over
from solvent.values.ids import PersonId

tickets = Table(
    "tickets",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("browser", LargeBinary, nullable=False),
    Column("about", Text, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Index("ix_tickets_person", "person"),
    Index("ix_tickets_until_us", "until_us"),
)


def add(connection: Connection, ticket: Ticket) -> None:
    """Keep one."""
    connection.execute(insert(tickets).values(**msgspec.structs.asdict(ticket)))


def known(connection: Connection, digest: bytes, now_us: int) -> Ticket:
    """One that is still good, without using it. Raises Refused."""
    row = connection.execute(select(tickets).where(tickets.c.digest == digest, tickets.c.until_us > now_us)).first()
    if row is None:
        raise ticket_over()
    return Ticket(bytes(row.digest), row.purpose, PersonId(row.person), bytes(row.browser), row.about, row.until_us)


def use(connection: Connection, digest: bytes, now_us: int) -> Ticket:
    """One that is still good, for the only time. Raises Refused."""
    found = known(connection, digest, now_us)
    if connection.execute(delete(tickets).where(tickets.c.digest == digest)).rowcount != 1:
        raise ticket_over()  # another process used it in this moment
    return found


def known_for(connection: Connection, token: str, purpose: Purpose, browser: str, now_us: int) -> Ticket:
    """One for a purpose, which this browser was given, without using it. Raises Refused."""
    found = known(connection, digest_of(token.encode()), now_us)
    if found.purpose != purpose or found.browser != digest_of(browser.encode()):
        raise ticket_over()
    return found


def use_for(connection: Connection, token: str, purpose: Purpose, browser: str, now_us: int) -> Ticket:
    """The same, for the only time. Raises Refused."""
    return use(connection, known_for(connection, token, purpose, browser, now_us).digest, now_us)


def forget_of(connection: Connection, person: PersonId, *purposes: Purpose) -> None:
    """Those of a person, for these purposes or for all."""
    is_meant = tickets.c.person == person
    if purposes:
        is_meant &= tickets.c.purpose.in_(purposes)
    connection.execute(delete(tickets).where(is_meant))


def forget_old(connection: Connection, now_us: int) -> None:
    """Those that nobody can use any more."""
    connection.execute(delete(tickets).where(tickets.c.until_us <= now_us))
