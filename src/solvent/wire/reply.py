"""One upstream answer while it arrives: status, headers, and a body that is read or streamed.

The connection fills it, one task reads it. Unread bytes are bounded: past UPSTREAM_BUFFER_BYTES the
connection stops reading its socket until the reader has caught up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Protocol

from solvent.values.errors import Unavailable
from solvent.values.limits import KIB, MIB, UPSTREAM_BODY_BYTES_MAX
from solvent.wire import failures
from solvent.wire.origin import Origin

__all__ = ["STREAM_BYTES_MAX", "Reply", "Source"]

STREAM_BYTES_MAX = KIB * MIB  # one streamed answer: a million fat events


class Source(Protocol):
    """The connection as its reply sees it."""

    def resume(self) -> None:
        """The reader has caught up: read the socket again."""

    def drop(self) -> None:
        """Nobody wants the rest: close the connection and free its slot."""


class Reply:
    """An answer whose head has arrived. Read it to its end or close it; until then it keeps a connection.

    status: 200-999. take: while the reader of a stream waits, asked of each piece as it comes whether it has dealt with
    it: then the reader sleeps on. The methods put, end, fail, tell, wake and expect belong to the connection.
    """

    __slots__ = (
        "_closed",
        "_failure",
        "_headers",
        "_left_bytes",
        "_loop",
        "_origin",
        "_parts",
        "_source",
        "_waiter",
        "ended",
        "raw_headers",
        "stale",
        "status",
        "take",
        "unread_bytes",
    )

    def __init__(self, source: Source, origin: Origin, loop: asyncio.AbstractEventLoop) -> None:
        self.status = 0  # 0 until the head is complete
        self.raw_headers: list[tuple[bytes, bytes]] = []
        self.unread_bytes = 0
        self.ended = False
        self.take: Callable[[bytes], bool] | None = None
        self.stale = False  # the kept-alive connection was gone before it answered: safe to send again
        self._headers: dict[str, str] | None = None
        self._parts: list[bytes] = []
        self._failure: Unavailable | None = None
        self._closed = False
        self._left_bytes = STREAM_BYTES_MAX
        self._waiter: asyncio.Future[None] | None = None
        self._source: Source | None = source
        self._origin = origin
        self._loop = loop

    def __repr__(self) -> str:
        return f"Reply(status={self.status}, origin={self._origin.authority!r}, ended={self.ended})"

    @property
    def headers(self) -> dict[str, str]:
        """Lower-case names; repeated headers are joined with a comma. Made when first asked for."""
        if self._headers is None:
            headers: dict[str, str] = {}
            for raw_name, raw_value in self.raw_headers:
                name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip()
                headers[name] = f"{headers[name]}, {value}" if name in headers else value
            self._headers = headers
        return self._headers

    def header(self, name: bytes) -> str:
        """The first of a (lower-case) name, sought among them: quicker than all `headers` for who wants but one."""
        for raw_name, raw_value in self.raw_headers:
            if raw_name.lower() == name:
                return raw_value.decode("latin-1").strip()
        return ""

    async def read(self, bytes_max: int = UPSTREAM_BODY_BYTES_MAX) -> bytes:
        """The whole rest of the body, at most `bytes_max`; the connection is free afterwards.

        Raises: Unavailable upstream_body_too_large, _cut_off, _timeout, _garbage or _closed.
        """
        if whole := self.whole(bytes_max):
            return whole
        parts: list[bytes] = []
        left_bytes = bytes_max
        try:
            while part := await self._next():
                left_bytes -= len(part)
                if left_bytes < 0:
                    raise failures.body_too_large(self._origin, bytes_max, self.status)
                parts.append(part)
        finally:
            self.close()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def whole(self, bytes_max: int = UPSTREAM_BODY_BYTES_MAX) -> bytes:
        """The whole body where it has come at once, as nearly all do, and may be so large; b"" to be `read`."""
        if not self.ended or self._closed or len(self._parts) != 1 or self.unread_bytes > bytes_max:
            return b""
        self.unread_bytes = 0
        self._closed = True
        return self._parts.pop()

    async def part(self) -> bytes:
        """What has come of a streamed body since, waiting for some; b"" at its end. Close the reply to abandon it.

        Raises: what `read` raises, after what did arrive.
        """
        part = self._take() if self._parts and not self._closed else await self._next()
        self._left_bytes -= len(part)
        if self._left_bytes < 0:
            raise failures.body_too_large(self._origin, STREAM_BYTES_MAX, self.status)
        return part

    async def chunks(self, bytes_max: int = STREAM_BYTES_MAX) -> AsyncGenerator[bytes, None]:
        """The body as it arrives, in non-empty pieces. Close the generator to abandon the answer.

        Raises: what `read` raises, after the pieces that did arrive.
        """
        left_bytes = bytes_max
        try:
            while part := await self._next():
                left_bytes -= len(part)
                if left_bytes < 0:
                    raise failures.body_too_large(self._origin, bytes_max, self.status)
                yield part
        finally:
            self.close()

    def close(self) -> None:
        """Give up what is unread. If the body has not all arrived, the connection is closed, which is how
        HTTP/1.1 tells the upstream to stop working; else it is already back in the pool."""
        if self._closed and self.ended:
            return  # `read` has left nothing
        source, self._source = self._source, None
        self._closed = True
        self._failure = None  # whose traceback would hold this reply, for the garbage collector to find
        self.take = None  # which may hold it too
        self._parts.clear()
        self.unread_bytes = 0
        if source is not None:
            source.drop()
        self.wake()

    async def _next(self) -> bytes:
        """All that is unread, waiting for some; b"" at the end of the body."""
        while not self._parts:
            if self._closed:
                raise failures.closed(self._origin, "answer", self.status)
            if self._failure is not None:
                raise self._failure
            if self.ended:
                return b""
            await self.expect()
        return self._take()

    def _take(self) -> bytes:
        parts = self._parts
        part = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        self.unread_bytes = 0
        if self._source is not None:
            self._source.resume()
        return part

    def expect(self) -> asyncio.Future[None]:
        """A future that `wake` resolves. One reader at a time."""
        assert self._waiter is None or self._waiter.done(), "a reply has one reader"
        self._waiter = self._loop.create_future()
        return self._waiter

    def tell(self) -> None:
        """The head is here, or more of the body: wake whoever waits, unless all of it was taken."""
        if self._parts or self.take is None:
            self.wake()

    def wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    def put(self, part: bytes) -> None:
        """A piece of the body is here: for `take`, or for whoever reads."""
        waiter = self._waiter
        if self.take is not None and waiter is not None and not self._parts and not waiter.done():
            left_bytes = self._left_bytes - len(part)
            if left_bytes >= 0 and self.take(part):
                self._left_bytes = left_bytes
                return
        self._parts.append(part)
        self.unread_bytes += len(part)

    def end(self) -> None:
        """The whole body is here: the connection no longer belongs to this reply."""
        self.ended = True
        self._source = None

    def fail(self, failure: Unavailable) -> None:
        """No more will come. What did arrive can still be read, and then the failure is raised."""
        self._failure = failure
        self._source = None

    def raise_unanswered(self) -> None:
        """Raise the failure where not even the head arrived. To be asked once."""
        failure, self._failure = self._failure, None
        assert failure is not None, "woken without a head or a failure"
        try:
            raise failure
        finally:
            del failure  # as its traceback holds this frame
