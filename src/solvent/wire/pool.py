"""Kept-alive connections to one origin, shared by everybody who asks it something.

The newest idle connection is used first, so old ones age out. When all are busy, callers queue in order.
One timer per pool looks at every deadline: a request pays nothing for its timeouts.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from functools import cache

import msgspec

from solvent.values.errors import Unavailable
from solvent.values.limits import (
    ANSWER_S_MAX,
    CONNECTIONS_MAX,
    UPSTREAM_CONNECT_S_MAX,
    UPSTREAM_CONNECTIONS_MAX,
    UPSTREAM_FIRST_BYTE_S_MAX,
    UPSTREAM_IDLE_S_MAX,
    UPSTREAM_SILENCE_S_MAX,
)
from solvent.wire import failures
from solvent.wire.connection import WRITE_BYTES, Connection
from solvent.wire.origin import Origin
from solvent.wire.reply import Reply
from solvent.wire.request import RequestHeads

__all__ = ["Pool", "Timeouts", "verified_tls"]

WAITERS_MAX = CONNECTIONS_MAX  # callers queueing for a connection: no more than clients we accept
TICK_S_MAX = 0.5  # a deadline is noticed at most this late
TICK_S_MIN = 0.005
CLOSE_S_MAX = 5.0  # for sockets to be gone after `close`


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds, all above 0, noticed up to a quarter of the smallest (at most 0.5 s) late.

    connect_s: to get a connection: name look-up, TCP and TLS, or a place in the queue.
    first_byte_s: from sending the request to the whole head of the answer.
    silence_s: between two pieces of the body while the reader keeps up.
    total_s: from sending the request to the end of the answer, a slow reader's time included.
    """

    connect_s: float = UPSTREAM_CONNECT_S_MAX
    first_byte_s: float = UPSTREAM_FIRST_BYTE_S_MAX
    silence_s: float = UPSTREAM_SILENCE_S_MAX
    total_s: float = ANSWER_S_MAX

    def __post_init__(self) -> None:
        assert min(self.connect_s, self.first_byte_s, self.silence_s, self.total_s) > 0, "timeouts are above 0"

    @property
    def tick_s(self) -> float:
        smallest_s = min(self.connect_s, self.first_byte_s, self.silence_s, self.total_s)
        return min(TICK_S_MAX, max(TICK_S_MIN, smallest_s / 4))


class _Waiter:
    """A caller in the queue. Woken with a connection, with a slot for a new one (neither), or a failure."""

    __slots__ = ("connection", "deadline_s", "failure", "future")

    def __init__(self, future: asyncio.Future[None], deadline_s: float) -> None:
        self.future = future
        self.deadline_s = deadline_s
        self.connection: Connection | None = None
        self.failure: Unavailable | None = None

    def wake(self) -> bool:
        """False if the caller has left."""
        if self.future.done():
            return False
        self.future.set_result(None)
        return True


class Pool:
    """Bound to the event loop of its first `send`.

    headers: sent with every request, keys among them; no error and no repr shows them.
    tls: for https; by default the system's CAs verify the certificate and the host's name.
    """

    def __init__(
        self,
        origin: Origin,
        *,
        headers: Mapping[str, str] | None = None,
        connections_max: int = UPSTREAM_CONNECTIONS_MAX,
        timeouts: Timeouts | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        assert connections_max > 0, "a pool needs a connection"
        self.origin = origin
        self.connections_max = connections_max
        self.timeouts = timeouts or Timeouts()
        self._heads = RequestHeads(origin, headers or {})
        self._tls = (tls or verified_tls()) if origin.scheme == "https" else None
        self._tick_s = self.timeouts.tick_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._slots_taken = 0  # connecting, busy and idle connections
        self._idle: list[Connection] = []  # the last one was used last
        self._waiters: deque[_Waiter] = deque()
        self._sockets: set[Connection] = set()
        self._all_lost: asyncio.Future[None] | None = None
        self._closed = False

    def __repr__(self) -> str:
        return (
            f"Pool({self.origin.authority!r}, connections={self.connections}/{self.connections_max}, "
            f"idle={self.idle_connections}, waiting={self.waiting})"
        )

    @property
    def connections(self) -> int:
        """Slots taken: connections being made, busy or idle."""
        return self._slots_taken

    @property
    def idle_connections(self) -> int:
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """Callers queueing for a connection."""
        return sum(not waiter.future.done() for waiter in self._waiters)

    async def send(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Reply:
        """Send one request and return when the head of its answer is here. Read or close the reply.

        path: appended to the origin's prefix. headers: replace the pool's own of the same name.
        A request is sent a second time only if a kept-alive connection was closed before any byte came back.

        Raises: Invalid request_invalid; Unavailable upstream_unreachable, _busy, _timeout, _cut_off,
        _garbage, _head_too_large or _closed.
        """
        message = self._heads.encode(method, path, headers, len(body))
        is_small = len(body) <= WRITE_BYTES
        if is_small:
            message += body
        connection = self._newest_idle() or await self._acquire()
        while True:
            reply = connection.begin(method, message)
            try:
                if not is_small:
                    await connection.write(body)
                if reply.status == 0 and connection.reply is reply:
                    await reply.expect()
            except BaseException:
                connection.give_up(reply)
                raise
            if not reply.stale:
                break
            connection = await self._acquire(fresh=True)  # which is never stale
        if reply.status == 0:
            reply.raise_unanswered()
        return reply

    async def close(self) -> None:
        """Close every connection, busy ones too, and turn callers away. Returns when the sockets are gone."""
        self._closed = True
        for waiter in self._waiters:
            waiter.failure = failures.closed(self.origin, "pool")
            waiter.wake()
        self._waiters.clear()
        for connection in tuple(self._sockets):
            connection.fail(failures.closed(self.origin, "pool"))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sockets:
            self._all_lost = asyncio.get_running_loop().create_future()
            await asyncio.wait((self._all_lost,), timeout=CLOSE_S_MAX)

    # What connections call

    def release(self, connection: Connection) -> None:
        """Pass a live connection to the caller who waited longest, or keep it."""
        while self._waiters:
            waiter = self._waiters.popleft()
            waiter.connection = connection
            if waiter.wake():
                return
        self._idle.append(connection)

    def forget(self, connection: Connection) -> None:
        """A connection is no more: its slot goes to the caller who waited longest."""
        if connection in self._idle:
            self._idle.remove(connection)
        self._free_slot()

    def made(self, connection: Connection) -> None:
        self._sockets.add(connection)

    def lost(self, connection: Connection) -> None:
        self._sockets.discard(connection)
        if self._all_lost is not None and not self._sockets and not self._all_lost.done():
            self._all_lost.set_result(None)

    # Slots

    def _newest_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle[-1]
            assert self._loop is not None, "an idle connection was made on a loop"
            if self._loop.time() - connection.since_s <= UPSTREAM_IDLE_S_MAX and connection.usable:
                return self._idle.pop()
            connection.drop()
        return None

    async def _acquire(self, *, fresh: bool = False) -> Connection:
        """A connection of one's own. fresh: newly made, and from the head of the queue."""
        urgent = fresh
        while True:
            if self._closed:
                raise failures.closed(self.origin, "pool")
            if not fresh and (idle := self._newest_idle()) is not None:
                return idle
            if self._slots_taken >= self.connections_max and self._idle:
                self._idle[0].drop()
            if self._slots_taken < self.connections_max:
                self._slots_taken += 1
                return await self._connect()
            connection = await self._queue(urgent=urgent)
            if connection is None:
                return await self._connect()
            if not connection.usable:  # it was lost between being passed on and now: ask again, first in line
                connection.drop()
                urgent = True
                continue
            if not fresh:
                return connection
            # Keep the slot and not the connection: a second stale one would cost the caller the answer.
            self._slots_taken += 1
            connection.drop()
            return await self._connect()

    async def _queue(self, *, urgent: bool) -> Connection | None:
        """Wait for a connection, or None: a slot that is already counted for the caller."""
        if len(self._waiters) >= WAITERS_MAX:
            raise failures.busy(self.origin, self.connections_max)
        loop = asyncio.get_running_loop()
        waiter = _Waiter(loop.create_future(), loop.time() + self.timeouts.connect_s)
        if urgent:
            self._waiters.appendleft(waiter)
        else:
            self._waiters.append(waiter)
        self._start_timer(loop)
        try:
            await waiter.future
        except asyncio.CancelledError:
            if not waiter.future.cancelled() and waiter.failure is None:
                # Woken and cancelled at once: what was given goes to the next in line.
                if waiter.connection is None:
                    self._free_slot()
                elif not waiter.connection.closed:
                    self.release(waiter.connection)
            raise
        if waiter.failure is not None:
            raise waiter.failure
        return waiter.connection

    def _free_slot(self) -> None:
        self._slots_taken -= 1
        assert self._slots_taken >= 0, "a slot was freed twice"
        while self._waiters and self._slots_taken < self.connections_max:
            waiter = self._waiters.popleft()
            waiter.connection = None
            if waiter.wake():
                self._slots_taken += 1

    async def _connect(self) -> Connection:
        """Open a connection in a slot that is already counted; a failure frees the slot."""
        loop = self._loop = asyncio.get_running_loop()
        connection = Connection(self, self.origin, loop)
        origin = self.origin
        try:
            async with asyncio.timeout(self.timeouts.connect_s):
                await loop.create_connection(
                    lambda: connection,
                    origin.host,
                    origin.port,
                    ssl=self._tls,
                    server_hostname=origin.host if self._tls is not None else None,
                )
            if self._closed:
                raise failures.closed(origin, "pool")
            if connection.closed:
                raise failures.cut_off(origin, "as soon as it was open")
        except BaseException as error:
            if not connection.closed:
                connection.drop()
            if isinstance(error, TimeoutError):
                # Nothing was sent, so nothing can be billed: not the timeout of a question that was taken.
                raise failures.unreachable(origin, f"none within {self.timeouts.connect_s:g} s") from None
            if isinstance(error, ssl.SSLError):
                reason = getattr(error, "verify_message", "") or error.reason or "no common protocol"
                raise failures.untrusted(origin, reason) from None
            if isinstance(error, (OSError, UnicodeError)):
                raise failures.unreachable(origin, str(error) or type(error).__name__) from error
            raise
        self._start_timer(loop)
        return connection

    # Deadlines

    def _start_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is None and not self._closed:
            self._timer = loop.call_later(self._tick_s, self._sweep, loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now_s = loop.time()
        for waiter in self._waiters:
            if waiter.deadline_s <= now_s and not waiter.future.done():
                waiter.failure = failures.busy(self.origin, self.connections_max)
                waiter.wake()
        while self._waiters and self._waiters[0].future.done():
            self._waiters.popleft()
        for connection in tuple(self._sockets):
            if connection.closed:
                continue
            if connection.reply is not None:
                failure = self._overdue(connection, connection.reply, now_s)
                if failure is not None:
                    connection.fail(failure)
            elif now_s - connection.since_s > UPSTREAM_IDLE_S_MAX:
                connection.drop()
        if self._sockets or self._waiters:
            self._start_timer(loop)

    def _overdue(self, connection: Connection, reply: Reply, now_s: float) -> Unavailable | None:
        timeouts, phase_s = self.timeouts, now_s - connection.since_s
        if now_s - connection.started_s > timeouts.total_s:
            return failures.timeout(self.origin, "did not end its answer", timeouts.total_s, reply.status or None)
        if not connection.head_done:
            if phase_s > timeouts.first_byte_s:
                return failures.timeout(self.origin, "did not start to answer", timeouts.first_byte_s)
        elif phase_s > timeouts.silence_s and not connection.reading_paused:
            return failures.timeout(self.origin, "sent nothing more", timeouts.silence_s, reply.status)
        return None


@cache
def verified_tls() -> ssl.SSLContext:
    """The system's CAs verify the certificate and the host's name."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
