"""Cancel a batch, because its customer says so."""

from __future__ import annotations

import msgspec

from solvent.batching import store
from solvent.batching.batch import Batch
from solvent.batching.result import no_such_batch
from solvent.db.port import Connection, Database
from solvent.values.errors import Conflict
from solvent.values.ids import CustomerId


async def cancel_batch(id: str, customer: CustomerId, database: Database, now_us: int) -> Batch:
    """Nothing more of it is asked; what is under way is waited for, and told. A second call changes nothing.

    Raises NotFound where they have none such, and Conflict for one that has ended.
    """

    def work(connection: Connection) -> Batch:
        found = store.batch(connection, id) if id.isprintable() else None
        if found is None or found.customer != customer:
            raise no_such_batch(id)
        if found.state in ("cancelling", "cancelled", "finalizing"):
            return found  # it is ending already
        if found.state not in ("validating", "in_progress"):
            raise Conflict("batch_ended", f"batch {id} is {found.state}; there is nothing left to cancel")
        store.change(connection, id, state="cancelling", ends="cancelled", cancelling_us=now_us)
        return msgspec.structs.replace(found, state="cancelling", ends="cancelled", cancelling_us=now_us)

    return await database.write(work)
