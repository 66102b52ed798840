"""End a batch: write what came of its lines into files, and say how it ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from solvent.batching import store
from solvent.batching.asking import Hands
from solvent.batching.batch import Batch
from solvent.batching.result import unasked, why_unasked
from solvent.db.port import Connection
from solvent.filing import store as filing_store
from solvent.filing.file import File
from solvent.filing.keep_file import keep_file
from solvent.values.ids import new_id
from solvent.values.limits import BATCH_RESULTS_AT_ONCE


async def end_batch(id: str, hands: Hands) -> None:
    """To be called once nothing of it is under way. It begins anew where a process died over it."""
    batch = await hands.database.read(lambda connection: store.batch(connection, id))
    assert batch is not None, "batches are never deleted"
    files = {"output": "", "error": ""}
    for kind, count in (("output", batch.completed), ("error", batch.total - batch.completed)):
        if count:
            files[kind] = await _write(batch, kind, hands)

    def work(connection: Connection) -> None:
        found = store.batch(connection, batch.id)
        if found is None or found.holder != hands.holder:
            for id in filter(None, files.values()):
                filing_store.drop(connection, id)
            return
        store.change(
            connection, batch.id, state=batch.ends, ended_us=hands.now_us(), holder="",
            failed=batch.total - batch.completed, output_file=files["output"], error_file=files["error"],
        )  # fmt: skip
        filing_store.use(connection, batch.input_file, -1)

    await hands.database.write(work)


async def _write(batch: Batch, kind: str, hands: Hands) -> str:
    """The file's id."""
    now_us = hands.now_us()
    id = new_id("file", now_us, hands.entropy())
    name = f"{batch.id}_{kind}.jsonl"
    draft = File(id, batch.customer, "batch_output", name, 0, now_us, now_us + batch.kept_us)
    await keep_file(draft, _texts(batch, kind, hands), lambda file: file, hands.database, bounded=False)
    return id


async def _texts(batch: Batch, kind: str, hands: Hands) -> AsyncIterator[bytes]:
    """The lines of one file, in the order of the input. What was never asked says why."""
    why, after = why_unasked(batch), 0
    while True:
        page = partial(store.lines, batch=batch.id, after=after, count=BATCH_RESULTS_AT_ONCE)
        found = await hands.database.read(partial(page, answered=kind == "output"))
        for line in found:
            yield line.result or unasked(line, why)
        if len(found) < BATCH_RESULTS_AT_ONCE:
            return
        after = found[-1].number
