"""One keep-alive connection: llhttp parses, this decides what each event means for the request under way.

Nothing here costs a task or a timer per request: bytes in, one future woken, connection back to its pool.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

import httptools

from solvent.values.errors import Unavailable
from solvent.values.limits import KIB, UPSTREAM_BUFFER_BYTES, UPSTREAM_HEAD_BYTES_MAX
from solvent.wire import failures
from solvent.wire.origin import Origin
from solvent.wire.reply import Reply

__all__ = ["WRITE_BYTES", "Connection", "Keeper"]

HEADERS_MAX = 256  # header lines in one head
WRITE_BYTES = 64 * KIB  # a larger body is written in pieces of this size, as fast as the peer reads
REFUSALS_FROM = 300  # an early answer from here up means that the rest of the request is not wanted


class Keeper(Protocol):
    """The pool as its connections see it."""

    def release(self, connection: Connection) -> None:
        """The exchange is over and the connection can carry another."""

    def forget(self, connection: Connection) -> None:
        """The connection will carry nothing more: its slot is free. Called once."""

    def made(self, connection: Connection) -> None:
        """A socket is open."""

    def lost(self, connection: Connection) -> None:
        """Its socket is gone."""


class Connection(asyncio.Protocol):
    """since_s: the loop's time at which the present phase (idle, head, piece of body) began."""

    def __init__(self, keeper: Keeper, origin: Origin, loop: asyncio.AbstractEventLoop) -> None:
        self.closed = False
        self.since_s = 0.0
        self.started_s = 0.0
        self.reply: Reply | None = None
        self.head_done = False
        self.reading_paused = False
        self._keeper = keeper
        self._origin = origin
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._raw_headers: list[tuple[bytes, bytes]] = []
        self._failure: Unavailable | None = None
        self._heard = False
        self._reused = False
        self._bodiless = False
        self._progress = False
        self._idle_bytes = 0  # received since the last piece of head or body: framing, trailers, interim
        self._read_bytes = 0  # received last
        self._ended = False
        self._keep = False
        self._sending = False
        self._writing_paused = False
        self._writer: asyncio.Future[None] | None = None

    # What the pool and the reply call

    @property
    def usable(self) -> bool:
        """False as soon as the transport knows that the peer is gone, before it says so."""
        return not self.closed and self._transport is not None and not self._transport.is_closing()

    def begin(self, method: str, message: bytes) -> Reply:
        """Send one request, or the head of one whose body `write` sends. Whoever gives up waiting for the answer's head
        calls `give_up`. The reply is woken when the head is here, or nothing ever will be: its status is then 0."""
        reply = Reply(self, self._origin, self._loop)
        transport = self._transport
        assert transport is not None, "the connection was never made"
        assert self.reply is None, "the connection is taken"
        self.reply = reply
        self.started_s = self.since_s = self._loop.time()
        self._heard = self.head_done = self._ended = self._keep = False
        self._bodiless = method == "HEAD"
        self._idle_bytes = 0
        self._raw_headers = reply.raw_headers
        try:
            transport.write(message)
        except BaseException:
            self.drop()
            raise
        return reply

    def give_up(self, reply: Reply) -> None:
        """Nobody waits any more for this one's head: close."""
        # The answer may have come in the same breath: then the connection is already another's.
        if self.reply is reply:
            self.drop()

    async def write(self, body: bytes) -> None:
        """Write a large body as fast as the peer takes it, until it has refused the request."""
        transport, reply = self._transport, self.reply
        assert transport is not None, "the connection was never made"
        self._sending = True
        view = memoryview(body)
        for start in range(0, len(body), WRITE_BYTES):
            if transport.is_closing():
                return  # connection_lost is on its way
            transport.write(view[start : start + WRITE_BYTES])
            while self._writing_paused and self.reply is reply and not _refused(reply):
                self._writer = self._loop.create_future()
                await self._writer
            if self.reply is not reply or _refused(reply):
                return  # and _sending stays set: this connection cannot be used again
        self._sending = False

    def drop(self) -> None:
        """Close at once, without a word; the slot is free when this returns."""
        if not self.closed:
            self.closed = True
            self.reply = None
            self._wake_writer()
            if self._transport is not None:
                self._transport.abort()
            self._keeper.forget(self)

    def fail(self, failure: Unavailable) -> None:
        """End the exchange under way with `failure` and close."""
        reply = self.reply
        self.drop()
        if reply is not None:
            reply.fail(failure)
            reply.wake()

    def resume(self) -> None:
        """The reader has caught up."""
        if self.reading_paused and self._transport is not None:
            self.reading_paused = False
            self.since_s = self._loop.time()
            if not self._transport.is_closing():
                self._transport.resume_reading()

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpResponseParser(self)
        self.since_s = self._loop.time()
        self._keeper.made(self)

    def data_received(self, data: bytes) -> None:
        reply, parser = self.reply, self._parser
        if reply is None or parser is None:
            # Nobody asked: whatever this is, it must not become the next request's answer.
            self.drop()
            return
        self._heard = True
        self._progress = False
        self._read_bytes = len(data)
        try:
            parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._keep = False
            if not self._ended:
                self.fail(self._failure or failures.garbage(self._origin, str(error), reply.status or None))
                return
        if self._ended:
            self._finish(reply)
            return
        if not self._progress:
            self._idle_bytes += len(data)
            if self._idle_bytes > UPSTREAM_HEAD_BYTES_MAX:
                self.fail(failures.head_too_large(self._origin, f"{UPSTREAM_HEAD_BYTES_MAX} bytes"))
            return
        self._idle_bytes = 0
        self.since_s = self._loop.time()
        reply.tell()
        if reply.unread_bytes > UPSTREAM_BUFFER_BYTES and not self.reading_paused:
            self._pause_reading()
        if self._sending and reply.status >= REFUSALS_FROM:
            self._wake_writer()

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        self.since_s = self._loop.time()
        self._wake_writer()

    def connection_lost(self, exc: Exception | None) -> None:
        reply, self.reply = self.reply, None
        self._parser = None  # it holds our methods: let both go
        if not self.closed:
            self.closed = True
            self._keeper.forget(self)
        self._keeper.lost(self)
        self._wake_writer()
        if reply is None:
            return
        if self.head_done and exc is None and _ends_with_connection(reply):
            reply.end()
        else:
            reply.stale = self._reused and not self._heard
            what = "in the middle of its answer" if self._heard else "before it answered"
            reply.fail(failures.cut_off(self._origin, what, reply.status or None))
        reply.wake()

    # What the parser calls

    def on_message_begin(self) -> None:
        if self._ended:
            raise ValueError("bytes after the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.head_done:  # else it is a trailer
            self._raw_headers.append((name, value))

    def on_headers_complete(self) -> None:
        assert self._parser is not None, "parsing without a parser"
        headers = self._raw_headers
        if len(headers) > HEADERS_MAX:
            self._refuse(failures.head_too_large(self._origin, f"{HEADERS_MAX} lines"))
        status = self._parser.get_status_code()
        if status < 200:
            if status < 100 or status == 101:
                self._refuse(failures.garbage(self._origin, f"status {status} was not asked for"))
            return
        if (
            self._idle_bytes + self._read_bytes > UPSTREAM_HEAD_BYTES_MAX
            and _bytes_of(headers) > UPSTREAM_HEAD_BYTES_MAX
        ):
            self._refuse(failures.head_too_large(self._origin, f"{UPSTREAM_HEAD_BYTES_MAX} bytes"))
        self.head_done = self._progress = True
        reply = self.reply
        if reply is not None:
            reply.status = status
        if self._bodiless:
            # llhttp cannot know that this answers a HEAD and now waits for a body: do not use it again.
            self._ended = True

    def on_body(self, part: bytes) -> None:
        reply = self.reply
        if reply is not None and not self._ended:
            self._progress = True
            reply.put(part)

    def on_message_complete(self) -> None:
        if not self.head_done:
            self._raw_headers.clear()  # an interim answer (1xx): the real one follows
        elif not self._ended:
            assert self._parser is not None, "parsing without a parser"
            self._ended = True
            self._keep = self._parser.should_keep_alive()

    # Inside

    def _refuse(self, failure: Unavailable) -> None:
        self._failure = failure
        raise ValueError(failure.code)

    def _finish(self, reply: Reply) -> None:
        """The whole answer is here: pass the connection on before anybody reads the answer."""
        self.reply = None
        reply.end()
        # An answer that came before our request was out leaves the peer in the middle of a message.
        if self._keep and not self._sending and not self.closed:
            self._reused = True
            self.since_s = self._loop.time()
            if self.reading_paused:
                self.resume()  # TLS may hand over the end of an answer although reading is paused
            self._keeper.release(self)
        else:
            self.drop()
        reply.wake()

    def _pause_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self.reading_paused = True
            self._transport.pause_reading()

    def _wake_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None and not writer.done():
            writer.set_result(None)


def _bytes_of(headers: list[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) for name, value in headers)


def _refused(reply: Reply | None) -> bool:
    return reply is not None and reply.status >= REFUSALS_FROM


def _ends_with_connection(reply: Reply) -> bool:
    headers = reply.headers
    return "content-length" not in headers and "transfer-encoding" not in headers
