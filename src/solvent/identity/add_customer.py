"""Add a customer, with their first key."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.identity import store
from solvent.identity.caller import Customer
from solvent.identity.key import KeyRecord, digest
from solvent.values.errors import Invalid
from solvent.values.ids import CustomerId, KeyId, new_id
from solvent.values.limits import NAME_CHARACTERS_MAX


async def add_customer(name: str, plan: str, secret: str, database: Database, now_us: int, id_entropy: int) -> Customer:
    """secret: the new key's, made by `identity.key.secret`; only its digest is kept.

    Raises Invalid for an empty or too long name. `plan` has been checked by the caller.
    """
    clean = " ".join(name.split())
    if not clean or len(clean) > NAME_CHARACTERS_MAX:
        message = f"a customer's name has 1 to {NAME_CHARACTERS_MAX} characters"
        raise Invalid("bad_name", message, param="name")
    customer = Customer(CustomerId(new_id("cus", now_us, id_entropy)), clean, plan, now_us)
    key = KeyRecord(
        KeyId(new_id("key", now_us, id_entropy)), digest(secret.encode()), "customer", customer.id, secret[-4:], now_us
    )  # fmt: skip

    def work(connection: Connection) -> None:
        store.add_customer(connection, customer)
        store.add_key(connection, key)

    await database.write(work)
    return customer
