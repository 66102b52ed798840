"""Forget a file, because its customer says so."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.filing import store
from solvent.values.errors import Conflict, NotFound
from solvent.values.ids import CustomerId


async def forget_file(id: str, customer: CustomerId, database: Database, now_us: int) -> None:
    """It is gone at once, and its bytes within minutes.

    Raises NotFound where they have none such, and Conflict while a batch needs it.
    """

    def work(connection: Connection) -> None:
        found = store.file(connection, id, customer, now_us) if id.isprintable() else None
        if found is None:
            raise NotFound("no_such_file", f"there is no file {id[:40]!r}, or not any more", param="file_id")
        if found.uses:
            message = f"file {id} is needed by a batch that has not ended; cancel the batch first, or wait for its end"
            raise Conflict("file_in_use", message, param="file_id")
        store.drop(connection, id)

    await database.write(work)
