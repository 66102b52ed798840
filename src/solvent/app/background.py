"""Work that goes on after its caller has left, kept in hand until it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Background:
    """Tasks of one process. Nothing here is lost: `all_done` waits for every one."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Begin `work` and keep hold of it until it ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def all_done(self, seconds: float) -> bool:
        """Wait for all of it, then cancel what is left and wait for that. True when nothing was cancelled."""
        waiting = set(self._tasks)
        if waiting:
            await asyncio.wait(waiting, timeout=seconds)
        late = set(self._tasks)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=seconds)
        return not late
