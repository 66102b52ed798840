"""One request and its response on a connection: what an application is given as `receive` and `send`.

It is uvicorn's cycle for what we serve, with its checks of what is sent, and less to do for each answer: a response
whose length is known goes out in one write, events that came in together too, and nothing is made that only a slow
request needs.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from solvent.app.http import PUSH, TEXT, Asgi, Headers, Message, Scope, respond

log = logging.getLogger("uvicorn.error")

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding", b"connection"})
_NUL, _LF, _CR = 0, 10, 13
_BODILESS: Final = (204, 304)  # whatever their answers hold
_BROKEN: Final = b"Internal Server Error"


class Outgoing:
    """What one loop is about to write: at the end of its turn, when all that came was read. Writes that follow on one
    another find who reads them awake, where each would wake them anew with our own work between two."""

    __slots__ = ("_due",)

    def __init__(self) -> None:
        self._due: deque[Exchange] = deque()

    def add(self, exchange: Exchange) -> None:
        """Something of it is to go out. Once a turn is enough."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self._write)
        self._due.append(exchange)

    def _write(self) -> None:
        due = self._due
        try:
            while due:
                due.popleft().flush()
        finally:
            if due:  # what one cannot write keeps no other back
                asyncio.get_running_loop().call_soon(self._write)


_outgoing: WeakKeyDictionary[asyncio.AbstractEventLoop, Outgoing] = WeakKeyDictionary()


def outgoing(loop: asyncio.AbstractEventLoop) -> Outgoing:
    """What all connections of a loop share."""
    if loop not in _outgoing:
        _outgoing[loop] = Outgoing()
    return _outgoing[loop]


class Exchange:
    """scope: as the application sees the request. default_headers: of every response. outgoing: of its loop.
    on_response: called when all of a response was written. keep_alive: whether the connection carries another one
    afterwards. expects_continue: whether the client waits to be told to send its body.
    """

    __slots__ = (
        "_default_headers", "_flow", "_has_news", "_is_chunked", "_left_bytes", "_news", "_on_response", "_outgoing",
        "_parts", "_parts_bytes", "_transport", "_unsent", "_will_flush", "disconnected", "expects_continue",
        "is_whole", "keep_alive", "response_complete", "response_started", "scope", "task",
    )  # fmt: skip

    def __init__(
        self, scope: Scope, transport: asyncio.Transport, flow: FlowControl,
        default_headers: list[tuple[bytes, bytes]], outgoing: Outgoing, on_response: Callable[[], None],
    ) -> None:  # fmt: skip
        self.scope = scope
        self._transport = transport
        self._flow = flow
        self._default_headers = default_headers
        self._outgoing = outgoing
        self._on_response = on_response
        self.keep_alive = True
        self.expects_continue = False
        self.task: asyncio.Task[None] | None = None  # that runs it
        self.disconnected = False
        # Of the request: whether all has come, and what of its body nobody has taken yet
        self.is_whole = False
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._has_news = False
        self._news: asyncio.Event | None = None  # made by whoever has to wait
        # Of the response
        self.response_started = False
        self.response_complete = False
        self._unsent: list[bytes] = []  # a head waits for its body if that has a length, an event for others
        self._will_flush = False
        self._is_chunked: bool | None = None
        self._left_bytes = 0  # of a body of known length

    async def run(self, app: Asgi, running: set[asyncio.Task[None]]) -> None:
        """Have the application answer. What it leaves undone or raises is a 500, or the end of the connection.

        running: the tasks of all exchanges, which this one's leaves at its end.
        """
        self.scope[PUSH] = self.push
        try:
            await app(self.scope, self.receive, self.send)
        except BaseException as wrong:  # whatever it was: the client must not wait for ever
            log.error("Exception in ASGI application\n", exc_info=wrong)
            await self._fail()
        else:
            if not self.response_complete and not self.disconnected:
                log.error("ASGI callable returned without completing its response.")
                await self._fail()
        finally:
            self.scope.pop(PUSH, None)  # which holds this too
            self._on_response = _nothing  # which holds the connection, for the garbage collector to find
            if self.task is not None:
                running.discard(self.task)

    async def _fail(self) -> None:
        if self.response_started:
            if self._will_flush:
                self.flush()
            self._transport.close()
            return
        await respond(self.send, 500, _BROKEN, [(b"connection", b"close")], TEXT)

    # What the connection tells

    def take(self, part: bytes) -> None:
        """A piece of the request's body."""
        if self.response_complete:
            return
        self._parts.append(part)
        self._parts_bytes += len(part)
        if self._parts_bytes > HIGH_WATER_LIMIT:
            self._flow.pause_reading()
        self._tell_news()

    def end(self) -> None:
        """All of the request is here."""
        if not self.response_complete:
            self.is_whole = True
            self._tell_news()

    def lose(self) -> None:
        """The client is gone."""
        if not self.response_complete:
            self.disconnected = True
        self._tell_news()

    def _tell_news(self) -> None:
        self._has_news = True
        if self._news is not None:
            self._news.set()

    # What the application calls

    async def receive(self) -> Message:
        """See ASGI: what has come of the body since, or that the client is gone or answered."""
        if self.expects_continue:
            self.expects_continue = False
            if not self._transport.is_closing():
                self._transport.write(_CONTINUE)
        if not self.disconnected and not self.response_complete:
            if self._flow.read_paused:
                self._flow.resume_reading()
            while not (self._has_news or self.disconnected or self.response_complete):
                if self._news is None:
                    self._news = asyncio.Event()
                await self._news.wait()
                self._news.clear()
            self._has_news = False
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        parts, self._parts, self._parts_bytes = self._parts, [], 0
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        return {"type": "http.request", "body": body, "more_body": not self.is_whole}

    async def send(self, message: Message) -> None:
        """See ASGI. Waits while the client does not read. Raises RuntimeError for what is no response."""
        if self._flow.write_paused and not self.disconnected:
            await self._flow.drain()
        if self.disconnected:
            return
        if not self.response_started:
            if message["type"] != "http.response.start":
                raise RuntimeError(f"{message['type']} was sent before the head")
            whole: bytes | None = message.get("body")  # beyond ASGI: of what `respond` says
            self._begin(message["status"], message.get("headers", ()), whole)
            if whole is not None:
                self._go_on(whole, more=False)
            elif not self._left_bytes:
                self._flush_soon()
        elif self.response_complete:
            raise RuntimeError(f"{message['type']} was sent after the end of the response")
        else:
            if message["type"] != "http.response.body":
                raise RuntimeError(f"{message['type']} was sent where the body is due")
            self._go_on(message.get("body", b""), more=message.get("more_body", False))

    def push(self, body: bytes) -> bool:
        """Write a piece of a chunked body at once; False where it has to wait, or nobody is there to read it."""
        if not self._is_chunked or self.response_complete or self.disconnected or self._flow.write_paused:
            return False
        assert body, "an empty chunk would be the end"
        self._unsent.append(b"%x\r\n%b\r\n" % (len(body), body))
        self._flush_soon()
        return True

    def _begin(self, status: int, headers: Headers, whole: bytes | None) -> None:
        self.response_started = True
        self.expects_continue = False
        head = self._unsent
        head.append(STATUS_LINE[status])
        says_close = False
        for name, value in (*self._default_headers, *headers) if self._default_headers else headers:
            if _CR in value or _LF in value or _NUL in value:  # RFC 9110, section 5.5
                self._unsent = []
                raise RuntimeError(f"the header {name!r} of the response holds the end of a line")
            head += (name, b": ", value, b"\r\n")
            if name in _FRAMING:
                says_close = self._frame(name, value) or says_close
        if not self.keep_alive and not says_close:
            head.append(b"connection: close\r\n")
        if self._is_chunked is None and status not in _BODILESS:
            if whole is not None:
                self._is_chunked = False
                self._left_bytes = len(whole)
                head.append(b"content-length: %d\r\n" % len(whole))
            elif self.scope["method"] != "HEAD":
                self._is_chunked = True
                head.append(b"transfer-encoding: chunked\r\n")
        head.append(b"\r\n")

    def _frame(self, name: bytes, value: bytes) -> bool:
        """Take in a header that says how a response ends; whether it says that the connection does."""
        if name == b"content-length":
            if self._is_chunked is None:
                self._left_bytes = int(value)
                self._is_chunked = False
        elif name == b"transfer-encoding":
            if value.lower() == b"chunked":
                self._left_bytes = 0
                self._is_chunked = True
        elif b"close" in value.lower().replace(b" ", b"").split(b","):
            self.keep_alive = False
            return True
        return False

    def _go_on(self, body: bytes, *, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            self._left_bytes = 0
            body = b""
        elif self._is_chunked:
            body = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            if not more:
                body += b"0\r\n\r\n"
        else:
            self._left_bytes -= len(body)
            if self._left_bytes < 0:
                raise RuntimeError("the body is longer than its content-length")
        if body:
            self._unsent.append(body)
        if more:
            self._flush_soon()
            return
        if self._left_bytes:
            raise RuntimeError("the body is shorter than its content-length")
        self.flush()
        self.response_complete = True
        self._tell_news()
        if not self.keep_alive:
            self._transport.close()
        self._on_response()

    def _flush_soon(self) -> None:
        """With all that comes in this turn of the loop: events that were read together go out in one system call."""
        if not self._will_flush:
            self._will_flush = True
            self._outgoing.add(self)

    def flush(self) -> None:
        """Write what has not gone out yet."""
        self._will_flush = False
        parts, self._unsent = self._unsent, []
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))


def _nothing() -> None:
    """Nobody wants to know any more."""
