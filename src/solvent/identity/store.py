"""The tables of customers and keys."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, Table, Text, insert, select

from solvent.db.tables import metadata
from solvent.identity.caller import Caller, Customer
from solvent.identity.key import KeyRecord

customers = Table(
    "customers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
)
keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("customer", Text),
    Column("hint", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Index("uq_keys_digest", "digest", unique=True),
)


def add_customer(connection: Connection, customer: Customer) -> None:
    """Add one customer."""
    connection.execute(
        insert(customers).values(id=customer.id, name=customer.name, plan=customer.plan, created_us=customer.created_us)
    )


def add_key(connection: Connection, key: KeyRecord) -> None:
    """Add one key."""
    connection.execute(
        insert(keys).values(
            id=key.id,
            digest=key.digest,
            role=key.role,
            customer=key.customer,
            hint=key.hint,
            created_us=key.created_us,
        )
    )


def all_customers(connection: Connection) -> list[Customer]:
    """Every customer, oldest first."""
    rows = connection.execute(select(customers).order_by(customers.c.created_us, customers.c.id))
    return [Customer(row.id, row.name, row.plan, row.created_us) for row in rows]


def callers(connection: Connection) -> dict[bytes, Caller]:
    """Whoever may call, by the digest of their key: the snapshot that requests are checked against."""
    known = {customer.id: customer for customer in all_customers(connection)}
    return {row.digest: Caller(row.id, row.role, known.get(row.customer)) for row in connection.execute(select(keys))}
