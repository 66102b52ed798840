"""uvicorn's HTTP protocol with two limits of our own, how long and how large a request's head may be, and one
write for what belongs together."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from solvent.values.limits import REQUEST_BODY_S_MAX, REQUEST_HEAD_S_MAX, REQUEST_HEADER_BYTES_MAX


class OneWrite:
    """A transport that sends what is written in one turn of the loop with one system call: a response's head and
    body, or all the events that came in together. Everything else is the transport's own."""

    __slots__ = ("_loop", "_parts", "_transport")

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """See asyncio.WriteTransport."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        """See asyncio.BaseTransport: what was written goes out first."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        if parts and not self._transport.is_closing():
            self._transport.write(parts[0] if len(parts) == 1 else b"".join(parts))


class BoundedHttp(HttpToolsProtocol):
    """A connection that has sent no whole head in time is closed, so slow senders hold a socket and no more."""

    _head_bytes = 0
    _head_since_s: float | None = None  # when the head that is coming in began; None between heads
    _body_since_s: float | None = None  # when a body was announced of which no byte has come yet
    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self.transport = OneWrite(transport, self.loop)  # type: ignore[assignment]
        self._head_since_s = self.loop.time()
        self._watch = self.loop.call_later(REQUEST_HEAD_S_MAX, self._look)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._head_since_s is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_since_s is not None and self._head_bytes > REQUEST_HEADER_BYTES_MAX:
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins: its head has a time and a size."""
        if self._head_since_s is None:
            self._head_since_s = self.loop.time()
            self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole; the body has limits of its own (app/http.py)."""
        self._head_since_s = None
        self._body_since_s = self.loop.time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """The first piece is here; http.py waits for the others."""
        self._body_since_s = None
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The whole request is here."""
        self._body_since_s = None
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Looks now and then, so that a request costs no timer of its own; a head is ended up to twice as late."""
        now_s, head_s, body_s = self.loop.time(), self._head_since_s, self._body_since_s
        late = head_s is not None and now_s - head_s >= REQUEST_HEAD_S_MAX - 0.1
        if late or (body_s is not None and now_s - body_s >= REQUEST_BODY_S_MAX and not self.pipeline):
            self.transport.close()
        else:
            self._watch = self.loop.call_later(REQUEST_HEAD_S_MAX, self._look)
