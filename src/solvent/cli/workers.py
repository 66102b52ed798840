"""Several workers of one service: forked, watched, started again when one crashes, and told together to stop.

Each listens on the same port by itself (SO_REUSEPORT), so the kernel deals out connections and none waits for another.
The parent keeps the port bound and serves nothing. The first worker starts alone: it makes the books and the first
keys, and does for all of them what is done once.
"""

from __future__ import annotations

import logging
import os
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NoReturn

import msgspec
import uvloop

from solvent.app.config import Config
from solvent.app.peers import Peers
from solvent.cli.serving import Serving, bind, serve
from solvent.values.errors import Invalid, SolventError, Unavailable
from solvent.values.limits import (
    WORKER_PAUSE_S,
    WORKER_PAUSE_S_MAX,
    WORKER_S_MIN,
    WORKER_STARTS_MAX,
    WORKER_STOP_S_MAX,
)

log = logging.getLogger("solvent.workers")

_PASSED_ON: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SAID_BYTES_MAX: Final = 65_536  # the least that a pipe holds: nobody waits for the parent to read


class _Said(msgspec.Struct, frozen=True):
    """What a worker says once: that it is ready, or why it cannot start."""

    welcome: str = ""
    code: str = ""
    problem: str = ""
    is_invalid: bool = False


@dataclass
class _Worker:
    """One place among the workers, and the process that has it now. pid: 0 while it has none."""

    number: int
    pid: int = 0
    saying: int = -1  # a pipe, which closes when the process ends
    started_s: float = 0.0
    start_again_s: float = 0.0
    is_ready: bool = False
    in_vain: int = 0  # starts that came to nothing, one after the other


class Workers:
    """`run` returns when they have been told to stop and all have ended."""

    def __init__(self, serving: Serving, count: int, say_ready: Callable[[str], None]) -> None:
        self._serving = serving
        self._say_ready = say_ready
        self._workers = [_Worker(number) for number in range(count)]
        self._folder = Path(tempfile.mkdtemp(prefix="solvent-"))
        self._told = os.pipe()  # its end that is written to stays open as long as the parent lives
        self._waking = os.pipe()
        self._signals: list[int] = []
        self._stop_s = 0.0  # when they were told to stop; 0 before
        self._is_said = False
        self._welcome = ""

    def run(self) -> None:
        """Start all, watch them, and wait for their end. Raises what keeps them from starting."""
        os.set_blocking(self._waking[1], False)
        signal.set_wakeup_fd(self._waking[1])
        for name in _PASSED_ON:
            signal.signal(name, lambda number, _frame: self._signals.append(number))
        try:
            self._start(self._workers[0])
            while not self._stop_s or any(worker.pid for worker in self._workers):
                self._look()
        finally:
            self._end_all()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _look(self) -> None:
        """Wait until something happens, and see to it."""
        pipes = {worker.saying: worker for worker in self._workers if worker.pid}
        ready, _, _ = select.select([self._waking[0], *pipes], [], [], self._wait_s())
        for pipe in ready:
            if pipe in pipes:
                self._hear(pipes[pipe])
            else:
                os.read(pipe, 4096)
        while self._signals:
            self._pass_on(self._signals.pop(0))
        now_s = time.monotonic()
        if self._stop_s and now_s > self._stop_s + WORKER_STOP_S_MAX:
            self._tell(signal.SIGKILL)
        if not self._stop_s:
            for worker in self._workers:
                if not worker.pid and self._welcome and worker.start_again_s <= now_s:
                    self._start(worker)

    def _wait_s(self) -> float:
        now_s = time.monotonic()
        if self._stop_s:
            return max(0.1, self._stop_s + WORKER_STOP_S_MAX - now_s)
        again = [worker.start_again_s for worker in self._workers if not worker.pid and self._welcome]
        return max(0.0, min(again, default=now_s + 3600.0) - now_s)

    def _pass_on(self, number: int) -> None:
        if number != signal.SIGHUP and not self._stop_s:
            self._stop_s = time.monotonic()
        self._tell(number)

    def _tell(self, number: int) -> None:
        for worker in self._workers:
            if worker.pid:
                os.kill(worker.pid, number)  # one that has ended and was not waited for is still there to be told

    def _hear(self, worker: _Worker) -> None:
        said = os.read(worker.saying, _SAID_BYTES_MAX)
        if said:
            self._take(worker, msgspec.json.decode(said, type=_Said))
        else:
            self._see_end(worker)

    def _take(self, worker: _Worker, said: _Said) -> None:
        if said.problem:
            kind = Invalid if said.is_invalid else Unavailable
            if not self._is_said:
                raise kind(said.code, said.problem)
            log.error("worker %s cannot start: %s", worker.number, said.problem)
            return
        worker.is_ready = True
        self._welcome = self._welcome or said.welcome
        if not self._is_said and all(one.is_ready for one in self._workers):
            self._is_said = True
            self._say_ready(self._welcome)

    def _see_end(self, worker: _Worker) -> None:
        _, status = os.waitpid(worker.pid, 0)
        os.close(worker.saying)
        lived_s = time.monotonic() - worker.started_s
        worker.pid, worker.saying = 0, -1
        if self._stop_s:
            return
        was_ready, worker.is_ready = worker.is_ready, False
        how = os.waitstatus_to_exitcode(status)
        if not self._is_said:
            message = f"worker {worker.number} ended with {how} before all were ready; its log says why"
            raise Unavailable("workers_ended", message)
        worker.in_vain = 0 if was_ready and lived_s >= WORKER_S_MIN else worker.in_vain + 1
        if worker.in_vain >= WORKER_STARTS_MAX and not any(one.is_ready for one in self._workers):
            message = f"no worker is left that serves, and {worker.in_vain} starts were in vain; the log says why"
            raise Unavailable("workers_ended", message)
        pause_s = min(WORKER_PAUSE_S * 2**worker.in_vain, WORKER_PAUSE_S_MAX) if worker.in_vain else 0.0
        worker.start_again_s = time.monotonic() + pause_s
        log.error("worker %s ended with %s; it is started again in %.1f s", worker.number, how, pause_s)

    def _start(self, worker: _Worker) -> None:
        heard, saying = os.pipe()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            os.close(heard)
            self._live(worker.number, saying)
        os.close(saying)
        worker.pid, worker.saying, worker.started_s, worker.is_ready = pid, heard, time.monotonic(), False

    def _live(self, number: int, saying: int) -> NoReturn:
        """The whole life of a worker."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for name in _PASSED_ON:
                signal.signal(name, signal.SIG_DFL if name != signal.SIGHUP else signal.SIG_IGN)
            for pipe in (self._told[1], *self._waking, *(one.saying for one in self._workers if one.pid)):
                os.close(pipe)
            code = self._serve(number, saying)
        except BaseException:
            log.exception("worker %s broke", number)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _serve(self, number: int, saying: int) -> int:
        ours = self._serving
        port = ours.listening.getsockname()[1]

        def say(said: _Said) -> None:
            os.write(saying, msgspec.json.encode(said)[:_SAID_BYTES_MAX])

        try:
            serving = replace(
                ours, listening=bind(ours.host, port, together=True), is_first=number == 0,
                config=_with_its_share(ours.config, len(self._workers)), read_again=self._read_again,
                peers=Peers(self._folder, number, len(self._workers)),
            )  # fmt: skip
            ours.listening.close()
            uvloop.run(serve(serving, lambda welcome: say(_Said(welcome)), self._told[0]))
        except SolventError as wrong:
            say(_Said(code=wrong.code, problem=wrong.message, is_invalid=isinstance(wrong, Invalid)))
            return 1
        return 0

    def _read_again(self) -> Config:
        assert self._serving.read_again is not None
        return _with_its_share(self._serving.read_again(), len(self._workers))

    def _end_all(self) -> None:
        """Whatever happened: no worker outlives its parent, and each may finish what it tells."""
        self._tell(signal.SIGTERM)
        latest_s = time.monotonic() + WORKER_STOP_S_MAX
        for worker in self._workers:
            while worker.pid and not os.waitpid(worker.pid, os.WNOHANG)[0]:
                if time.monotonic() > latest_s:
                    os.kill(worker.pid, signal.SIGKILL)
                time.sleep(0.05)


def _with_its_share(config: Config, workers: int) -> Config:
    """Local engines of all workers together take half the cores, and each has its part of the machine's time, where the
    configuration does not say how many."""
    hardware = config.hardware
    threads = hardware.threads or max(1, (os.cpu_count() or 1) // 2 // workers)
    shares = msgspec.structs.replace(hardware, threads=threads, shared_by=hardware.shared_by or workers)
    return msgspec.structs.replace(config, hardware=shares)
