"""The real server as a process, and the two ways to talk to it: the official client, and plain HTTP."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
from openai import OpenAI
from sqlalchemy import select
from tests.db.opened import lay_empty_books
from tests.doors.forked import Forked, run_forked

from solvent.answering.store import receipts
from solvent.db.engine import open_engine

READY_S_MAX = 60.0
STOP_S_MAX = 60.0
PROGRAM = (sys.executable, "-m", "solvent.cli.main")
UPSTREAM_KEY = "sk-upstream-0123456789abcdef-secret"

CARDS = """\
card: doors-cost
currency: USD
entries:
  - {from: 2026-01-01, input: 0.15, cached_input: 0.075, output: 0.6}
---
card: doors-price
currency: USD
entries:
  - {from: 2026-01-01, input: 0.3, cached_input: 0.15, output: 1.2}
---
card: doors-reading
currency: USD
entries:
  - {from: 2026-01-01, input: 0.02}
---
card: doors-painting-cost
currency: USD
entries:
  - from: 2026-01-01
    picture: 0.02
    kinds: {1024x1024/hd: {picture: 0.04}, 512x512: {picture: 0.01}}
---
card: doors-painting
currency: USD
entries:
  - from: 2026-01-01
    picture: 0.04
    kinds: {1024x1024/hd: {picture: 0.08}, 512x512: {picture: 0.02}, 256x256: {picture: 0.01}}
---
card: doors-speaking-cost
currency: USD
entries:
  - {from: 2026-01-01, character: 15}
---
card: doors-speaking
currency: USD
entries:
  - {from: 2026-01-01, character: 30}
---
card: doors-filming-cost
currency: USD
entries:
  - from: 2026-01-01
    video_second: 0.1
    kinds: {720x1280: {video_second: 0.1}, 1792x1024: {video_second: 0.3}}
---
card: doors-filming
currency: USD
entries:
  - from: 2026-01-01
    video_second: 0.2
    kinds: {720x1280: {video_second: 0.2}, 1792x1024: {video_second: 0.6}}
---
card: doors-hearing-cost
currency: USD
entries:
  - {from: 2026-01-01, audio_input_minute: 0.003}
---
card: doors-hearing
currency: USD
entries:
  - {from: 2026-01-01, audio_input_minute: 0.006}
---
card: doors-hearing-tokens
currency: USD
entries:
  - {from: 2026-01-01, input: 2.5, audio_input: 6, output: 10}
---
card: doors-drawing
currency: USD
entries:
  - {from: 2026-01-01, input: 5, image_input: 10, image_output: 40}
"""
INPUT_GRAINS, OUTPUT_GRAINS = 300, 1200  # what a token is charged, in nano-dollars
INPUT_COST_GRAINS, OUTPUT_COST_GRAINS = 150, 600


T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """One HTTP response, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The body of an error, in OpenAI's shape."""
        error = self.json["error"]
        assert set(error) >= {"message", "type", "param", "code"}, error
        assert isinstance(error["message"], str)
        assert error["message"]
        found: dict[str, Any] = error
        return found


class Talk:
    """One request on a socket of its own, to hang up on at the right moment."""

    def __init__(self, url: str, body: bytes, key: str) -> None:
        where = urlsplit(url)
        self._socket = socket.create_connection((where.hostname or "", where.port or 0), timeout=30)
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + body)
        self.read = b""

    def until(self, text: bytes) -> bytes:
        """All that has come, as soon as `text` is in it."""
        while text not in self.read:
            part = self._socket.recv(65536)
            assert part, f"the server closed after {self.read[-500:]!r}"
            self.read += part
        return self.read

    def skip_until(self, end: bytes) -> int:
        """Read on to the `end` of the answer and keep none of it; how many bytes that were."""
        count, tail = len(self.read), self.read[-len(end) :]
        while end not in tail:
            part = self._socket.recv(1 << 20)
            assert part, f"the server closed after {tail!r}"
            count += len(part)
            tail = tail[-len(end) :] + part
        return count

    def hang_up(self) -> None:
        self._socket.close()


class Solvent:
    """One server and its folder; `start` and `stop` as often as a test likes.

    is_forked: from a process that has everything loaded; otherwise as an operator starts it.
    """

    def __init__(
        self, folder: Path, config: str, environment: Mapping[str, str] | None = None, *, is_forked: bool = True
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.config = folder / "solvent.toml"
        self.url = ""
        self.process: Forked | subprocess.Popen[bytes] | None = None
        self._is_forked = is_forked
        self._environment = dict(environment or {})
        (folder / "rate_cards").mkdir(parents=True, exist_ok=True)
        (folder / "rate_cards" / "doors.yaml").write_text(CARDS)
        self.config.write_text(config)

    @property
    def keys(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.data / "first-run.json").read_text())
        return found

    @property
    def key(self) -> str:
        return self.keys["api_key"]

    @property
    def operator_key(self) -> str:
        return self.keys["operator_key"]

    @property
    def output(self) -> str:
        """All that every process of this folder has printed, to both outputs."""
        return "".join((self.folder / name).read_text() for name in ("stdout", "stderr"))

    @property
    def _where(self) -> list[str]:
        return ["--data", str(self.data), "--config", str(self.config)]

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SOLVENT_")}
        return kept | {"UPSTREAM_KEY": UPSTREAM_KEY, "LANG": "C.UTF-8"} | self._environment

    def launch(self, *arguments: str) -> Forked | subprocess.Popen[bytes]:
        """Start the process and wait for nothing."""
        outputs = self.folder / "stdout", self.folder / "stderr"
        for output in outputs:
            output.touch()
        self._said = outputs[0].stat().st_size
        words = ["serve", "--port", "0", *self._where, *arguments]
        if self._is_forked:
            self.process = Forked(words, self.folder, self.environment, *outputs)
            return self.process
        with outputs[0].open("ab") as stdout, outputs[1].open("ab") as stderr:
            self.process = subprocess.Popen(
                [*PROGRAM, *words], stdout=stdout, stderr=stderr, env=self.environment, cwd=self.folder
            )
        return self.process

    def start(self, *arguments: str) -> Solvent:
        """Start the process and wait until it says that it is ready. A forked one finds its tables made."""
        if self._is_forked and "database = " not in self.config.read_text():
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            lay_empty_books(self.data)
        process = self.launch(*arguments)
        latest = time.monotonic() + READY_S_MAX
        while time.monotonic() < latest and process.poll() is None:
            said = (self.folder / "stdout").read_bytes()[self._said :].decode()
            ready = [line for line in said.splitlines(keepends=True) if line.startswith("ready ")]
            if ready and ready[0].endswith("\n"):
                self.url = ready[0].split()[1]
                return self
            time.sleep(0.01)
        process.kill()
        raise AssertionError(f"the server was not ready (exit code {process.wait()}):\n{self.output}")

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the server did not stop:\n{self.output}") from None

    def kill(self) -> None:
        """SIGKILL: no last words."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Another command of `solvent` on this folder's data and configuration."""
        words, given = [*arguments, *self._where], self.environment | environment
        if self._is_forked:
            return run_forked(words, self.folder, given, 60)
        return subprocess.run(
            [*PROGRAM, *words], capture_output=True, text=True, env=given, cwd=self.folder, timeout=60
        )

    def client(self, key: str | None = None, **settings: Any) -> OpenAI:
        """The official client; it repeats nothing unless a test says so, and trusts no proxy."""
        plain_http = httpx2.Client(trust_env=False, timeout=60)
        settings = {"max_retries": 0, "http_client": plain_http, **settings}
        return OpenAI(base_url=f"{self.url}/v1", api_key=self.key if key is None else key, **settings)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request over plain HTTP. body: bytes as they are, anything else as JSON. key: "" for none."""
        where = urlsplit(self.url)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        given = self.key if key is None else key
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        try:
            connection.request(
                method, path, sent, ({"authorization": f"Bearer {given}"} if given else {}) | dict(headers or {})
            )
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def begin(self, body: object, key: str | None = None) -> Talk:
        """Ask a question and leave the answer in the socket, for a test that hangs up on it."""
        return Talk(self.url, json.dumps(body).encode(), self.key if key is None else key)

    def operate(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """A request with the operator's key that must succeed; its JSON. A POST has a key of its own by itself."""
        names = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        if method == "POST":
            names.setdefault("idempotency-key", uuid.uuid4().hex)
        answer = self.send(method, path, body, self.operator_key, names)
        assert answer.status == 200, answer.body
        return answer.json

    def customer(self, grant: str | None = None, plan: str = "pay-as-you-go") -> tuple[str, str]:
        """A new customer: their id and key."""
        body = {"name": "Somebody", "plan": plan} | ({"grant": grant} if grant else {})
        made = self.operate("POST", "/v1/customers", body)
        return made["id"], made["api_key"]

    def receipt_for(self, user: str) -> dict[str, Any]:
        """The operator's receipt of the one answer for this end user, as soon as it is on the books."""
        engine = open_engine(self.data)
        chosen = select(receipts.c.id).where(receipts.c.end_user == user)

        def look() -> list[str]:
            with engine.connect() as connection:
                return list(connection.execute(chosen).scalars())

        try:
            ids = eventually(look, f"there is no receipt for {user}")
        finally:
            engine.dispose()
        assert len(ids) == 1, ids
        return self.receipt(ids[0])

    def receipt(self, id: str) -> dict[str, Any]:
        """The operator's receipt of an answer, as soon as it is on the books."""
        found: dict[str, Any] = eventually(lambda: self._receipt(id), f"there is no receipt of {id}")
        return found

    def _receipt(self, id: str) -> dict[str, Any] | None:
        answer = self.send("GET", f"/v1/answers/{id}", key=self.operator_key)
        return answer.json if answer.status == 200 else None

    def wallet(self, key: str | None = None) -> dict[str, Any]:
        """What GET /v1/key says."""
        answer = self.send("GET", "/v1/key", key=key)
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json
        return found


def eventually(look: Callable[[], T | None], complaint: str, seconds: float = 15.0) -> T:
    """What `look` finds, as soon as it finds something."""
    latest = time.monotonic() + seconds
    while time.monotonic() < latest:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(complaint)


def question(script: Mapping[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """The body of a chat completion for the scripted upstream."""
    asked: dict[str, Any] = {"model": "scripted", "messages": [{"role": "user", "content": "Hello?"}], "max_tokens": 64}
    return asked | ({"script": dict(script)} if script else {}) | members


def events_of(body: bytes) -> list[Any]:
    """The events of a stream: parsed JSON, and the text "[DONE]"."""
    payloads = [line.removeprefix(b"data: ") for line in body.split(b"\n\n") if line]
    return ["[DONE]" if payload == b"[DONE]" else json.loads(payload) for payload in payloads]
