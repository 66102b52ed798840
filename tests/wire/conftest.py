"""Every wire test that opens sockets runs on both event loops: asyncio's own and uvloop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

TEST_S_MAX = 15.0

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run one coroutine to its end; whatever it does, it may not hang or upset the loop."""

    def run_on(work: Coroutine[Any, Any, None]) -> None:
        complaints: list[dict[str, Any]] = []

        async def guarded() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
            async with asyncio.timeout(TEST_S_MAX):
                await work

        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(guarded())
        assert complaints == []

    return run_on
