"""Check a batch's file, line by line, before anything of it is asked."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from solvent.batching import store
from solvent.batching.asking import Hands
from solvent.batching.batch import Batch, Fault, Line
from solvent.batching.line import Splitter, check_line, fault_of
from solvent.db.port import Connection
from solvent.filing import store as filing_store
from solvent.filing.file import File
from solvent.filing.open_file import open_file
from solvent.values.errors import Invalid
from solvent.values.limits import BATCH_FAULTS_MAX, BATCH_LINES_AT_ONCE, BATCH_LINES_MAX


async def check_batch(batch: Batch, hands: Hands) -> None:
    """It goes on if every line can be asked; else it has failed, with what is wrong with which line.

    It begins anew where a process died over it.
    """
    database = hands.database
    while await database.write(lambda connection: store.forget_lines(connection, batch.id, BATCH_LINES_AT_ONCE)):
        pass
    file = await database.read(
        lambda connection: filing_store.file(connection, batch.input_file, batch.customer, hands.now_us())
    )
    assert file is not None, "a file in use is kept"
    checked = _Checked(batch)
    await _read(file, checked, hands)

    def work(connection: Connection) -> None:
        found = store.batch(connection, batch.id)
        if found is None or found.state != "validating":
            return  # it was cancelled meanwhile
        now_us = hands.now_us()
        if checked.faults:
            faults = msgspec.json.encode(checked.faults).decode()
            store.change(connection, batch.id, state="failed", ends="failed", ended_us=now_us, faults=faults, holder="")
            filing_store.use(connection, batch.input_file, -1)
        else:
            store.change(connection, batch.id, state="in_progress", total=checked.total, in_progress_us=now_us)

    await database.write(work)


async def _read(file: File, checked: _Checked, hands: Hands) -> None:
    splitter = Splitter()
    async for piece in open_file(file, hands.database):
        checked.take(splitter.feed(piece))
        await checked.write(hands, at_least=BATCH_LINES_AT_ONCE)
        if splitter.is_overlong or checked.is_enough:
            break
    checked.take(splitter.end())
    await checked.write(hands, at_least=1)
    if not checked.total and not checked.faults:
        checked.faults.append(Fault("bad_request", "the file has no line; write one JSON object a line"))


class _Checked:
    """What is known of a file so far."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._seen: dict[str, int] = {}
        self._ready: list[Line] = []
        self.faults: list[Fault] = []
        self.total = 0

    @property
    def is_enough(self) -> bool:
        """Whether nobody needs to know more of what is wrong."""
        return len(self.faults) >= BATCH_FAULTS_MAX or self.total > BATCH_LINES_MAX

    def take(self, found: Iterable[tuple[int, int, bytes]]) -> None:
        for number, starts, text in found:
            if self.is_enough:
                return
            self.total += 1
            try:
                self._check(number, starts, text)
            except Invalid as wrong:
                self.faults.append(fault_of(wrong, number))

    def _check(self, number: int, starts: int, text: bytes) -> None:
        if self.total > BATCH_LINES_MAX:
            raise Invalid("bad_request", f"a batch has at most {BATCH_LINES_MAX:,} lines; send the rest as another")
        request = check_line(text, self._batch.endpoint)
        first = self._seen.setdefault(request.custom_id, number)
        if first != number:
            message = f"custom_id: {request.custom_id[:40]!r} is that of line {first} already"
            raise Invalid("bad_request", message, param="custom_id")
        self._ready.append(Line(self._batch.id, number, request.custom_id, starts, len(text)))

    async def write(self, hands: Hands, *, at_least: int) -> None:
        """Write the lines that are ready, a bounded number in each transaction; none once something is wrong."""
        while not self.faults and len(self._ready) >= at_least:
            some, self._ready = self._ready[:BATCH_LINES_AT_ONCE], self._ready[BATCH_LINES_AT_ONCE:]
            await hands.database.write(lambda connection, some=some: store.add_lines(connection, some))  # type: ignore[misc]
