"""Solvent beside other gateways and a direct call, in one run, on one core, with durable accounting on.

Run alone: `.venv/bin/python bench/gateway.py`; `--smoke` only shows that the harness works. The table lands
in docs/benchmarks/gateway.md and the figures beside it. Load goes to 127.0.0.1 only and ends by itself.
"""

import argparse
import shlex
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.load import machine, peers, table
from bench.load.peers import MissingPeer
from bench.load.reading import INTERVAL_MS, STREAM_MS, Load, Reading, read, set_upstream, write_bodies
from bench.load.servers import NotStarted, Server, Solvent, Upstream
from bench.load.table import LOAD_SHARE, Result, Settings

RUN_SECONDS_MAX = 810  # without the installation of peers
ROUNDS_MAX = 20
WINDOW_SECONDS_MAX = 30.0
HALF_LOAD_RATE_MAX = 4000.0
LOW_RATE = 50.0
PEER_NAMES = [*peers.PEERS, peers.EMBEDDED]
REASON_CHARACTERS_MAX = 300
LATENCY_CONNECTIONS = 64
CONNECTIONS = (64, 128)  # tried before the rounds, to find what carries most requests

PACED_WARM_UP = 1.5  # a paced stream takes 1.26 s, so by then all of them run
PACED_STREAMS_MAX = 5000
PACED_PROBES = 7
PACED_GROWTH_MIN = 1.25
PACED_PRECISION = 0.1  # of the fewest streams that were late
LATE_MAX = 1.05  # a paced stream's median duration over its duration at the source
FULL_CPU_SHARE = 0.9
FIRST_STREAMS = 400  # of Solvent; see `Peer.streams`
UNPACED_STREAMS = 64

# Streams that are held open at once, saying a word now and then: how much memory each takes.
HELD_STREAMS = 5000
HELD_INTERVAL_MS = 4000
HELD_CHUNKS = 4
HELD_WARM_UP = 6.0  # by then all are open


class Bench:
    """One run: the servers, the load generator, and all that was read so far."""

    def __init__(self, options: argparse.Namespace, directory: Path, keep: ExitStack) -> None:
        self.seconds: float = options.seconds
        self.directory = directory
        self.keep = keep
        self.client = machine.compile_tool("client")
        self.result = Result(
            date=datetime.now(UTC).date().isoformat(),
            machine=machine.describe(directory),
            commit=machine.commit(),
            command=shlex.join(["bench/gateway.py", *sys.argv[1:]]),
            seconds=self.seconds,
            smoke=options.smoke,
            cores="server on core {}, load and upstream on core {}".format(*core_names()),
            versions=versions(),
        )
        write_bodies(directory)
        self.direct = Upstream(directory)
        self.solvent = Solvent(options.solvent, directory, self.direct.url)
        self.gateways: list[Server] = [self.solvent]

    def start(self, installed: dict[str, str]) -> None:
        """Start everything; `installed` has the peers' versions, and one that fails is missing."""
        for server in (self.direct, self.solvent):
            self.keep.callback(server.stop)
            server.serve()
        for name, version in installed.items():
            if name == peers.EMBEDDED:
                self.result.versions[name] = version
                continue
            peer = peers.PEERS[name].server(self.directory, self.direct.url)
            self.keep.callback(peer.stop)
            try:
                peer.serve()
            except NotStarted as failed:
                self.miss(failed)
                continue
            self.result.versions[name] = version
            self.gateways.append(peer)

    def miss(self, reason: Exception) -> None:
        """Say that a peer is missing, here and, in one line, on the page."""
        print(reason, file=sys.stderr)
        self.result.missing.append(" ".join(str(reason).split())[:REASON_CHARACTERS_MAX])

    def once(self, server: Server, load: Load) -> Reading:
        """One run of the load generator. All of its answers count for the books, warm-up and probes too."""
        if load.stream:
            set_upstream(self.direct.port, load.interval_ms, load.chunks)
        reading = read(
            self.client,
            self.directory,
            load,
            port=server.port,
            key=server.key,
            pid=server.pid,
            upstream=self.direct.pid,
            headers=server.headers,
        )
        counted, failed = self.result.answers_ever, self.result.failures
        counted[server.name] = counted.get(server.name, 0) + reading.answers_200_ever
        failed[server.name] = failed.get(server.name, 0) + reading.failures
        return reading

    def record(self, server: Server, kind: str, load: Load) -> Reading:
        """One run that the figures are made of."""
        reading = self.once(server, load)
        self.result.readings.setdefault(server.name, {}).setdefault(kind, []).append(reading)
        bad = f", {reading.failures} failed" if reading.failures else ""
        print(
            f"  {server.name:8} {kind:13} {reading.answers_per_second:9,.0f} answers/s "
            f"{reading.chunks_per_second:9,.0f} chunks/s  p50 {reading.latency_ms_p50:9.3f} ms  "
            f"p99 {reading.latency_ms_p99:9.3f} ms{bad}",
            flush=True,
        )
        return reading

    def calibrate(self, server: Server) -> None:
        """Warm a gateway up and choose the loads of its rounds."""
        probe = min(1.0, self.seconds)
        self.once(server, Load(4, probe, warm_up=0.2))
        rates = {n: self.once(server, Load(n, probe)).answers_per_second for n in CONNECTIONS}
        connections = max(rates, key=lambda n: rates[n])
        # A slow server answers in bursts, so its rate needs a window as long as in the rounds.
        saturated = self.once(server, Load(connections, self.seconds)).answers_per_second
        half = min(HALF_LOAD_RATE_MAX, max(1.0, saturated // 2))
        peer = peers.PEERS.get(server.name)
        first = peer.streams if peer else FIRST_STREAMS
        streams = self.most_streams(server, probe, first) if first else 0
        unpaced = peer.unpaced_streams if peer else UNPACED_STREAMS
        self.result.settings[server.name] = Settings(connections, half, streams, unpaced)
        print(f"  {server.name}: {connections} connections, half load {half:,.0f}/s, {streams} paced streams")

    def most_streams(self, server: Server, seconds: float, first: int) -> int:
        """The most paced streams that stay on time, found by trying more until they are late. A full core is no sign
        of that: the more events wait when a server looks, the less each of them costs it."""
        streams, best, late = first, 1, 0
        for _ in range(1 if self.result.smoke else PACED_PROBES):
            reading = self.once(server, self.paced(streams, seconds))
            if reading.latency_ms_p50 > STREAM_MS * LATE_MAX:
                late = streams
            else:
                best = streams
            if best == PACED_STREAMS_MAX or (late and late - best <= PACED_PRECISION * late):
                break
            growth = max(PACED_GROWTH_MIN, FULL_CPU_SHARE / max(reading.server_cpu_share, 0.01))
            streams = (best + late) // 2 if late else min(PACED_STREAMS_MAX, int(streams * growth))
        return best

    def paced(self, streams: int, seconds: float) -> Load:
        return Load(streams, seconds, PACED_WARM_UP, stream=True, interval_ms=INTERVAL_MS)

    def at_rate(self, rate: float) -> Load:
        return Load(LATENCY_CONNECTIONS, self.seconds * LOAD_SHARE, rate=rate)

    def round(self) -> None:
        """Every gateway under every load, then the same rates without a gateway, then the disk."""
        for server in self.gateways:
            chosen = self.result.settings[server.name]
            self.record(server, "saturation", Load(chosen.connections, self.seconds))
            self.record(server, "half", self.at_rate(chosen.half_rate))
            self.record(server, "low", self.at_rate(LOW_RATE))
            if chosen.paced_streams:
                self.record(server, "paced", self.paced(chosen.paced_streams, self.seconds * LOAD_SHARE))
            resident = machine.resident_mib(machine.tree(server.pid))
            self.result.resident_mib.setdefault(server.name, []).append(resident)
            if chosen.unpaced_streams:
                self.record(server, "unpaced", Load(chosen.unpaced_streams, self.seconds * LOAD_SHARE, stream=True))
        for server in self.gateways:
            rate = self.result.settings[server.name].half_rate
            self.record(self.direct, f"half {server.name}", self.at_rate(rate))
        self.record(self.direct, "low", self.at_rate(LOW_RATE))
        if peers.EMBEDDED in self.result.versions:
            self.embedded()
        syncs = machine.sync_times_ms(self.directory)
        self.result.sync_ms_p50.append(syncs[len(syncs) // 2])
        self.result.sync_ms_p99.append(syncs[len(syncs) * 99 // 100])

    def embedded(self) -> None:
        """TensorZero within one process, at Solvent's number of connections."""
        connections = self.result.settings["solvent"].connections
        try:
            rate = peers.embedded_rate(self.directory, self.direct.url, connections, self.seconds)
        except MissingPeer as reason:
            del self.result.versions[peers.EMBEDDED]
            self.miss(reason)
            return
        self.result.embedded_rates.append(rate)
        print(f"  {peers.EMBEDDED}: {rate:,.0f} answers/s", flush=True)

    def hold(self) -> None:
        """Many streams held open at once: all of them end whole, and what memory each takes meanwhile."""
        smoke = self.result.smoke
        streams, interval_ms, warm_up = (100, 400, 0.8) if smoke else (HELD_STREAMS, HELD_INTERVAL_MS, HELD_WARM_UP)
        load = Load(streams, 0.2, warm_up, stream=True, interval_ms=interval_ms, chunks=HELD_CHUNKS)
        before = machine.resident_mib([self.solvent.pid])
        looks: list[float] = []
        timer = threading.Timer(warm_up, lambda: looks.append(machine.resident_mib([self.solvent.pid])))
        timer.start()
        reading = self.once(self.solvent, load)
        timer.join()
        self.result.held_streams = streams
        self.result.held_failures = reading.failures
        self.result.held_kb_per_stream = (looks[0] - before) * 1024 / streams
        print(f"  held {streams} streams, {self.result.held_kb_per_stream:.1f} kB each, {reading.failures} failed")

    def check_books(self) -> None:
        """Ask Solvent what is on record, kill it, start it on the same data, and ask again."""
        expected = self.result.answers_ever["solvent"]
        self.result.answers_on_record = self.solvent.answers_on_record(expected)
        self.solvent.stop(signal.SIGKILL)
        self.solvent.serve()
        self.result.answers_on_record_after_kill = self.solvent.answers_on_record(expected)
        print(
            f"  books: client {expected:,}, on record {self.result.answers_on_record:,}, "
            f"after kill -9 {self.result.answers_on_record_after_kill:,}"
        )

    def run(self, rounds: int) -> None:
        """Calibrate, do the rounds, check the books."""
        ceiling = self.once(self.direct, Load(CONNECTIONS[0], min(1.0, self.seconds)))
        self.result.direct_requests_per_second = ceiling.answers_per_second
        self.once(self.solvent, Load(CONNECTIONS[0], min(1.0, self.seconds)))
        self.hold()  # first: what other loads needed would be there for these streams too
        for server in self.gateways:
            self.calibrate(server)
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", flush=True)
            self.round()
        self.check_books()


def core_names() -> tuple[str, str]:
    server, load = machine.cores()
    return str(server), " and ".join(str(core) for core in load)


def versions() -> dict[str, str]:
    """What Solvent runs on here. One interpreter is not as quick as another of its version, so it is said which."""
    venv = Path(sys.executable).parent.parent
    named = {package: machine.version_in(venv, package) for package in ("solvent", "uvicorn", "uvloop")}
    return {"Python": f"{sys.version.split()[0]} in {sys.base_prefix}", **named}


def bounded(low: float, high: float) -> Callable[[str], float]:
    """An argparse type for a number within bounds."""

    def parse(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low:g} and {high:g}")
        return value

    return parse


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=bounded(0.5, WINDOW_SECONDS_MAX), default=6.0, help="a saturation run")
    parser.add_argument("--rounds", type=bounded(1, ROUNDS_MAX), default=5, help="medians are taken over these")
    parser.add_argument("--peers", nargs="*", choices=PEER_NAMES, default=PEER_NAMES)
    parser.add_argument("--smoke", action="store_true", help="1 round of 1 s, written to a temporary directory")
    parser.add_argument("--to", type=Path, help="directory of the table (default docs/benchmarks)")
    default = str(Path(sys.executable).with_name("solvent"))
    parser.add_argument("--solvent", default=default, help="command in place of .venv/bin/solvent")
    options = parser.parse_args()
    if options.smoke:
        options.seconds, options.rounds = 1.0, 1
    if options.to is None:
        smoke = options.smoke
        options.to = Path(tempfile.mkdtemp(prefix="bench-")) if smoke else machine.ROOT / "docs" / "benchmarks"
    return options


def end_by_signal(number: int, _frame: FrameType | None) -> NoReturn:
    """Leave through every `finally`, so that what was started is stopped."""
    if number == signal.SIGALRM:
        raise SystemExit(f"the bench took longer than {RUN_SECONDS_MAX} s: ask for fewer seconds or rounds")
    raise SystemExit(128 + number)


def install(names: list[str]) -> tuple[dict[str, str], list[MissingPeer]]:
    """Install the peers that are not there yet: their versions, and why some are missing."""
    found, missing = {}, []
    for name in names:
        installing = peers.install_embedded if name == peers.EMBEDDED else peers.PEERS[name].install
        try:
            found[name] = installing()
        except MissingPeer as reason:
            missing.append(reason)
    return found, missing


def main() -> int:
    """Exit code 0; 1 where a peer is missing, an answer of ours failed or the books do not agree."""
    options = parse_options()
    signal.signal(signal.SIGTERM, end_by_signal)
    signal.signal(signal.SIGALRM, end_by_signal)
    machine.allow_many_connections()
    installed, reasons = install(options.peers)
    signal.alarm(RUN_SECONDS_MAX)
    with machine.run_directory() as directory, ExitStack() as keep:
        bench = Bench(options, directory, keep)
        for reason in reasons:
            bench.miss(reason)
        bench.start(installed)
        bench.run(int(options.rounds))
        result = bench.result
    signal.alarm(0)
    page = table.write(result, options.to, "gateway")
    print(page.read_text())
    print(f"wrote {page} and {page.with_suffix('.json').name}")
    return 0 if result.books_agree and not result.missing and not result.failures["solvent"] else 1


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except (NotStarted, RuntimeError) as failed:
        print(failed, file=sys.stderr)
        raise SystemExit(1) from failed
    except KeyboardInterrupt:
        raise SystemExit(130) from None
