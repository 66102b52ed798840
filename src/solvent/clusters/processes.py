"""Processes of this machine. What is kept lies in files of a folder that is gone when this is closed."""

from __future__ import annotations

import pickle
import signal
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Generic

from solvent.clusters.port import J, Kept, R, T
from solvent.values.errors import Unavailable
from solvent.values.limits import SPREAD_TRIES


class _InFile(Generic[T]):
    def __init__(self, file: Path) -> None:
        self._file = file

    def take(self) -> T:
        value: T = pickle.loads(self._file.read_bytes())  # noqa: S301 - written by the process that started this one
        return value


class Processes:
    """As many as are asked for, started anew with nothing of ours in memory."""

    def __init__(self, hands: int) -> None:
        self.hands = hands
        self._folder = TemporaryDirectory(prefix="solvent-spread-")
        self._numbers = count()
        self._pool: ProcessPoolExecutor | None = None

    def keep(self, value: T) -> Kept[T]:
        """See `Cluster`."""
        file = Path(self._folder.name) / str(next(self._numbers))
        file.write_bytes(pickle.dumps(value, protocol=5))
        kept = _InFile[T](file)
        weakref.finalize(kept, file.unlink, missing_ok=True)
        return kept

    def run(self, work: Callable[[J], R], jobs: Sequence[J], done: Callable[[int], None]) -> list[R]:
        """See `Cluster`."""
        ended: dict[int, Future[R]] = {}
        tries = 0  # since a job ended: who dies takes the others along
        try:
            while tries < SPREAD_TRIES * self.hands:
                before = len(ended)
                self._run_once(work, jobs, ended, done)
                if len(ended) == len(jobs):
                    return [ended[place].result() for place in range(len(jobs))]
                tries = 1 if len(ended) > before else tries + 1
        except BaseException:
            self._kill()
            raise
        message = f"processes that worked at it died {tries} times, perhaps for want of memory; spread it over fewer"
        raise Unavailable("cluster_failed", message)

    def _run_once(
        self, work: Callable[[J], R], jobs: Sequence[J], ended: dict[int, Future[R]], done: Callable[[int], None]
    ) -> None:  # fmt: skip
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.hands, get_context("spawn"), _leave_ctrl_c)
        waiting = {}
        try:
            waiting = {self._pool.submit(work, jobs[place]): place for place in range(len(jobs)) if place not in ended}
        except BrokenProcessPool:
            self._kill()
            return
        for future in as_completed(waiting):
            if isinstance(future.exception(), BrokenProcessPool):
                self._kill()
                return
            ended[waiting[future]] = future
            done(waiting[future])

    def _kill(self) -> None:
        """Left to itself, the pool would wait for what is running."""
        pool, self._pool = self._pool, None
        if pool is not None:
            processes: dict[int, Any] = dict(getattr(pool, "_processes", None) or {})
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes.values():
                process.kill()

    def close(self) -> None:
        """See `Cluster`."""
        if self._pool is not None:
            self._pool.shutdown()
        self._folder.cleanup()


def _leave_ctrl_c() -> None:
    """The process that a person stops stops the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
