"""Whose turn it is to replay answers while plans are edited: one at a time in a process, so that a pause in somebody's
typing holds up nobody's answers, and what was reckoned before within the hour is not reckoned again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from solvent.values.limits import PREVIEW_KEPT_MAX, PREVIEW_WAIT_S

R = TypeVar("R")


class BusyError(Exception):
    """Others replay just now, or the same person has asked anew since."""


class Replays:
    """Of one process."""

    def __init__(self, wait_s: float = PREVIEW_WAIT_S) -> None:
        self._wait_s = wait_s
        self._turn = asyncio.Lock()
        self._newest: dict[str, object] = {}  # what each person asked last
        self._running: asyncio.Task[Any] | None = None
        self._kept: dict[str, tuple[object, Any]] = {}

    async def in_turn(self, who: str, work: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """What the work comes to, begun when no other runs and `who` has asked for no other since.

        It keeps its turn until it ends, whether or not it is still waited for: a thread cannot be called off.
        Raises BusyError where that takes more than a moment.
        """
        mine = self._newest[who] = object()
        try:
            await self._take_turn()
            if self._newest.get(who) is not mine:
                self._turn.release()
                raise BusyError
            self._running = task = asyncio.create_task(work())
            task.add_done_callback(lambda _: self._turn.release())
            return await asyncio.shield(task)
        finally:
            if self._newest.get(who) is mine:
                del self._newest[who]

    async def _take_turn(self) -> None:
        try:
            async with asyncio.timeout(self._wait_s):
                await self._turn.acquire()
        except TimeoutError:
            raise BusyError from None

    def kept(self, plan: str, of: object) -> Any | None:
        """What was kept of a plan as it was `of`; None for nothing, and once that is another."""
        found = self._kept.get(plan)
        return found[1] if found and found[0] == of else None

    def keep(self, plan: str, of: object, what: object) -> None:
        """Keep it, and forget what was kept longest where there is too much."""
        self._kept.pop(plan, None)
        while len(self._kept) >= PREVIEW_KEPT_MAX:
            del self._kept[next(iter(self._kept))]
        self._kept[plan] = (of, what)

    def forget(self) -> None:
        """Keep nothing: settings have changed."""
        self._kept.clear()
