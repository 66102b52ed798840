"""The tables of customers and keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from solvent.db.tables import metadata
from solvent.identity.address import read_networks
from solvent.identity.caller import Caller, Callers, Customer, State, Use
from solvent.identity.key import Key
from solvent.values.errors import NotFound
from solvent.values.ids import CustomerId, KeyId

customers = Table(
    "customers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("request_log", Text, nullable=False),
    Index("ix_customers_plan", "plan"),
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
    Column("name", Text, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("revoked_us", BigInteger, nullable=False),
    Column("models", Text, nullable=False),  # a JSON array
    Column("addresses", Text, nullable=False),  # likewise
    Column("uses", Text, nullable=False),  # likewise
    Column("user_header", Text, nullable=False),
    Index("uq_keys_digest", "digest", unique=True),
    Index("ix_keys_customer", "customer"),
)
# Secrets that keys had before, and that are good beside the present one until an instant.
former_secrets = Table(
    "former_secrets",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("key", Text, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Index("ix_former_secrets_key", "key"),
)
_KEY = [keys.c[name] for name in Key.__struct_fields__]
_decode_list = msgspec.json.Decoder(tuple[str, ...]).decode
_decode_uses = msgspec.json.Decoder(tuple[Use, ...]).decode


def add_customer(connection: Connection, customer: Customer) -> None:
    """Add one customer."""
    connection.execute(insert(customers).values(**msgspec.structs.asdict(customer)))


def add_key(connection: Connection, key: Key, digest: bytes) -> None:
    """Add one key. Its secret is nowhere: `digest` is of it."""
    columns = msgspec.structs.asdict(key) | _lists(models=key.models, addresses=key.addresses, uses=key.uses)
    connection.execute(insert(keys).values(digest=digest, **columns))


def known_customer(connection: Connection, id: CustomerId) -> Customer:
    """The customer of an id. Raises NotFound."""
    row = connection.execute(select(customers).where(customers.c.id == id)).first()
    if row is None:
        raise NotFound("no_such_customer", f"there is no customer {id[:60]!r}", param="customer")
    return Customer(*row)


def is_closed(connection: Connection, id: CustomerId) -> bool:
    """Whether this customer is closed for good."""
    chosen = select(customers.c.id).where(customers.c.id == id, customers.c.state == "closed")
    return connection.execute(chosen).first() is not None


def change_customer(connection: Connection, id: CustomerId, **columns: str) -> None:
    """Give a customer another name, plan or state."""
    connection.execute(update(customers).where(customers.c.id == id).values(**columns))


def all_customers(connection: Connection) -> list[Customer]:
    """Every customer, oldest first."""
    return _customers(connection.execute(select(customers).order_by(customers.c.created_us, customers.c.id)))


def count_by_plan(connection: Connection) -> dict[str, int]:
    """How many customers are on each plan."""
    rows = connection.execute(select(customers.c.plan, func.count()).group_by(customers.c.plan))
    return {plan: int(count) for plan, count in rows}


def on_plan(connection: Connection, plan: str, most: int) -> list[str]:
    """Customers on a plan who are not closed, up to `most`, the oldest first."""
    chosen = select(customers.c.id).where(customers.c.plan == plan, customers.c.state != "closed")
    return [str(row[0]) for row in connection.execute(chosen.order_by(customers.c.id).limit(most))]


def names_of(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The names of some customers, by id."""
    chosen = select(customers.c.id, customers.c.name).where(customers.c.id.in_(ids))
    return {str(id): name for id, name in connection.execute(chosen)}


def key_names(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """What some keys are called, by id; those without a name by the end of their secret."""
    chosen = select(keys.c.id, keys.c.name, keys.c.hint).where(keys.c.id.in_(ids))
    return {row.id: row.name or row.hint for row in connection.execute(chosen)}


def customers_page(
    connection: Connection, before: str, count: int, *, search: str = "", state: State | None = None
) -> list[Customer]:
    """Up to `count` customers, newest first: those with ids before one, or all for "".

    search: what is in the name, in whatever case, or begins the id.
    """
    chosen = select(customers).order_by(customers.c.id.desc()).limit(count)
    if before:
        chosen = chosen.where(customers.c.id < before)
    if search:
        named = customers.c.name.icontains(search, autoescape=True)
        chosen = chosen.where(or_(named, customers.c.id.startswith(search, autoescape=True)))
    if state is not None:
        chosen = chosen.where(customers.c.state == state)
    return _customers(connection.execute(chosen))


def known_key(connection: Connection, id: KeyId, *, of_operators: bool) -> Key:
    """The key of an id, an operator's or a customer's. Raises NotFound."""
    whose = keys.c.customer.is_(None) if of_operators else keys.c.customer.is_not(None)
    row = connection.execute(select(*_KEY).where(keys.c.id == id, whose)).first()
    if row is None:
        raise NotFound("no_such_key", f"there is no key {id[:60]!r}", param="key")
    return _key(row)


def keys_page(connection: Connection, customer: CustomerId | None, before: str, count: int) -> list[Key]:
    """Up to `count` keys, newest first, of a customer, or of operators for None. before: as in `customers_page`."""
    whose = keys.c.customer.is_(None) if customer is None else keys.c.customer == customer
    chosen = select(*_KEY).where(whose).order_by(keys.c.id.desc()).limit(count)
    if before:
        chosen = chosen.where(keys.c.id < before)
    return [_key(row) for row in connection.execute(chosen)]


def keys_among(connection: Connection, ids: Sequence[str]) -> dict[str, Key]:
    """Those of some ids that are keys, by id."""
    return {row.id: _key(row) for row in connection.execute(select(*_KEY).where(keys.c.id.in_(ids)))}


def owners_at(connection: Connection, now_us: int) -> list[KeyId]:
    """The owners' keys that are good now."""
    good = (keys.c.role == "owner", keys.c.revoked_us == 0, keys.c.expires_us > now_us)
    return list(connection.execute(select(keys.c.id).where(*good)).scalars())


def change_key(connection: Connection, key: Key) -> None:
    """Give a key other limits, another header and another name; an empty list takes a limit away."""
    limits = _lists(models=key.models, addresses=key.addresses, uses=key.uses)
    connection.execute(
        update(keys).where(keys.c.id == key.id).values(user_header=key.user_header, name=key.name, **limits)
    )


def rotate_key(
    connection: Connection, id: KeyId, digest: bytes, hint: str, *, former_until_us: int, now_us: int
) -> None:
    """Give a key another secret. No former one of it, however old, is good for longer than former_until_us."""
    theirs = former_secrets.c.key == id
    present = connection.execute(select(keys.c.digest).where(keys.c.id == id)).scalar_one()
    connection.execute(insert(former_secrets).values(digest=bytes(present), key=id, until_us=former_until_us))
    sooner = former_secrets.c.until_us > former_until_us
    connection.execute(update(former_secrets).where(theirs, sooner).values(until_us=former_until_us))
    connection.execute(delete(former_secrets).where(theirs, former_secrets.c.until_us <= now_us))
    connection.execute(update(keys).where(keys.c.id == id).values(digest=digest, hint=hint))


def revoke_key(connection: Connection, id: KeyId, now_us: int) -> None:
    """Take a key back; one that was taken back before stays as it is."""
    connection.execute(update(keys).where(keys.c.id == id, keys.c.revoked_us == 0).values(revoked_us=now_us))


def revoke_keys_of(connection: Connection, customer: CustomerId, now_us: int) -> int:
    """Take back every key of a customer; returns how many."""
    theirs = (keys.c.customer == customer, keys.c.revoked_us == 0)
    return connection.execute(update(keys).where(*theirs).values(revoked_us=now_us)).rowcount


def callers(connection: Connection) -> Callers:
    """Whoever may call: the snapshot that requests are checked against.

    Revoked keys are not in it; whether one has expired is asked at each call.
    """
    known = {customer.id: customer for customer in all_customers(connection)}
    chosen = select(keys.c.digest, *_KEY).where(keys.c.revoked_us == 0)
    found = {bytes(row.digest): _caller(_key(row[1:]), known) for row in connection.execute(chosen)}
    return Callers(found | _former(connection, {caller.key: caller for caller in found.values()}))


def _former(connection: Connection, by_key: Mapping[KeyId, Caller]) -> dict[bytes, Caller]:
    """Who may call by a secret that their key had before: the same caller, until that secret's end."""
    return {
        bytes(digest): msgspec.structs.replace(by_key[key], expires_us=min(by_key[key].expires_us, until_us))
        for digest, key, until_us in connection.execute(select(former_secrets))
        if key in by_key
    }


def _customers(rows: Iterable[Any]) -> list[Customer]:
    return [Customer(*row) for row in rows]


def _caller(key: Key, known: Mapping[CustomerId, Customer]) -> Caller:
    customer = known.get(key.customer) if key.customer is not None else None
    addresses = read_networks(key.addresses, "addresses")
    return Caller(
        key.id, key.role, customer, key.expires_us, frozenset(key.models), addresses, frozenset(key.uses),
        key.user_header,
    )  # fmt: skip


def _key(row: Sequence[Any]) -> Key:
    *plain, models, addresses, uses, user_header = row
    return Key(*(*plain, _decode_list(models), _decode_list(addresses), _decode_uses(uses), user_header))


def _lists(**lists: Sequence[str]) -> dict[str, str]:
    """Columns that hold a list, as they are kept."""
    return {name: msgspec.json.encode(names).decode() for name, names in lists.items()}
