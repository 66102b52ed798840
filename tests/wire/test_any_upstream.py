"""Random upstreams: no bytes at any split hang the pool, crash it or cost it a slot."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.upstream import HELLO, Peer, Upstream

from solvent.values.errors import SolventError
from solvent.wire.pool import Timeouts

FRAGMENTS = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 500 No\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
        b"HTTP/1.1 204 None\r\n\r\n",
        b"content-length: 5\r\n",
        b"content-length: 0\r\n",
        b"transfer-encoding: chunked\r\n",
        b"connection: close\r\n",
        b"\r\n",
        b"\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"hello",
        HELLO,
    ]
)
NOISE = st.lists(FRAGMENTS | st.binary(max_size=12), max_size=7)


@settings(max_examples=120, deadline=None)
@given(
    noises=st.lists(NOISE, min_size=1, max_size=6),
    at_once=st.sampled_from([0, 0, 1, 3]),
    closes=st.lists(st.booleans(), min_size=1, max_size=3),
)
def test_no_upstream_can_hang_crash_or_leak(noises: list[list[bytes]], at_once: int, closes: list[bool]) -> None:
    async def work() -> None:
        turn = 0

        async def script(peer: Peer) -> None:
            nonlocal turn
            turn += 1
            for fragment in noises[turn % len(noises)]:
                await peer.say(fragment, bytes_at_once=at_once)
                await asyncio.sleep(0)
            if closes[turn % len(closes)]:
                peer.hang_up()

        async with Upstream(script) as upstream:
            brief = Timeouts(connect_s=0.5, first_byte_s=0.02, silence_s=0.02, total_s=0.1)
            pool = upstream.pool(connections_max=2, timeouts=brief)

            async def call() -> None:
                try:
                    await (await pool.send("POST", "/x", None, b"body")).read(1000)
                except SolventError as error:
                    assert error.code.startswith("upstream_")  # noqa: PT017

            async with asyncio.timeout(5):
                await asyncio.gather(*(call() for _ in range(4)))
            assert pool.connections == pool.idle_connections
            assert pool.waiting == 0
            await pool.close()
            assert pool.connections == 0

    asyncio.run(work())
