"""Open a batch: it waits for a process to check and ask it."""

from __future__ import annotations

from solvent.batching import store
from solvent.batching.batch import Batch
from solvent.db.port import Connection, Database
from solvent.filing import store as filing_store
from solvent.values.errors import Invalid, NotFound, Refused
from solvent.values.limits import BATCHES_UNFINISHED_MAX


async def open_batch(batch: Batch, database: Database) -> None:
    """Raises NotFound and Invalid for its file, and Refused for too many batches."""

    def work(connection: Connection) -> None:
        id = batch.input_file
        file = None
        if id.isprintable():
            file = filing_store.file(connection, id, batch.customer, batch.created_us)
        if file is None:
            raise NotFound("no_such_file", f"there is no file {id[:40]!r}, or not any more", param="input_file_id")
        if file.purpose != "batch":
            message = f"file {id} has the purpose {file.purpose}; upload one with the purpose batch"
            raise Invalid("bad_request", message, param="input_file_id")
        if len(store.unfinished(connection, batch.customer)) >= BATCHES_UNFINISHED_MAX:
            message = f"{BATCHES_UNFINISHED_MAX} batches have not ended yet; wait for one of them, or cancel one"
            raise Refused("too_many_batches", message)
        filing_store.use(connection, id, 1)
        store.add(connection, batch)

    await database.write(work)
