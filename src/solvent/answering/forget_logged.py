"""Forget all that the request log has of a customer, because they ask for it. On record, without a word of it."""

from __future__ import annotations

from solvent.answering import logged_store
from solvent.answering.forget_old_logged import forget_old_logged
from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity.store import known_customer
from solvent.values.ids import CustomerId


async def forget_logged(customer: CustomerId, act: Act, database: Database) -> int:
    """Returns how many answers; from then on nobody reads them. Raises NotFound for a customer who is none."""

    def work(connection: Connection) -> int:
        known_customer(connection, customer)
        count, _ = once(
            connection, act, "request_log.forget", customer, lambda: logged_store.end_now(connection, customer), int
        )  # fmt: skip
        return count

    count = await database.write(work)
    await forget_old_logged(database, act.at_us)
    return count
