"""uvicorn's HTTP protocol with limits of our own, how long and how large a request's head may be, and `Exchange` for
what one request and its response are."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from solvent.app.http import NAMED, Asgi, Scope
from solvent.gateway.exchange import Exchange, Outgoing, outgoing
from solvent.values.limits import (
    CHUNK_FRAMING_BYTES_MAX,
    REQUEST_BODY_S_MAX,
    REQUEST_HEAD_S_MAX,
    REQUEST_HEADER_BYTES_MAX,
)

_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}
_QUESTION_MARK: Final = 63
_NUMBER_SIGN: Final = 35


class BoundedHttp(HttpToolsProtocol):
    """A connection that has sent no whole head in time is closed, so slow senders hold a socket and no more. One
    timer of a connection looks at all of its deadlines, so that a request has none of its own."""

    cycle: Exchange  # type: ignore[assignment]  # the newest
    pipeline: Any  # of exchanges that wait for the one before them, each with the application that answers it

    def __init__(self, *given: Any, **named: Any) -> None:
        """See uvicorn. What an instance has of its own is read sooner than what its class says."""
        super().__init__(*given, **named)
        self._running: Exchange | None = None  # the one that is being answered
        self._named: dict[bytes, bytes] = {}  # the first header of each name
        self._version = ""  # of HTTP, as the connection's first request says
        self._asked = (b"", b"")  # the last request's method and address, most likely the next one's too
        self._place: dict[str, Any] = {}  # the scope of what asks that, but for its headers
        self._is_in_head = True  # from the connection, or a first byte, to the end of a head
        self._head_bytes = 0
        self._outgoing: Outgoing = outgoing(self.loop)
        self._framing_bytes = 0  # of a body that came since its head, what is none of it: sizes of chunks, lines behind
        self._head_since_s: float | None = None  # when the head that is coming in began; None where it came at once
        self._awaits_body = False  # one was announced of which no byte has come yet
        self._body_since_s: float | None = None  # since when
        self._idle_since_s: float | None = None  # as far as it was looked at, between requests
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._head_since_s = self.loop.time()
        self._watch = self.loop.call_later(REQUEST_HEAD_S_MAX, self._look)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._idle_since_s = None
        if self._is_in_head:
            self._head_bytes += len(data)
        else:
            self._framing_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            message = "Invalid HTTP request received."
            self.logger.warning(message)
            self.send_400_response(message)
            return
        except httptools.HttpParserUpgrade:
            self._unsupported_upgrade_warning()
        if self._is_in_head:
            if self._head_bytes > REQUEST_HEADER_BYTES_MAX:
                self.transport.close()
            elif self._head_since_s is None:
                self._head_since_s = self.loop.time()
        elif self._framing_bytes > REQUEST_HEADER_BYTES_MAX:
            self.transport.close()
        elif self._awaits_body and self._body_since_s is None:
            self._body_since_s = self.loop.time()

    def on_message_begin(self) -> None:
        """A request begins: its head has a time and a size."""
        if not self._is_in_head:
            self._is_in_head = True
            self._head_bytes = 0
        self.url = b""
        self.headers, self._named = [], {}
        self.expect_100_continue = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One line of the head; those behind a body are put where nobody reads."""
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))
        self._named.setdefault(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole, and is answered; the body has limits of its own (app/http.py)."""
        self._is_in_head = False
        self._framing_bytes = 0
        self._head_since_s = None
        self._awaits_body = True
        exchange = Exchange(
            self._scope(), self.transport, self.flow, self.server_state.default_headers, self._outgoing,
            self.on_response_complete,
        )  # fmt: skip
        if self._version == "1.0" or not self.parser.should_keep_alive():
            exchange.keep_alive = False
        if self.expect_100_continue:
            exchange.expects_continue = True
        before, self.cycle = self.cycle, exchange
        app: Any = self.app
        most = self.limit_concurrency
        if most is not None and (len(self.connections) >= most or len(self.tasks) >= most):
            self.logger.warning("Exceeded concurrency limit.")
            app = service_unavailable
        if before is None or before.response_complete:
            self._start(exchange, app)
        else:  # it waits for the one before it
            self.flow.pause_reading()
            self.pipeline.appendleft((exchange, app))

    def on_body(self, body: bytes) -> None:
        """The first piece is here; http.py waits for the others."""
        self._awaits_body = False
        self._body_since_s = None
        self._framing_bytes -= len(body)
        self.cycle.take(body)

    def on_chunk_header(self) -> None:
        """How long a chunk is, and where it ends, is said around it."""
        self._framing_bytes -= CHUNK_FRAMING_BYTES_MAX

    def on_message_complete(self) -> None:
        """The whole request is here."""
        self._awaits_body = False
        self._body_since_s = None
        self.cycle.end()

    def on_response_complete(self) -> None:
        """What is next on this connection, perhaps nothing for a while."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            self.flow.resume_reading()
        if self.pipeline:
            self._start(*self.pipeline.pop())

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        if self._watch is not None:
            self._watch.cancel()
        self.connections.discard(self)
        if self._running is not None:
            self._running.lose()
        self.flow.resume_writing()
        if exc is None:
            self.transport.close()
        self.parser = None  # type: ignore[assignment]  # it holds our methods: let both go

    def _scope(self) -> Scope:
        asked = (self.parser.get_method(), self.url)
        if asked != self._asked:
            self._asked, self._place = asked, self._scope_of(*asked)
        scope = self._place.copy()
        scope["headers"], scope[NAMED] = self.headers, self._named
        scope["state"] = self.app_state.copy()
        self.headers, self._named = [], {}
        return scope

    def _scope_of(self, method: bytes, url: bytes) -> dict[str, Any]:
        """What requests of this connection have in common that ask this."""
        raw_path, query = url, b""
        if _QUESTION_MARK in raw_path or _NUMBER_SIGN in raw_path or not raw_path.startswith(b"/"):
            parsed = httptools.parse_url(raw_path)
            raw_path, query = parsed.path, parsed.query or b""
        path = raw_path.decode("ascii")
        if "%" in path:
            path = unquote(path)
        if self.root_path:
            path, raw_path = self.root_path + path, self.root_path.encode("ascii") + raw_path
        if not self._version:
            self._version = self.parser.get_http_version()
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": self._version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": method.decode("ascii"),
            "root_path": self.root_path,
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
        }

    def _start(self, exchange: Exchange, app: Asgi) -> None:
        self._running = exchange
        running = exchange.run(app, self.tasks)
        exchange.task = task = asyncio.Task(running, loop=self.loop, name="exchange")  # which makes up no name for it
        self.tasks.add(task)

    def _look(self) -> None:
        """Looks now and then, so that a request costs no timer of its own; a head is ended up to twice as late."""
        now_s, head_s, body_s = self.loop.time(), self._head_since_s, self._body_since_s
        is_late = head_s is not None and now_s - head_s >= REQUEST_HEAD_S_MAX - 0.1
        if body_s is not None and now_s - body_s >= REQUEST_BODY_S_MAX and not self.pipeline:
            is_late = True
        if not self._is_in_head and self.cycle.response_complete:
            if self._idle_since_s is None:
                self._idle_since_s = now_s
            is_late = is_late or now_s - self._idle_since_s >= self.timeout_keep_alive
        if is_late:
            self.transport.close()
        else:
            self._watch = self.loop.call_later(REQUEST_HEAD_S_MAX, self._look)
