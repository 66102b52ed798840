"""One run of the load generator against one server, and what it read."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from urllib import request

import msgspec
from bench.load import machine

CLIENT_SECONDS_MAX = 60
MODEL = "bench-model"


class Reading(msgspec.Struct, frozen=True):
    """What the load generator printed; `client.c` says what each value is."""

    window_seconds: float
    answers: int
    answers_200_ever: int
    chunks: int
    samples: int
    not_200: int
    last_bad_status: int
    errors: int
    incomplete: int
    unfinished: int
    latency_ms_p50: float
    latency_ms_p99: float
    latency_ms_p999: float
    latency_ms_max: float
    first_byte_ms_p50: float
    first_byte_ms_p99: float
    late_send_ms_max: float
    server_cpu_seconds: float
    server_cores_busy_seconds: float
    load_cpu_seconds: float
    load_cores_busy_seconds: float

    @property
    def answers_per_second(self) -> float:
        return self.answers / self.window_seconds

    @property
    def chunks_per_second(self) -> float:
        return self.chunks / self.window_seconds

    @property
    def failures(self) -> int:
        """Answers that were not whole, not 200, or never came."""
        return self.not_200 + self.errors + self.incomplete + self.unfinished

    @property
    def server_cpu_share(self) -> float:
        """Share of one core that the server used in the window."""
        return self.server_cpu_seconds / self.window_seconds

    @property
    def load_cpu_share(self) -> float:
        """Share of one core that the load generator and the upstream used together."""
        return self.load_cpu_seconds / self.window_seconds

    @property
    def other_cpu_share(self) -> float:
        """Cores that other work took in the window, of the server's and the load's together."""
        busy = self.server_cores_busy_seconds + self.load_cores_busy_seconds
        return max(0.0, busy - self.server_cpu_seconds - self.load_cpu_seconds) / self.window_seconds


STREAM_CHUNKS = 64


class Load(msgspec.Struct, frozen=True):
    """One kind of load. `rate` 0 is a closed loop; `interval_ms` paces the events of a stream."""

    connections: int
    seconds: float
    warm_up: float = 0.5
    rate: float = 0.0
    stream: bool = False
    interval_ms: int = 0
    chunks: int = STREAM_CHUNKS  # of a stream, before its finish, usage and end


INTERVAL_MS = 20
STREAM_MS = (STREAM_CHUNKS - 1) * INTERVAL_MS  # how long a paced stream takes at its source
EVENTS_PER_STREAM = STREAM_CHUNKS + 3  # and the finish, the usage and the [DONE] events

_SYSTEM = "You answer questions about one small shop, in the language of the question, in a few sentences."
_QUESTION = (
    "I ordered two blue lamps on Monday and one of them came with a broken switch. I still have the box and "
    "the receipt. Can I send only the broken one back, who pays for the parcel, and how long does it take "
    "until the new one is here? I will be away from the 12th to the 15th."
)


def write_bodies(directory: Path) -> None:
    """The two requests that every server gets, of about 570 bytes, as files for the load generator."""
    asked = {
        "model": MODEL,
        "messages": [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": _QUESTION}],
        "temperature": 0.7,
        "max_tokens": 256,
    }
    streamed = {**asked, "stream": True, "stream_options": {"include_usage": True}}
    (directory / "plain.json").write_text(json.dumps(asked))
    (directory / "stream.json").write_text(json.dumps(streamed))


def set_upstream(port: int, interval_ms: int, chunks: int = STREAM_CHUNKS) -> None:
    """Tell the upstream how to pace the streams that follow."""
    url = f"http://127.0.0.1:{port}/settings?delay_ms=0&interval_ms={interval_ms}&chunks={chunks}"
    with request.urlopen(request.Request(url, data=b"", method="POST"), timeout=5) as reply:
        assert reply.status == 204, "the upstream refused its settings"


def listed(numbers: Iterable[int]) -> str:
    """As the load generator reads them: `3,4`."""
    return ",".join(str(number) for number in numbers)


def read(
    client: Path, bodies: Path, load: Load, *, port: int, key: str, pid: int, upstream: int, headers: str = ""
) -> Reading:
    """Run the load generator once, on the cores that are not the server's. `pid` and `upstream` are the
    processes of the server and of what answers behind it."""
    server_core, load_cores = machine.cores()
    body = bodies / ("stream.json" if load.stream else "plain.json")
    command = [str(client), "--port", str(port), "--key", key, "--body", str(body)]
    command += ["--connections", str(load.connections), "--seconds", str(load.seconds)]
    command += ["--warm-up", str(load.warm_up), "--rate", str(load.rate)]
    command += ["--pids", listed(machine.tree(pid)), "--cores", str(server_core)]
    command += ["--load-pids", str(upstream), "--load-cores", listed(load_cores)]
    command += ["--stream"] if load.stream else []
    command += ["--headers", headers] if headers else []
    done = subprocess.run(
        machine.pinned(command, load_cores), capture_output=True, timeout=CLIENT_SECONDS_MAX, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"the load generator failed: {done.stderr.decode(errors='replace').strip()}")
    return msgspec.json.decode(done.stdout, type=Reading)
