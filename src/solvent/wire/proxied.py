"""Requests that go through a proxy: aiohttp speaks to it, our own Reply holds what comes back.

It is slower than our own pool and makes a connection for every answer: aiohttp would take bytes that come on an idle
connection for the next answer's (decision 0016).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from types import SimpleNamespace

import aiohttp
from aiohttp.http_exceptions import LineTooLong
from yarl import URL

from solvent.values.errors import Unavailable
from solvent.values.limits import UPSTREAM_BUFFER_BYTES, UPSTREAM_CONNECTIONS_MAX, UPSTREAM_HEAD_BYTES_MAX
from solvent.wire import failures
from solvent.wire.connection import HEADERS_MAX
from solvent.wire.origin import Origin
from solvent.wire.pool import CLOSE_S_MAX, WAITERS_MAX, Timeouts, verified_tls
from solvent.wire.proxy import Proxy
from solvent.wire.reply import Reply
from solvent.wire.request import RequestHeads

__all__ = ["ProxiedPool"]

AUTHENTICATION_REQUIRED = 407  # what only a proxy says
OURS = {"user-agent": "solvent", "accept-encoding": "identity"}
NOT_THEIRS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class ProxiedPool:
    """Like `Pool`, for the origin that `proxy` leads to. Bound to the event loop of its first `send`."""

    def __init__(
        self,
        origin: Origin,
        proxy: Proxy,
        *,
        headers: Mapping[str, str] | None = None,
        connections_max: int = UPSTREAM_CONNECTIONS_MAX,
        timeouts: Timeouts | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        assert connections_max > 0, "a pool needs a connection"
        self.origin = origin
        self.proxy = proxy
        self.connections_max = connections_max
        self.timeouts = timeouts or Timeouts()
        self._heads = RequestHeads(origin, headers or {})
        self._headers = OURS | _lower(headers)
        self._tls = tls or verified_tls()
        self._session: aiohttp.ClientSession | None = None
        self._places = asyncio.Semaphore(connections_max)
        self._exchanges: set[_Exchange] = set()
        self._waiting = 0
        self._closed = False

    def __repr__(self) -> str:
        return (
            f"ProxiedPool({self.origin.authority!r} through {self.proxy.authority!r}, "
            f"connections={self.connections}/{self.connections_max}, waiting={self.waiting})"
        )

    @property
    def connections(self) -> int:
        """Answers under way: each has a connection of its own."""
        return sum(exchange.has_place for exchange in self._exchanges)

    @property
    def waiting(self) -> int:
        """Callers queueing for a connection."""
        return self._waiting

    async def send(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Reply:
        """See `Pool.send`; also Raises: Unavailable upstream_unreachable when the proxy cannot be reached or refuses.

        A request is sent once.
        """
        self._heads.encode(method, path, headers, len(body))  # for what it refuses
        await self._take_place()
        exchange = _Exchange(self)
        self._exchanges.add(exchange)
        try:
            await exchange.begin(method, path, self._headers | _lower(headers), body)
        except BaseException:
            exchange.drop()
            raise
        if exchange.reply.status == 0:
            exchange.reply.raise_unanswered()
        return exchange.reply

    async def close(self) -> None:
        """Close every connection, busy ones too, and turn callers away."""
        self._closed = True
        tasks = [exchange.fail(failures.closed(self.origin, "pool")) for exchange in tuple(self._exchanges)]
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_S_MAX)
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    # What exchanges call

    def session(self) -> aiohttp.ClientSession:
        """Made on the loop that asks first."""
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_was_sent)
            trace.on_request_chunk_sent.append(_was_sent)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, force_close=True, ssl=self._tls),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=NOT_THEIRS,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),  # ours hold
                auto_decompress=False,
                trace_configs=[trace],
                max_line_size=UPSTREAM_HEAD_BYTES_MAX,
                max_field_size=UPSTREAM_HEAD_BYTES_MAX,
                max_headers=HEADERS_MAX,
            )
        return self._session

    def leave(self, exchange: _Exchange) -> None:
        """An answer is over: its place goes to the caller who waited longest."""
        self._places.release()
        self._exchanges.discard(exchange)

    async def _take_place(self) -> None:
        if self._waiting >= WAITERS_MAX:
            raise failures.busy(self.origin, self.connections_max)
        self._waiting += 1
        try:
            async with asyncio.timeout(self.timeouts.connect_s):
                await self._places.acquire()
        except TimeoutError:
            raise failures.busy(self.origin, self.connections_max) from None
        finally:
            self._waiting -= 1
        if self._closed:
            self._places.release()
            raise failures.closed(self.origin, "pool")


class _Exchange:
    """One request and its answer: a task carries it, `reply` is filled. The `Source` of its reply."""

    def __init__(self, pool: ProxiedPool) -> None:
        self.has_place = True
        self.reply = Reply(self, pool.origin, asyncio.get_running_loop())
        self._pool = pool
        self._task: asyncio.Task[None] | None = None
        self._sent = False
        self._caught_up = asyncio.Event()

    async def begin(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Returns when the head of the answer is here, or nothing ever will be."""
        self._task = asyncio.create_task(self._carry(method, path, headers, body))
        await self.reply.expect()

    def sent(self, phase: asyncio.Timeout) -> None:
        """From now on it is the answer's beginning that is waited for."""
        self._sent = True
        if not phase.expired():
            phase.reschedule(asyncio.get_running_loop().time() + self._pool.timeouts.first_byte_s)

    def fail(self, failure: Unavailable) -> asyncio.Task[None]:
        """End it with `failure`; the task that then ends."""
        assert self._task is not None, "an exchange begins at once"
        self.reply.fail(failure)
        self.drop()
        self.reply.wake()
        return self._task

    # What the reply calls

    def resume(self) -> None:
        self._caught_up.set()

    def drop(self) -> None:
        """Nobody wants the rest: the place is free when this returns, the connection closed a breath later."""
        self._give_up_place()
        if self._task is not None:
            self._task.cancel()

    # Inside

    async def _carry(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        reply, timeouts = self.reply, self._pool.timeouts
        try:
            async with asyncio.timeout(timeouts.total_s) as whole:
                response = await self._ask(method, path, headers, body)
                try:
                    self._begin(response)
                    await self._pass_on(response.content)
                finally:
                    response.close()
            reply.end()
        except Unavailable as failure:
            reply.fail(failure)
        except Exception as wrong:  # another library's errors: all of them are the upstream's or the proxy's
            if whole.expired():
                reply.fail(self._timeout("did not end its answer", timeouts.total_s))
            else:
                reply.fail(self._failure_of(wrong))
        finally:
            self._give_up_place()
            reply.wake()

    async def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> aiohttp.ClientResponse:  # fmt: skip
        pool, origin = self._pool, self._pool.origin
        proxy = pool.proxy
        is_tunnel = origin.scheme == "https"  # in which nobody but the upstream hears our headers
        try:
            async with asyncio.timeout(pool.timeouts.connect_s) as phase:
                return await pool.session().request(
                    method,
                    URL(f"{origin.scheme}://{origin.authority}{origin.prefix}{path}", encoded=True),
                    headers=headers if is_tunnel else {**headers, **proxy.headers},
                    data=body or None,
                    allow_redirects=False,
                    proxy=URL.build(scheme="http", host=proxy.host, port=proxy.port),
                    proxy_headers=proxy.headers if is_tunnel else None,
                    trace_request_ctx=(self, phase),
                )
        except TimeoutError:
            if not phase.expired():
                raise
            if self._sent:
                raise self._timeout("did not start to answer", pool.timeouts.first_byte_s) from None
            raise self._unreachable(f"none within {pool.timeouts.connect_s:g} s") from None

    def _begin(self, response: aiohttp.ClientResponse) -> None:
        """Hand over the head. Raises Unavailable for one that is too large, or not the upstream's."""
        pool, headers = self._pool, response.raw_headers
        if response.status < 200:
            raise failures.garbage(pool.origin, f"status {response.status} was not asked for")
        if response.status == AUTHENTICATION_REQUIRED and pool.origin.scheme == "http":
            raise failures.proxy_refused(pool.origin, pool.proxy.authority, response.status)
        if sum(len(name) + len(value) for name, value in headers) > UPSTREAM_HEAD_BYTES_MAX:
            raise failures.head_too_large(pool.origin, f"{UPSTREAM_HEAD_BYTES_MAX} bytes")
        self.reply.raw_headers = list(headers)
        self.reply.status = response.status
        self.reply.wake()

    async def _pass_on(self, content: aiohttp.StreamReader) -> None:
        silence_s = self._pool.timeouts.silence_s
        while True:
            try:
                async with asyncio.timeout(silence_s) as phase:
                    part = await content.readany()
            except TimeoutError:
                if not phase.expired():
                    raise
                raise self._timeout("sent nothing more", silence_s) from None
            if not part:
                return
            self.reply.put(part)
            self.reply.tell()
            while self.reply.unread_bytes > UPSTREAM_BUFFER_BYTES:
                self._caught_up.clear()
                await self._caught_up.wait()

    def _give_up_place(self) -> None:
        if self.has_place:
            self.has_place = False
            self._pool.leave(self)

    def _timeout(self, what: str, limit_s: float) -> Unavailable:
        return failures.timeout(self._pool.origin, what, limit_s, self.reply.status or None)

    def _unreachable(self, reason: str) -> Unavailable:
        return failures.unreachable(self._pool.origin, f"{reason} (through the proxy {self._pool.proxy.authority})")

    def _failure_of(self, wrong: Exception) -> Unavailable:
        """What went wrong, in our words; aiohttp's own may repeat headers."""
        origin, status = self._pool.origin, self.reply.status or None
        causes = _causes(wrong)
        tls = next((one for one in causes if isinstance(one, (ssl.SSLError, aiohttp.ClientSSLError))), None)
        if isinstance(wrong, aiohttp.ClientHttpProxyError):
            return failures.proxy_refused(origin, self._pool.proxy.authority, wrong.status)
        if tls is not None:
            said = (getattr(one, "verify_message", "") for one in causes)
            return failures.untrusted(origin, next(filter(None, said), "no common protocol"))
        if not self._sent:
            return self._unreachable(str(getattr(wrong, "os_error", "")) or type(wrong).__name__)
        if any(isinstance(one, LineTooLong) or "Too many headers" in str(one) for one in causes):
            return failures.head_too_large(origin, f"{UPSTREAM_HEAD_BYTES_MAX} bytes")
        if isinstance(wrong, (OSError, aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError)):
            return failures.cut_off(origin, "in the middle of its answer" if status else "before it answered", status)
        return failures.garbage(origin, type(causes[-1]).__name__, status)


async def _was_sent(_session: aiohttp.ClientSession, context: SimpleNamespace, _what: object) -> None:
    exchange, phase = context.trace_request_ctx
    exchange.sent(phase)


def _causes(wrong: BaseException) -> list[BaseException]:
    """An error and what it was raised from, outermost first."""
    found = [wrong]
    while (cause := found[-1].__cause__) is not None and cause not in found:
        found.append(cause)
    return found


def _lower(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}
