"""The tables of people and of their sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Row,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from solvent.db.tables import metadata
from solvent.identity.caller import OPERATOR_ROLES, Customer
from solvent.identity.person import Person
from solvent.identity.session import SESSION_US, Session
from solvent.identity.store import known_customer
from solvent.values.errors import Conflict, NotFound
from solvent.values.ids import CustomerId, PersonId

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("customer", Text),
    Column("language", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger, nullable=False),
    Column("password", Text, nullable=False),  # as argon2 writes it; "" for none
    Column("confirmed_us", BigInteger, nullable=False),
    Index("uq_people_email", "email", unique=True),
    Index("ix_people_customer", "customer"),
)
sessions = Table(
    "sessions",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("person", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    Index("ix_sessions_person", "person"),
)
_PERSON = [people.c[name] for name in Person.__struct_fields__]


def add(connection: Connection, person: Person, password: str) -> None:
    """Add one person. Raises Conflict where somebody has the address."""
    if connection.execute(select(people.c.id).where(people.c.email == person.email)).first() is not None:
        raise Conflict("email_taken", "somebody has an account with this address; sign in", param="email")
    connection.execute(insert(people).values(password=password, **msgspec.structs.asdict(person)))


def by_email(connection: Connection, email: str) -> tuple[Person, str] | None:
    """Who has an address, and their password as it is kept; None for nobody."""
    row = connection.execute(select(*_PERSON, people.c.password).where(people.c.email == email)).first()
    return (_person(row[:-1]), str(row[-1])) if row is not None else None


def known(connection: Connection, id: PersonId) -> Person:
    """The person of an id. Raises NotFound."""
    row = connection.execute(select(*_PERSON).where(people.c.id == id)).first()
    if row is None:
        raise NotFound("no_such_person", f"there is no person {id[:60]!r}", param="person")
    return _person(row)


def of_customer(connection: Connection, customer: CustomerId) -> list[Person]:
    """Everybody of a customer's, the first one first."""
    chosen = select(*_PERSON).where(people.c.customer == customer).order_by(people.c.id)
    return [_person(row) for row in connection.execute(chosen)]


def among(connection: Connection, ids: Sequence[str]) -> dict[str, Person]:
    """Those of some ids that are people, by id."""
    chosen = select(*_PERSON).where(people.c.id.in_([id for id in set(ids) if id.startswith("psn_")]))
    return {person.id: person for person in map(_person, connection.execute(chosen))}


def operators(connection: Connection) -> list[Person]:
    """Who helps to run the place, the first one first."""
    chosen = select(*_PERSON).where(people.c.role.in_(OPERATOR_ROLES)).order_by(people.c.id)
    return [_person(row) for row in connection.execute(chosen)]


def change(connection: Connection, id: PersonId, **columns: str | int) -> None:
    """Give a person another name, language, password, or an end."""
    connection.execute(update(people).where(people.c.id == id).values(**columns))


def add_session(connection: Connection, session: Session) -> None:
    """Keep a session."""
    connection.execute(insert(sessions).values(**msgspec.structs.asdict(session)))


def signed_in(connection: Connection, digest: bytes) -> tuple[Session, Person | None, Customer | None] | None:
    """A session with its person and their customer; None for one that was never begun or has ended."""
    row = connection.execute(select(sessions).where(sessions.c.digest == digest)).first()
    if row is None:
        return None
    session = Session(bytes(row.digest), row.person, row.key, row.created_us, row.seen_us)
    if not session.person:
        return session, None, None
    person = known(connection, session.person)
    return session, person, known_customer(connection, person.customer) if person.customer is not None else None


def see(connection: Connection, digest: bytes, now_us: int) -> None:
    """A session is still used."""
    connection.execute(update(sessions).where(sessions.c.digest == digest).values(seen_us=now_us))


def end_session(connection: Connection, digest: bytes) -> None:
    """Forget a session."""
    connection.execute(delete(sessions).where(sessions.c.digest == digest))


def sessions_of(connection: Connection, person: PersonId) -> list[Session]:
    """Where a person is signed in, the newest first."""
    chosen = select(sessions).where(sessions.c.person == person).order_by(sessions.c.created_us.desc())
    return [
        Session(bytes(row.digest), row.person, row.key, row.created_us, row.seen_us)
        for row in connection.execute(chosen)
    ]


def end_session_of(connection: Connection, person: PersonId, digest: bytes) -> None:
    """Forget a session, if it is this person's."""
    connection.execute(delete(sessions).where(sessions.c.digest == digest, sessions.c.person == person))


def end_sessions_of(connection: Connection, person: PersonId, but: bytes = b"") -> None:
    """Forget every session of a person, but perhaps one."""
    connection.execute(delete(sessions).where(sessions.c.person == person, sessions.c.digest != but))


def forget_old(connection: Connection, now_us: int) -> None:
    """Delete sessions that have run out."""
    connection.execute(delete(sessions).where(sessions.c.seen_us <= now_us - SESSION_US))


def _person(row: Row[Any] | tuple[Any, ...]) -> Person:
    return Person(*row)
