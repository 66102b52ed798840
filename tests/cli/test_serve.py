"""The chores of `solvent serve`; the process itself is driven in tests/doors/test_serve.py."""

from __future__ import annotations

import asyncio

import pytest

from solvent.cli import serving


def test_a_chore_survives_a_database_that_fails_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        tries = 0
        written = asyncio.Event()

        async def sweep() -> None:
            nonlocal tries
            tries += 1
            if tries < 3:
                raise OSError("disk full")
            written.set()

        going_on = asyncio.create_task(serving._every(0.001, sweep))
        async with asyncio.timeout(5):
            await written.wait()
        going_on.cancel()

    asyncio.run(run())
    assert caplog.text.count("a chore failed: sweep") == 2
