"""The table of credentials."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, Text, delete, insert, select, update

from solvent.db.tables import metadata
from solvent.identity.credential import Credential, Kind
from solvent.values.ids import PersonId

credentials = Table(
    "credentials",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("known_as", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=False),
    Index("ix_credentials_person", "person"),
)


def add(connection: Connection, credential: Credential) -> None:
    """Keep one."""
    connection.execute(insert(credentials).values(**msgspec.structs.asdict(credential)))


def found(connection: Connection, kind: Kind, known_as: str) -> Credential | None:
    """One by what it is known as; None for none."""
    row = connection.execute(select(credentials).where(_is(kind, known_as))).first()
    return _credential(row) if row is not None else None


def of_person(connection: Connection, person: PersonId) -> list[Credential]:
    """All of a person's, the oldest first."""
    of_theirs = select(credentials).where(credentials.c.person == person)
    return [_credential(row) for row in connection.execute(of_theirs.order_by(credentials.c.created_us))]


def see(connection: Connection, credential: Credential, now_us: int) -> None:
    """It was used."""
    is_it = _is(credential.kind, credential.known_as)
    connection.execute(update(credentials).where(is_it).values(used_us=now_us))


def count(connection: Connection, credential: Credential, counter: int, now_us: int) -> bool:
    """It was used, and has counted on; False where somebody else used it meanwhile, and nothing was changed."""
    is_it = _is(credential.kind, credential.known_as) & (credentials.c.counter == credential.counter)
    done = connection.execute(update(credentials).where(is_it).values(counter=counter, used_us=now_us))
    return bool(done.rowcount == 1)


def has_kind(connection: Connection, person: PersonId, *kinds: Kind) -> bool:
    """Whether a person has one of some kinds."""
    theirs = (credentials.c.person == person) & credentials.c.kind.in_(kinds)
    return connection.execute(select(credentials.c.kind).where(theirs).limit(1)).first() is not None


def forget(connection: Connection, person: PersonId, kind: Kind, name: str) -> int:
    """Those of a person under a name; how many there were."""
    column = credentials.c
    is_it = (column.person == person) & (column.kind == kind) & (column.name == name)
    return connection.execute(delete(credentials).where(is_it)).rowcount


def forget_one(connection: Connection, person: PersonId, kind: Kind, known_as: str) -> bool:
    """One, if it is this person's; whether it was there."""
    is_it = _is(kind, known_as) & (credentials.c.person == person)
    return bool(connection.execute(delete(credentials).where(is_it)).rowcount == 1)


def rename(connection: Connection, person: PersonId, kind: Kind, known_as: str, name: str) -> bool:
    """Call one otherwise, if it is this person's; whether it was there."""
    is_it = _is(kind, known_as) & (credentials.c.person == person)
    return bool(connection.execute(update(credentials).where(is_it).values(name=name)).rowcount == 1)


def forget_of(connection: Connection, person: PersonId, *kinds: Kind) -> int:
    """All of a person's, or those of some kinds; how many there were."""
    is_meant = credentials.c.person == person
    if kinds:
        is_meant &= credentials.c.kind.in_(kinds)
    return connection.execute(delete(credentials).where(is_meant)).rowcount


def _is(kind: Kind, known_as: str) -> Any:
    return (credentials.c.kind == kind) & (credentials.c.known_as == known_as)


def _credential(row: Row[Any]) -> Credential:
    return Credential(*tuple(row))
