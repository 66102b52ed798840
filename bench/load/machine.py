"""What the bench stands on: compiled load tools, processes pinned to cores and always stopped, the disk.

Everything is made under `.bench/` in the checkout, on the disk that the checkout is on: a data directory on a
memory file system would make every commit look free.
"""

import os
import platform
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".bench"
SOURCES = Path(__file__).parent

STOP_SECONDS_MAX = 20
SYNC_COUNT = 200
SYNC_BYTES = 4096


def cores() -> tuple[int, list[int]]:
    """The core of the server under test, and the cores of everything else."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[min(1, len(allowed) - 1)], [allowed[0], *allowed[2:]]


def all_cores() -> list[int]:
    """Where nothing is to be pinned."""
    return sorted(os.sched_getaffinity(0))


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time of these processes so far."""
    ticks = 0
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(stat[11]) + int(stat[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def compile_tool(name: str) -> Path:
    """Compile one C source beside this file; returns the program."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise RuntimeError("no C compiler: install one (Debian: apt-get install gcc libc6-dev)")
    WORK.mkdir(exist_ok=True)
    program = WORK / name
    source = SOURCES / f"{name}.c"
    made = WORK / f"{name}.{os.getpid()}"  # others may compile it, or run it, at the same time
    subprocess.run([compiler, "-O2", "-std=gnu11", "-o", str(made), str(source)], check=True)
    return made.replace(program)


def pinned(command: Sequence[str], on: Sequence[int]) -> list[str]:
    """The command on these cores, told to stop should the bench itself be killed."""
    listed = ",".join(str(core) for core in on)
    return ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", listed, *command]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def allow_many_connections() -> None:
    """Raise the limit on open files as far as it goes; what is started from here inherits it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def start(
    command: Sequence[str], on: Sequence[int], log: IO[bytes], env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own, so that Ctrl-C reaches the bench first and it stops the rest."""
    return subprocess.Popen(
        pinned(command, on),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {})},
        start_new_session=True,
    )


def stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    """Stop a started process and all of its group; killed where it does not stop in time."""
    for attempt in (how, signal.SIGKILL):
        try:
            os.killpg(process.pid, attempt)
        except ProcessLookupError:
            break
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        parent = int(stat[stat.rindex(")") + 2 :].split()[1])
        children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for process in found:
        found.extend(children.get(process, []))
    return found


def resident_mib(pids: Sequence[int]) -> float:
    """Resident memory of these processes together, in MiB."""
    pages = 0
    for pid in pids:
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except OSError:
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def run_directory() -> Iterator[Path]:
    """An empty directory under `.bench/`, removed at the end."""
    path = WORK / f"run-{os.getpid()}"
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def sync_times_ms(directory: Path) -> list[float]:
    """How long appending 4 kB and making it durable takes on this disk, sorted."""
    times = []
    path = directory / "sync-probe"
    with path.open("wb", buffering=0) as file:
        for _ in range(SYNC_COUNT):
            begin = time.perf_counter()
            file.write(b"x" * SYNC_BYTES)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begin) * 1e3)
    path.unlink()
    return sorted(times)


def describe(directory: Path) -> str:
    """One line about this machine."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    count = len(os.sched_getaffinity(0))
    disk = output_of("stat", "-f", "-c", "%T", str(directory))
    return f"{model}, {count} cores, {memory:.0f} GiB, Linux {platform.release()}, data on {disk}"


def output_of(*command: str) -> str:
    """What a command prints, or nothing where it fails."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def commit() -> str:
    """The commit measured; marked where source differs from it."""
    name = output_of("git", "rev-parse", "--short", "HEAD") or "none yet"
    changed = output_of("git", "status", "--porcelain", "--", "src", "bench", "pyproject.toml")
    return f"{name} with changes" if changed else name


def version_in(venv: Path, package: str) -> str:
    """The version of a package in a venv, or `not installed`."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return output_of(str(venv / "bin" / "python"), "-c", code) or "not installed"
