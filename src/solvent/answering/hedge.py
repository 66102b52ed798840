"""One stream of two upstreams: the second is asked where the first does not begin soon, and who begins first answers.

The other is hung up on, or read to its usage report beside the answer where its provider bills on. Either way it has
ended when this stream has: nothing is left to be booked later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from solvent.answering.attempt import Attempt, Race, bytes_of, take_in
from solvent.providers.port import Chunk
from solvent.values.errors import SolventError


async def hedge(
    race: Race, wait_s: float, ask_another: Callable[[], Awaitable[Attempt | None]]
) -> AsyncGenerator[Chunk, None]:
    """What the race's leader says, once there is one. ask_another: after so long; None when there is nobody to ask.

    Raises the fault of the last that could have answered, when all failed before their first byte; each has its own.
    """
    lines = [_Line(race.leader)]
    try:
        won = await _first_of(lines, race, wait_s, ask_another)
        race.leader = won.attempt
        for line in lines:
            if line is not won:
                line.finish()
        chunk = won.beginning.result()
        if chunk is not None:
            yield chunk
            async for chunk in won.attempt.stream:
                yield chunk
    finally:
        for line in lines:
            await line.hang_up()


async def _first_of(
    lines: list[_Line], race: Race, wait_s: float, ask_another: Callable[[], Awaitable[Attempt | None]]
) -> _Line:  # fmt: skip
    """The line that begins first. Raises the last fault when none does."""
    await asyncio.wait([lines[0].beginning], timeout=wait_s)
    if not lines[0].beginning.done() and (other := await ask_another()) is not None:
        race.attempts.append(other)
        lines.append(_Line(other))
    waiting = list(lines)
    while True:
        await asyncio.wait([line.beginning for line in waiting], return_when=asyncio.FIRST_COMPLETED)
        for line in [line for line in waiting if line.beginning.done()]:
            fault = line.beginning.exception()
            if fault is None:
                return line
            waiting.remove(line)
            if isinstance(fault, SolventError):
                line.attempt.fault = fault
            race.leader = waiting[0].attempt if waiting else line.attempt
            if not waiting or not isinstance(fault, SolventError):
                raise fault


class _Line:
    """One attempt's stream, whose first chunk a task waits for, so that waiting for two at once ends neither."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.beginning = asyncio.create_task(_first_chunk(attempt.stream))
        self._ending: asyncio.Task[None] | None = None

    def finish(self) -> None:
        """Another one answers: end this one in the background, as its provider bills."""
        drains = self.attempt.opened.route.provider.on_abort == "drain"
        self._ending = asyncio.create_task(self._drain() if drains else self._close())

    async def hang_up(self) -> None:
        """Whatever it is at, it has ended when this returns."""
        if self._ending is not None:
            self._ending.cancel()
            await asyncio.gather(self._ending, return_exceptions=True)
        await self._close()

    async def _close(self) -> None:
        self.beginning.cancel()
        await asyncio.gather(self.beginning, return_exceptions=True)
        await self.attempt.stream.aclose()

    async def _drain(self) -> None:
        route, meter = self.attempt.opened.route, self.attempt.meter
        drained = 0
        try:
            async with asyncio.timeout(route.drain_s):
                chunk = await self.beginning
                while chunk is not None:
                    take_in(meter, chunk)
                    drained += bytes_of(chunk)
                    if drained > route.drain_bytes or meter.is_complete:
                        break
                    chunk = await anext(self.attempt.stream, None)
        except TimeoutError:
            pass  # what is known by now is booked
        except SolventError as fault:
            self.attempt.fault = fault
        await self._close()


async def _first_chunk(stream: AsyncGenerator[Chunk, None]) -> Chunk | None:
    return await anext(stream, None)
