"""Runs the simulations that pages ask for, one at a time, each in a process of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec

from solvent.app.asked import FOR, AskedFor, Hearing
from solvent.app.build import App, now_us
from solvent.simulation.asked_run import CANCELLED, STOPPED, AskedRun, End, files_in
from solvent.simulation.claim_run import claim_run
from solvent.simulation.end_run import end_run
from solvent.simulation.tell_run import tell_run
from solvent.values.errors import Unavailable
from solvent.values.limits import (
    ASKED_RUN_BYTES_MAX,
    ASKED_RUN_S_MAX,
    ASKED_RUN_SAID_CHARACTERS_MAX,
    ASKED_RUN_STOP_S,
    ASKED_RUN_TENDED_S,
)

log = logging.getLogger("solvent.app")

FOLDER: Final = "simulating"  # in the data directory: what a run reads, gone with its end
_READ_BYTES: Final = 65_536
_TOO_LONG: Final = End(
    "failed", code="simulation_too_long", fault=f"it took longer than {ASKED_RUN_S_MAX // 60} minutes and was stopped"
)


class Simulations:
    """Those that this process runs."""

    def __init__(self, app: App, program: Sequence[str], books: Sequence[str]) -> None:
        """program: how this program is started anew. books: the options that name these books to it."""
        self._app = app
        self._program, self._books = program, books
        self._is_running = False

    async def tend(self) -> None:
        """Every second: begin what waits."""
        app = self._app
        if self._is_running or app.stopping:
            return
        found = await claim_run(app.presence.holder, app.presence.is_alive, now_us(), app.database)
        if found is not None:
            self._is_running = True
            app.background.start(self._run(*found))

    async def _run(self, run: AskedRun, files: bytes) -> None:
        folder = self._app.directory.path / FOLDER
        end = STOPPED
        try:
            await asyncio.to_thread(_lay, folder, files_in(files))
            end = await self._led(run, folder)
        except Exception:
            log.exception("the simulation %s could not be run", run.id)
            end = End("failed", code="simulation_broke", fault="it could not be run; the service's log says why")
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            await self._end(run, end)
            self._is_running = False

    async def _end(self, run: AskedRun, end: End) -> None:
        """Until the books have it: nobody else ends a run whose service lives."""
        while True:
            try:
                await end_run(run.id, end, now_us(), self._app.database)
            except Unavailable as wrong:
                log.warning("how the simulation %s ended could not be written yet: %s", run.id, wrong)
                if self._app.stopping:
                    return
                await asyncio.sleep(ASKED_RUN_TENDED_S)
            else:
                return

    async def _led(self, run: AskedRun, folder: Path) -> End:
        """Start it, hear how far it is, and see to its end."""
        told = msgspec.json.encode(AskedFor(run.actor, tuple(run.words), ASKED_RUN_BYTES_MAX)).decode()
        process = await asyncio.create_subprocess_exec(
            *self._program, *run.words, *self._books, cwd=folder, stdin=PIPE, stdout=DEVNULL, stderr=PIPE,
            env=os.environ | {FOR: told}, start_new_session=True,
        )  # fmt: skip
        heard = Hearing(ASKED_RUN_SAID_CHARACTERS_MAX)
        hearing = asyncio.create_task(_hear(process, heard))
        try:
            cut = await self._watched(run, process, heard)
        finally:
            await _stop(process)
            await hearing
        if heard.run:  # it is kept, whatever came after
            return End("done", run=heard.run)
        return cut or _failed(process.returncode or 0, heard)

    async def _watched(self, run: AskedRun, process: Process, heard: Hearing) -> End | None:
        """Until it ends by itself, None, or is to be ended: how."""
        until_s = monotonic() + ASKED_RUN_S_MAX
        while process.returncode is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), ASKED_RUN_TENDED_S)
            with suppress(Unavailable):  # it goes on where the books cannot be written for a while
                run = await tell_run(run, heard.stage, heard.done, heard.whole, self._app.database)
            if run.state == "cancelling":
                return CANCELLED
            if self._app.stopping:
                return STOPPED
            if monotonic() > until_s:
                return _TOO_LONG
        return None


def _lay(folder: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # a crash left it
    folder.mkdir(mode=0o700)
    for name, content in files.items():
        (folder / name).write_bytes(content)


async def _hear(process: Process, heard: Hearing) -> None:
    assert process.stderr is not None, "it was asked for"
    while part := await process.stderr.read(_READ_BYTES):
        heard.hear(part)


async def _stop(process: Process) -> None:
    """Ask it to end, then end it."""
    for ask in (process.terminate, process.kill):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            ask()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), ASKED_RUN_STOP_S)


def _failed(returncode: int, heard: Hearing) -> End:
    if heard.code:
        return End("failed", code=heard.code, fault=heard.fault)
    last = heard.tail.rpartition("\n")[2]
    how = f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
    return End("failed", code="simulation_broke", fault=f"it ended with {how}{f': {last}' if last else ''}")
