"""Commands of `solvent` as real processes that are forked from one that has everything loaded.

Loading takes a second of the processor, and the tests start hundreds of processes. What loads what is seen by tests
marked `own_process`, whose processes are started as an operator starts them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from solvent.cli.main import main

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.doors.loaded"])  # there is one such server, so all that anyone forks is in it


class Forked:
    """One process; of `subprocess.Popen` what tests use. Its two outputs are appended to files."""

    def __init__(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], stdout: Path, stderr: Path
    ) -> None:
        words = (list(arguments), str(folder), dict(environment), (str(stdout), str(stderr)))
        self.args = ["solvent", *arguments]
        self._process = FORKS.Process(target=_become, args=words)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        """See `subprocess.Popen`."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """See `subprocess.Popen`."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """See `subprocess.Popen`."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        return code

    def send_signal(self, signal: int) -> None:
        """See `subprocess.Popen`."""
        if self.poll() is None:
            os.kill(self.pid, signal)

    def kill(self) -> None:
        """See `subprocess.Popen`."""
        self.send_signal(signal.SIGKILL)


def run_forked(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """A command to its end, with what it said; as `subprocess.run`."""
    outputs = folder / "said.out", folder / "said.err"
    for output in outputs:
        output.write_bytes(b"")
    process = Forked(arguments, folder, environment, *outputs)
    try:
        code = process.wait(timeout)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, code, *(output.read_text("utf-8") for output in outputs))


def _become(arguments: list[str], folder: str, environment: dict[str, str], outputs: tuple[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, output in enumerate(outputs, 1):
        opened = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["solvent", *arguments]
    main()
