"""Reading replies: whole, streamed, slowly, too much, abandoned, cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from tests.wire.conftest import Run
from tests.wire.upstream import HELLO, Peer, Upstream, saying

from solvent.values.errors import Unavailable
from solvent.values.limits import KIB, UPSTREAM_BUFFER_BYTES
from solvent.wire.pool import Timeouts

STREAM_BYTES = 50_000_000
READ_BYTES = 256 * KIB  # what both loops read from a socket at once


async def flood(peer: Peer) -> None:
    await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % STREAM_BYTES)
    await peer.say(b"x" * STREAM_BYTES)


async def half(peer: Peer) -> None:
    await peer.say(HELLO[:-2])
    await peer.until_gone()


async def drain(chunks: AsyncGenerator[bytes, None], got: bytearray) -> None:
    async for chunk in chunks:
        got += chunk


def test_a_slow_reader_slows_the_upstream(run: Run) -> None:
    async def work() -> None:
        async with Upstream(flood) as upstream:
            # Silence is shorter than the reader's naps: time spent waiting for the reader is not silence.
            pool = upstream.pool(timeouts=Timeouts(silence_s=0.1))
            reply = await pool.send("GET", "/x")
            await asyncio.sleep(0.3)
            total_bytes = number = 0
            async for chunk in reply.chunks():
                assert len(chunk) <= UPSTREAM_BUFFER_BYTES + READ_BYTES
                total_bytes += len(chunk)
                number += 1
                if number % 40 == 0:
                    await asyncio.sleep(0.15)
                    assert reply.unread_bytes <= UPSTREAM_BUFFER_BYTES + READ_BYTES
            assert total_bytes == STREAM_BYTES
            assert pool.idle_connections == 1
            assert await (await pool.send("GET", "/x")).read(STREAM_BYTES) == b"x" * STREAM_BYTES
            assert upstream.connections == 1
            await pool.close()

    run(work())


@pytest.mark.parametrize("how", ["read", "chunks"])
def test_refuses_a_body_past_the_limit(run: Run, how: str) -> None:
    async def work() -> None:
        async with Upstream(flood) as upstream:
            pool = upstream.pool()
            reply = await pool.send("GET", "/x")
            reading = reply.read(1_000_000) if how == "read" else drain(reply.chunks(1_000_000), bytearray())
            with pytest.raises(Unavailable) as caught:
                await reading
            assert caught.value.code == "upstream_body_too_large"
            assert caught.value.upstream_status == 200
            assert pool.connections == 0
            await pool.close()

    run(work())


def test_the_limit_holds_for_small_answers_too(run: Run) -> None:
    async def work() -> None:
        async with Upstream(saying(HELLO)) as upstream:
            pool = upstream.pool()
            assert await (await pool.send("GET", "/x")).read(5) == b"hello"
            with pytest.raises(Unavailable, match="more than 4 bytes"):
                await (await pool.send("GET", "/x")).read(4)
            await pool.close()

    run(work())


@pytest.mark.parametrize("how", ["close", "abandon", "cancel"])
def test_an_abandoned_answer_stops_the_upstream(run: Run, how: str) -> None:
    async def work() -> None:
        async with Upstream(half) as upstream:
            pool = upstream.pool()
            reply = await pool.send("GET", "/x")
            if how == "close":
                reply.close()
                reply.close()
            elif how == "abandon":
                chunks = reply.chunks()
                assert await anext(chunks) == b"hel"
                await chunks.aclose()
            else:
                reading = asyncio.create_task(reply.read())
                await asyncio.sleep(0.02)
                reading.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await reading
            assert pool.connections == 0
            await asyncio.wait_for(upstream.gone.wait(), 2)
            with pytest.raises(Unavailable) as caught:
                await reply.read()
            assert caught.value.code == "upstream_closed"
            await pool.close()

    run(work())


def test_closing_a_whole_answer_keeps_its_connection(run: Run) -> None:
    async def work() -> None:
        async with Upstream(saying(HELLO)) as upstream:
            pool = upstream.pool()
            first = await pool.send("GET", "/x")
            second = await pool.send("GET", "/x")
            first.close()
            assert await second.read() == b"hello", "closing one answer must not touch the next"
            first.close()
            assert pool.idle_connections == 1
            assert upstream.connections == 1
            await pool.close()

    run(work())


def test_closing_wakes_the_reader(run: Run) -> None:
    async def work() -> None:
        async with Upstream(half) as upstream:
            pool = upstream.pool()
            reply = await pool.send("GET", "/x")
            reading = asyncio.create_task(reply.read())
            await asyncio.sleep(0.02)
            reply.close()
            with pytest.raises(Unavailable) as caught:
                await reading
            assert caught.value.code == "upstream_closed"
            await pool.close()

    run(work())


def test_pieces_before_a_failure_are_delivered_first(run: Run) -> None:
    async def cut(peer: Peer) -> None:
        await peer.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n3\r\nl")
        peer.hang_up()

    async def work() -> None:
        async with Upstream(cut) as upstream:
            pool = upstream.pool()
            reply = await pool.send("GET", "/x")
            await asyncio.sleep(0.05)
            got = bytearray()
            with pytest.raises(Unavailable) as caught:
                await drain(reply.chunks(), got)
            assert got == b"hell"
            assert caught.value.code == "upstream_cut_off"
            assert "Reply(status=200" in repr(reply)
            await pool.close()

    run(work())


def test_what_is_taken_as_it_comes_wakes_no_reader_and_the_rest_is_read_in_order(run: Run) -> None:
    async def slowly(peer: Peer) -> None:
        await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n")
        for byte in b"abCdEF":
            await asyncio.sleep(0.02)
            await peer.say(bytes([byte]))

    async def work() -> None:
        async with Upstream(slowly) as upstream:
            pool = upstream.pool()
            reply = await pool.send("GET", "/x")
            taken: list[bytes] = []

            def take(part: bytes) -> bool:
                if part.islower():
                    taken.append(part)
                return part.islower()

            reply.take = take
            read = [part async for part in reply.chunks()]
            assert (b"".join(taken), b"".join(read)) == (b"abd", b"CEF")
            assert (reply.unread_bytes, pool.idle_connections) == (0, 1)
            await pool.close()

    run(work())
