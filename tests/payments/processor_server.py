"""A real HTTP server that plays a payment processor, remembers idempotency keys, and misbehaves on request.

`stripe_server.py` and `toss_server.py` say what each of them documents. What the processor does by itself (a customer
pays, a bank disputes) is called on the server object; the webhooks that follow wait in `outbox` for a test to deliver.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

Answer = tuple[int, dict[str, Any]]
Webhook = tuple[dict[str, str], bytes]
LOST_S = 20.0  # longer than any client here waits


@dataclass
class Request:
    """One request as it came. key: its Idempotency-Key, "" for none."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    key: str

    @property
    def parts(self) -> list[str]:
        """The pieces of the path after /v1, each as it was meant."""
        return [unquote(part) for part in self.path.split("/")[2:]]


@dataclass
class Trouble:
    """What goes wrong with the next `times` requests whose path begins with `path`.

    fails: answered with this status and nothing done. loses: done, and no answer sent. garbage: done, and answered
    with something else than JSON.
    """

    times: int = 1
    path: str = "/"
    fails: int = 0
    loses: bool = False
    garbage: bool = False


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


@dataclass
class ProcessorServer:
    """What both have in common. seen: every request; done: those that had their effect and were not replays."""

    outbox: list[Webhook] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)
    done: list[Request] = field(default_factory=list)
    base_url: str = ""

    def __post_init__(self) -> None:
        self._keys: dict[str, tuple[str, Answer]] = {}
        self._lock = threading.RLock()
        self._gone = threading.Event()

    # What subclasses say

    def refuse_stranger(self, request: Request) -> Answer | None:
        """An answer when our key is not in it."""
        raise NotImplementedError

    def serve(self, request: Request) -> Answer:
        """Do what was asked."""
        raise NotImplementedError

    def key_scope(self, request: Request) -> str:
        """What tells requests with one idempotency key apart; another fingerprint under it is an error, or none."""
        raise NotImplementedError

    def key_reused(self) -> Answer:
        """The answer to a key that came with another request before."""
        raise NotImplementedError

    def failure(self, status: int) -> dict[str, Any]:
        """The body of a failure of its own."""
        raise NotImplementedError

    # What it does with a request

    def answer(self, request: Request) -> Answer | None:
        """The answer, or None when none is to be sent."""
        with self._lock:
            self.seen.append(request)
            stranger = self.refuse_stranger(request)
            if stranger is not None:
                return stranger
            trouble = self._trouble(request)
            if trouble is not None and trouble.fails:
                return trouble.fails, self.failure(trouble.fails)
            answer = self._once(request)
            if trouble is not None and trouble.garbage:
                return 200, {}
            return None if trouble is not None and trouble.loses else answer

    def _once(self, request: Request) -> Answer:
        if request.method != "POST" or not request.key:
            return self._do(request)
        scope, fingerprint = self.key_scope(request), f"{request.path}\n{request.body.decode()}"
        if scope in self._keys:
            kept, answer = self._keys[scope]
            return answer if kept == fingerprint else self.key_reused()
        answer = self._do(request)
        self._keys[scope] = (fingerprint, answer)
        return answer

    def _do(self, request: Request) -> Answer:
        try:
            answer = self.serve(request)
        except Refusal as refusal:
            return refusal.status, refusal.body
        self.done.append(request)
        return answer

    def _trouble(self, request: Request) -> Trouble | None:
        for trouble in self.troubles:
            if trouble.times > 0 and request.path.startswith(trouble.path):
                trouble.times -= 1
                return trouble
        return None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve on a free port."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _endpoint(self, self._gone.wait))
        server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._gone.set()
            server.shutdown()
            server.server_close()
            thread.join()


def _endpoint(processor: ProcessorServer, wait: Callable[[float], bool]) -> type[BaseHTTPRequestHandler]:
    class Endpoint(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_DELETE(self) -> None:
            self._serve()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            key = headers.get("idempotency-key", "")
            answer = processor.answer(Request(self.command, parts.path, parts.query, headers, body, key))
            if answer is None:
                wait(LOST_S)
                self.close_connection = True
                return
            status, said = answer
            sent = json.dumps(said, default=_number).encode() if said else b"<html>"
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(sent)))
            self.send_header("request-id", "req_test")
            self.end_headers()
            self.wfile.write(sent)

    return Endpoint


def _number(value: Any) -> Any:
    raise TypeError(f"{value!r} is not JSON")
