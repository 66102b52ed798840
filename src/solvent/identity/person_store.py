"""The tables of people, of their sessions, and of sign-ins that failed lately."""

from __future__ import annotations

from typing import Any, Final

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
    func,
    insert,
    select,
    update,
)

from solvent.db.tables import metadata
from solvent.identity.caller import OPERATOR_ROLES, Customer
from solvent.identity.person import Person
from solvent.identity.session import SESSION_US, Session
from solvent.identity.store import known_customer
from solvent.values.errors import Conflict, NotFound, Refused
from solvent.values.ids import CustomerId, PersonId
from solvent.values.instant import US_PER_S
from solvent.values.limits import SIGN_IN_FAILURES_MAX, SIGN_IN_PLACE_FAILURES_MAX, SIGN_IN_WAIT_S

WAIT_US: Final = SIGN_IN_WAIT_S * US_PER_S  # for which a failure counts

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
failed_sign_ins = Table(
    "failed_sign_ins",
    metadata,
    Column("at_us", BigInteger, primary_key=True),
    Column("who", Text, primary_key=True),  # an e-mail address, or where it was tried from
    Index("ix_failed_sign_ins_who_at_us", "who", "at_us"),
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


def fail(connection: Connection, who: tuple[str, ...], now_us: int) -> None:
    """A sign-in failed, by these."""
    for one in who:
        connection.execute(delete(failed_sign_ins).where(_is(one, now_us)))
        connection.execute(insert(failed_sign_ins).values(at_us=now_us, who=one))


def failures(connection: Connection, who: str, since_us: int) -> tuple[int, int]:
    """How many sign-ins failed by one since then, and when the first of these did."""
    chosen = select(func.count(), func.min(failed_sign_ins.c.at_us)).where(
        failed_sign_ins.c.who == who, failed_sign_ins.c.at_us > since_us
    )
    count, first_us = connection.execute(chosen).one()
    return int(count), int(first_us or 0)


def demand_few_failures(connection: Connection, email: str, place: str, now_us: int) -> None:
    """Raises Refused where it was tried too often in vain, for one person or from one place."""
    for who, most in ((email, SIGN_IN_FAILURES_MAX), (place, SIGN_IN_PLACE_FAILURES_MAX)):
        count, first_us = failures(connection, who, now_us - WAIT_US)
        if count >= most:
            wait_s = -(-(first_us + WAIT_US - now_us) // US_PER_S)
            message = f"signing in failed too often; try again in {-(-wait_s // 60)} min"
            raise Refused("too_many_sign_ins", message, retry_after_s=wait_s)


def forget_failures(connection: Connection, who: str) -> None:
    """Whoever signs in begins anew."""
    connection.execute(delete(failed_sign_ins).where(failed_sign_ins.c.who == who))


def forget_old(connection: Connection, now_us: int, failures_before_us: int) -> None:
    """Delete sessions that have run out, and failures that count no more."""
    connection.execute(delete(sessions).where(sessions.c.seen_us <= now_us - SESSION_US))
    connection.execute(delete(failed_sign_ins).where(failed_sign_ins.c.at_us <= failures_before_us))


def _is(who: str, at_us: int) -> Any:
    return (failed_sign_ins.c.who == who) & (failed_sign_ins.c.at_us == at_us)


def _person(row: Row[Any] | tuple[Any, ...]) -> Person:
    return Person(*row)
