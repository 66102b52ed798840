"""Random upstreams, straight and through a proxy: no bytes at any split hang the client, crash it, cost it a place, or
come out as another request's answer. SOLVENT_FUZZ_EXAMPLES=20000 looks for longer."""

from __future__ import annotations

import asyncio
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.proxies import LocalProxy
from tests.wire.upstream import Peer, Upstream

from solvent.values.errors import SolventError
from solvent.values.limits import UPSTREAM_BUFFER_BYTES
from solvent.wire.client import open_client
from solvent.wire.origin import Origin
from solvent.wire.pool import Pool, Timeouts
from solvent.wire.proxied import ProxiedPool
from solvent.wire.proxy import proxies_of
from solvent.wire.sse import EventReader

EXAMPLES = int(os.environ.get("SOLVENT_FUZZ_EXAMPLES", "60"))
BRIEF = Timeouts(connect_s=0.5, first_byte_s=0.03, silence_s=0.03, total_s=0.15)
CALLS = 4
SOON_S = 10.0
STALL = b"<stall>"  # a silence longer than is allowed
# {n} is the request that the bytes are meant for: no other may hear of it. A marker has as many bytes as `hello-{n};`.
MARK = b"hello-{n};"
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 8\r\n\r\n" + MARK
FRAGMENTS = st.sampled_from(
    [
        WHOLE, MARK, STALL, b"\r\n", b"\n", b"\r", b"\x00",
        b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 500 No\r\n", b"HTTP/1.1 200 OK\rx: y\r\n", b"HTTP/1.1 200 OK\n\n",
        b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Hints\r\nlink: x\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
        b"HTTP/1.1 204 None\r\n\r\n", b"HTTP/1.1 413 Early\r\ncontent-length: 0\r\n\r\n", b"HTTP/2 200\r\n\r\n",
        b"content-length: 8\r\n", b"content-length: 0\r\n", b"content-length: 900\r\n", b"content-length: -1\r\n",
        b"content-length: 99999999999999999999\r\n", b"content-length: 8, 9\r\n", b"content-length : 8\r\n",
        b"transfer-encoding: chunked\r\n", b"transfer-encoding: gzip, chunked\r\n", b"transfer-encoding: x\r\n",
        b"connection: close\r\n", b"content-encoding: gzip\r\n", b"x: a\r\n b\r\n", b"x\xff: \xfe\r\n", b": y\r\n",
        b"x: " + b"y" * 70_000 + b"\r\n", b"x: y\r\n" * 300,
        b"8\r\n" + MARK + b"\r\n", b"8;" + b"e" * 200 + b"\r\n" + MARK + b"\r\n", b"ffffffffffffffff1\r\n", b"zz\r\n",
        b"0\r\n\r\n", b"0\r\ntrailer: x\r\n\r\n", b"x" * 3_000,
    ]
)  # fmt: skip
NOISE = st.lists(FRAGMENTS | st.binary(max_size=12), max_size=8)


def client(upstream: Upstream, proxy: LocalProxy | None, timeouts: Timeouts) -> Pool | ProxiedPool:
    """Two connections to the upstream, straight or through a proxy."""
    origin = Origin.parse(f"http://127.0.0.1:{upstream.port}")
    found = open_client(origin, proxies_of(proxy.url) if proxy else {}, connections_max=2, timeouts=timeouts)
    assert isinstance(found, ProxiedPool if proxy else Pool)
    return found


def for_request(fragment: bytes, request: bytes) -> bytes:
    """The fragment with the mark of the request that it answers."""
    found = re.match(rb"POST \S*/(\d) ", request)
    assert found is not None
    return fragment.replace(b"{n}", found[1])


@pytest.mark.parametrize("is_proxied", [False, True])
@settings(max_examples=EXAMPLES, deadline=None)
@given(
    noises=st.lists(NOISE, min_size=1, max_size=6),
    at_once=st.sampled_from([-1, 0, 1, 3, 1000]),
    closes=st.lists(st.booleans(), min_size=1, max_size=3),
    body=st.sampled_from([b"", b"body", b"x" * 300_000]),
)
def test_no_upstream_can_hang_crash_leak_or_mix(
    is_proxied: bool, noises: list[list[bytes]], at_once: int, closes: list[bool], body: bytes
) -> None:
    """at_once: bytes in one write; 0: a fragment; -1: all of them together, so that none can come after the answer has
    been read and the next request is under way. Nothing on a kept-alive connection tells such bytes from an answer."""

    async def work() -> None:
        turn = 0

        async def script(peer: Peer) -> None:
            nonlocal turn
            turn += 1
            said = [for_request(one, peer.request) for one in noises[turn % len(noises)]]
            for fragment in [b"".join(said).replace(STALL, b"")] if at_once < 0 else said:
                if fragment == STALL:
                    await asyncio.sleep(0.05)
                else:
                    await peer.say(fragment, bytes_at_once=max(0, at_once) if len(fragment) < 100 else 0)
                    await asyncio.sleep(0)
            if closes[turn % len(closes)]:
                peer.hang_up()

        async def call(pool: Pool | ProxiedPool, number: int) -> None:
            try:
                reply = await pool.send("POST", f"/{number}", None, body)
                assert reply.unread_bytes <= UPSTREAM_BUFFER_BYTES + 65_536
                heard = await reply.read(5_000)
            except SolventError as error:
                assert error.code.startswith("upstream_")  # noqa: PT017
                return
            marks = set(re.findall(rb"hello-(\d);", heard))
            assert at_once >= 0 or marks <= {str(number).encode()}

        async with Upstream(script) as upstream, LocalProxy() as proxy:
            pool = client(upstream, proxy if is_proxied else None, BRIEF)
            async with asyncio.timeout(SOON_S):
                await asyncio.gather(*(call(pool, number) for number in range(CALLS)))
            idle = pool.idle_connections if isinstance(pool, Pool) else 0
            assert (pool.connections, pool.waiting) == (idle, 0)
            await pool.close()
            assert pool.connections == 0

    asyncio.run(work())


LINE = st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b""))
EVENT = st.one_of(
    LINE.map(lambda data: (b"data: " + data, data)),
    st.tuples(LINE, LINE).map(lambda two: (b"event: x\ndata:" + two[0] + b"\n: aside\ndata:" + two[1],
                                           b"\n".join(one.removeprefix(b" ") for one in two))),
    LINE.map(lambda text: (b": " + text, None)),
)  # fmt: skip


@pytest.mark.parametrize("is_proxied", [False, True])
@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(
    events=st.lists(EVENT, max_size=12),
    ends=st.lists(st.sampled_from([b"\n", b"\r\n"]), min_size=1, max_size=3),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    at_once=st.sampled_from([0, 1, 7]),
)
def test_events_come_out_as_they_went_in_at_any_split(
    is_proxied: bool, events: list[tuple[bytes, bytes | None]], ends: list[bytes], sizes: list[int], at_once: int
) -> None:
    """Through chunks of any sizes that have nothing to do with the events, written in pieces of any size."""
    stream = b""
    for n, (event, _) in enumerate(events):
        end = ends[n % len(ends)]
        stream += event.replace(b"\n", end) + end + end
    framed, at, n = b"", 0, 0
    while at < len(stream):
        part = stream[at : at + sizes[n % len(sizes)]]
        framed += b"%x\r\n%s\r\n" % (len(part), part)
        at, n = at + len(part), n + 1

    async def script(peer: Peer) -> None:
        await peer.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        await peer.say(framed + b"0\r\n\r\n", bytes_at_once=at_once)

    async def work() -> None:
        async with Upstream(script) as upstream, LocalProxy() as proxy:
            pool = client(upstream, proxy if is_proxied else None, Timeouts(2, 2, 2, 10))
            reader, heard = EventReader(), []
            reply = await pool.send("POST", "/x")
            async for data in reply.chunks():
                heard += reader.feed(data)
            assert heard == [payload for _, payload in events if payload is not None]
            assert not reader.pending
            await pool.close()

    asyncio.run(work())
