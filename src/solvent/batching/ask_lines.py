"""Ask the lines of a batch, some at once, until none is left, its window is over, or it is not to go on."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Literal

import msgspec

from solvent.batching import store
from solvent.batching.asking import Hands, Told
from solvent.batching.batch import Batch, Fault, Line
from solvent.batching.line import read_line
from solvent.batching.next_step import next_step
from solvent.batching.result import answered
from solvent.batching.settling_store import settle
from solvent.db.port import Connection
from solvent.filing import store as filing_store
from solvent.values.errors import SolventError, Unavailable
from solvent.values.ids import AnswerId, new_id
from solvent.values.limits import BATCH_LINE_BYTES_MAX, BATCH_LINES_TAKEN, BATCH_PAUSE_S_MAX

Taken = tuple[Line, bytes]
_LOOK_S = 1.0  # how long a pause goes on at most when the process is told to stop


async def ask_lines(batch: Batch, hands: Hands) -> None:
    """Returns when nothing of it is under way any more; then it is ending, unless the process stops or has lost it."""
    run = _Run(batch, hands)
    async with asyncio.TaskGroup() as workers:
        for _ in range(hands.lines_at_once):
            workers.create_task(run.work())
    await hands.database.write(run.end_if_done)


class _Run:
    """One batch under way in this process."""

    def __init__(self, batch: Batch, hands: Hands) -> None:
        self._batch = batch
        self._hands = hands
        self._tries: Counter[int] = Counter()
        self._rests_until_s = 0.0
        self._taking = asyncio.Lock()
        self._taken: list[Taken] = []
        self._is_over = False  # nothing more is asked, and the books say so
        self._pauses = 0  # one after the other, with nothing answered between them

    async def work(self) -> None:
        while True:
            await self._rest()
            async with self._hands.turn():
                found = await self._next()
                if found is None:
                    return
                line, text = found
                body = bytes(read_line(text).body)
                told = await self._hands.ask(self._batch.endpoint, body, self._batch.key, line.answer)
            await self._hear(line, told)

    async def _next(self) -> Taken | None:
        async with self._taking:
            if not self._taken and not self._is_over:
                self._taken = await self._hands.database.write(self._take)
            is_over = self._is_over or self._hands.is_stopping()
            return self._taken.pop(0) if self._taken and not is_over else None

    def _take(self, connection: Connection) -> list[Taken]:
        """The next lines, each noted under a new answer's id before it is asked."""
        if not self._goes_on(connection):
            return []
        taken: list[Taken] = []
        size = 0
        for line in store.first_waiting(connection, self._batch.id, BATCH_LINES_TAKEN):
            size += line.size
            if taken and size > BATCH_LINE_BYTES_MAX:
                break
            answer = AnswerId(new_id("ans", self._hands.now_us(), self._hands.entropy()))
            text = filing_store.part(connection, self._batch.input_file, line.starts, line.starts + line.size)
            taken.append((store.ask(connection, line, answer), text))
        return taken

    def _goes_on(self, connection: Connection) -> bool:
        """Whether it is still to be run, and by this process. Notes when its window is over."""
        found = store.batch(connection, self._batch.id)
        if found is None or found.holder != self._hands.holder or found.state != "in_progress":
            return False
        now_us = self._hands.now_us()
        if now_us < found.expires_us:
            return True
        store.change(connection, found.id, state="finalizing", ends="expired", finalizing_us=now_us)
        return False

    def end_if_done(self, connection: Connection) -> None:
        """It is complete when every line has a result. What was taken and not asked is left to whoever goes on."""
        for line, _ in self._taken:
            store.put_back(connection, line)
        if self._goes_on(connection) and not store.unanswered(connection, self._batch.id):
            now_us = self._hands.now_us()
            store.change(connection, self._batch.id, state="finalizing", ends="completed", finalizing_us=now_us)

    async def _hear(self, line: Line, told: Told) -> None:
        problem = told.problem
        step = next_step(problem, self._tries[line.number])
        if problem is not None and step in ("wait", "again"):
            self._tries[line.number] += step == "again"
            self._pause(problem.retry_after_s)
            # Again, unless its answer is on the books after all.
            await self._hands.database.write(lambda connection: settle(connection, line, self._hands.booked))
            return
        state: Literal["answered", "failed"] = "answered" if problem is None else "failed"
        await self._end(store.Result(line, state, answered(line, told), told.charge_grains))
        self._pauses = 0
        if problem is not None and step == "stop":
            self._is_over = True
            await self._hands.database.write(lambda connection: self._stop(connection, problem))

    async def _end(self, result: store.Result) -> None:
        """Books that cannot be written now are waited for: the answer is there, and charged."""
        while True:
            try:
                await self._hands.database.append([(store.end_lines, result)])
                return
            except Unavailable:
                if self._hands.is_stopping():
                    raise
                await asyncio.sleep(_LOOK_S)

    def _stop(self, connection: Connection, why: SolventError) -> None:
        """Nothing more is asked: every further line would be refused as this one was."""
        if self._goes_on(connection):
            faults = msgspec.json.encode([Fault(why.code, why.message)]).decode()
            now_us = self._hands.now_us()
            store.change(
                connection, self._batch.id, state="finalizing", ends="failed", finalizing_us=now_us, faults=faults
            )

    def _pause(self, asked_s: int | None) -> None:
        """For all lines, and twice as long as the last time; what others asked for meanwhile is the same pause."""
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._rests_until_s:
            pause_s = asked_s or 2**self._pauses
            self._pauses = min(self._pauses + 1, 10)
            self._rests_until_s = now_s + min(pause_s, BATCH_PAUSE_S_MAX)

    async def _rest(self) -> None:
        clock, is_stopping = asyncio.get_running_loop().time, self._hands.is_stopping
        while (left_s := self._rests_until_s - clock()) > 0 and not is_stopping():  # noqa: ASYNC110  # two reasons to end
            await asyncio.sleep(min(left_s, _LOOK_S))
