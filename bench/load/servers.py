"""The servers that the bench drives: the upstream itself and Solvent; `peers` has the others.

What depends on Solvent's formats is in `solvent_config`, `rate_cards` and `answers_on_record`, nowhere else.
"""

import json
import re
import shlex
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib import error, request

from bench.load import machine
from bench.load.reading import MODEL

START_SECONDS_MAX = 90
BOOKS_SECONDS_MAX = 10

UPSTREAM_KEY = "sk-bench-upstream"


class NotStarted(Exception):
    """A server that did not get ready; with the end of its log."""


class Server(ABC):
    """A server process on 127.0.0.1, pinned, with its output in a log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        on: Sequence[int],
        log: Path,
        env: Mapping[str, str],
        *,
        port: int,
    ) -> None:
        self.name = name
        self.port = port
        self.key = ""
        self.headers = ""  # more lines of a request's head, each with its end
        self._command = command
        self._cores = on
        self._log = log
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    @abstractmethod
    def is_ready(self, log: str) -> bool:
        """Does it take requests? `log` is what it has printed so far."""

    def pin(self, on: Sequence[int]) -> None:
        """To other cores than its own, from its next start on."""
        self._cores = on

    def serve(self) -> None:
        """Start it and wait until it is ready."""
        with self._log.open("wb") as log:
            self._process = machine.start(self._command, self._cores, log, self._env)
        give_up = time.monotonic() + START_SECONDS_MAX
        while not self.is_ready(self._log.read_text(errors="replace")):
            if self._process.poll() is not None or time.monotonic() > give_up:
                self.stop()
                raise NotStarted(f"{self.name} did not start:\n{self.last_lines()}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it; again is allowed and does nothing."""
        if self._process is not None:
            machine.stop(self._process, how)
            self._process = None

    def last_lines(self) -> str:
        """The end of its log without colours, to say why it failed."""
        text = re.sub(r"\x1b\[[0-9;]*m", "", self._log.read_text(errors="replace"))
        return "\n".join(text.splitlines()[-15:])


def answers(url: str, body: bytes | None = None) -> bool:
    """Is a GET of this address, or a POST of the body, answered with success?"""
    try:
        with request.urlopen(url, data=body, timeout=2) as reply:
            return bool(reply.status < 300)
    except (error.URLError, OSError):
        return False


class Upstream(Server):
    """The bench's own upstream, on the load generator's cores; driven without a gateway it is `direct`."""

    def __init__(self, directory: Path) -> None:
        port = machine.free_port()
        _, load_cores = machine.cores()
        program = machine.compile_tool("upstream")
        log = directory / "upstream.log"
        super().__init__("direct", [str(program), str(port)], load_cores, log, {}, port=port)
        self.url = f"http://127.0.0.1:{port}/v1"

    def is_ready(self, log: str) -> bool:
        return answers(f"http://127.0.0.1:{self.port}/settings?chunks=1", b"")


def solvent_config(upstream_url: str) -> str:
    """`solvent.toml` with the upstream as the one model's provider. Durable accounting has no switch."""
    return f"""\
currency = "USD"
house_model = false

[first_run]
grant = "1000000"

[[models]]
name = "{MODEL}"
provider = "openai_compatible"
vendor = "mock"
base_url = "{upstream_url}"
key = "env:BENCH_UPSTREAM_KEY"
output_tokens_max = 4096
cost_card = "bench-cost"
price_card = "bench-price"
"""


def rate_cards() -> dict[str, str]:
    """File name to text of the two rate cards, laid beside `solvent.toml`."""
    card = 'card: {name}\ncurrency: USD\nentries:\n  - {{from: 2026-01-01, input: "{read}", output: "{written}"}}\n'
    return {
        "rate_cards/bench-cost.yaml": card.format(name="bench-cost", read="0.15", written="0.6"),
        "rate_cards/bench-price.yaml": card.format(name="bench-price", read="0.3", written="1.2"),
    }


class Solvent(Server):
    """Our gateway, as an operator starts it."""

    def __init__(
        self, command: str, directory: Path, upstream_url: str, words: Sequence[str] = (), database: str = ""
    ) -> None:
        """words: more options of `serve`. database: the URL of a Postgres; empty for SQLite."""
        port = machine.free_port()
        server_core, _ = machine.cores()
        self.data = directory / "solvent-data"
        config = directory / "solvent.toml"
        books = f'database = "{database}"\n' if database else ""
        config.write_text(books + solvent_config(upstream_url))
        for name, text in rate_cards().items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(text)
        asked = [*shlex.split(command), "serve", "--host", "127.0.0.1", "--port", str(port)]
        asked += ["--data", str(self.data), "--config", str(config), *words]
        env = {"BENCH_UPSTREAM_KEY": UPSTREAM_KEY}
        super().__init__("solvent", asked, [server_core], directory / "solvent.log", env, port=port)

    def is_ready(self, log: str) -> bool:
        return f"ready http://127.0.0.1:{self.port}" in log

    def serve(self) -> None:
        """Start it, the first time or again on the same data."""
        super().serve()
        self.key = str(self.first_run()["api_key"])

    def first_run(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.data / "first-run.json").read_text())
        return found

    def answers_on_record(self, expected: int) -> int:
        """Answers in the books; asked again for a while where the report still lags behind them."""
        give_up = time.monotonic() + BOOKS_SECONDS_MAX
        while True:
            count = answers_on_record(self.port, self.first_run()["operator_key"])
            if count == expected or time.monotonic() > give_up:
                return count
            time.sleep(0.2)


def answers_on_record(port: int, operator_key: str) -> int:
    """How many answers of the bench's model Solvent's own margin report counts."""
    url = f"http://127.0.0.1:{port}/v1/margin?group_by=model"
    asked = request.Request(url, headers={"Authorization": f"Bearer {operator_key}"})
    with request.urlopen(asked, timeout=10) as reply:
        report = json.load(reply)
    return sum(int(row["answers"]) for row in report["rows"] if row["name"] == MODEL)
