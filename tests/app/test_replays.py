"""One replay at a time, for the newest request of each person; whoever waits for more than a moment goes without."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from solvent.app.replays import BusyError, Replays
from solvent.values.limits import PREVIEW_KEPT_MAX


def test_one_runs_at_a_time_and_the_newest_of_a_person_is_begun() -> None:
    async def live() -> None:
        replays, ended, begun = Replays(wait_s=30), asyncio.Event(), list[str]()

        async def work(name: str) -> str:
            begun.append(name)
            await ended.wait()
            return name

        first = asyncio.create_task(replays.in_turn("ann", partial(work, "first")))
        await asyncio.sleep(0)
        others = [
            asyncio.create_task(replays.in_turn(who, partial(work, name)))
            for who, name in (("ann", "older"), ("bob", "bob's"), ("ann", "newest"))
        ]
        for _ in range(5):
            await asyncio.sleep(0)
        assert begun == ["first"]
        ended.set()
        told = await asyncio.gather(first, *others, return_exceptions=True)
        assert isinstance(told[1], BusyError)
        assert [one for one in told if isinstance(one, str)] == ["first", "bob's", "newest"]
        assert begun == ["first", "bob's", "newest"], "what nobody waits for is not begun"

    asyncio.run(live())


def test_who_waits_too_long_goes_without_and_a_turn_lasts_until_its_work_ends() -> None:
    async def live() -> None:
        replays, ended = Replays(wait_s=0.01), asyncio.Event()

        async def work() -> int:
            await ended.wait()
            return 7

        async def soon() -> int:
            return 8

        gone = asyncio.create_task(replays.in_turn("ann", work))
        for _ in range(3):
            await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        with pytest.raises(BusyError):
            await replays.in_turn("bob", soon)
        ended.set()
        assert await replays.in_turn("bob", soon) == 8

        async def fails() -> int:
            raise ValueError("in vain")

        with pytest.raises(ValueError, match="in vain"):
            await replays.in_turn("bob", fails)
        assert await replays.in_turn("bob", soon) == 8, "a failure gives the turn back"

    asyncio.run(live())


def test_what_is_kept_is_of_one_state_and_not_much() -> None:
    async def live() -> None:
        replays = Replays()
        for n in range(PREVIEW_KEPT_MAX + 1):
            replays.keep(f"plan{n}", (n, "hour"), n)
        assert replays.kept("plan0", (0, "hour")) is None
        assert replays.kept("plan1", (1, "hour")) == 1
        assert replays.kept("plan1", (1, "next")) is None
        replays.forget()
        assert replays.kept("plan2", (2, "hour")) is None

    asyncio.run(live())
