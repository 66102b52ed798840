"""The chores of `solvent serve`; the process itself is driven in tests/doors/test_serve.py."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from solvent.app.build import App
from solvent.cli import serve


class FullDisk:
    """A database that cannot be written at first."""

    def __init__(self) -> None:
        self.tries = 0
        self.written = asyncio.Event()

    async def write(self, _work: object) -> list[object]:
        self.tries += 1
        if self.tries < 3:
            raise OSError("disk full")
        self.written.set()
        return []


def test_sweeping_survives_a_database_that_fails_for_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serve, "SWEEP_S", 0.001)

    async def run() -> None:
        disk = FullDisk()
        sweeping = asyncio.create_task(serve._sweep(cast(App, SimpleNamespace(database=cast(Any, disk)))))
        async with asyncio.timeout(5):
            await disk.written.wait()
        sweeping.cancel()

    asyncio.run(run())
    assert "could not be voided" in caplog.text
