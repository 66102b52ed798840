"""What a connection makes of upstreams that answer well, oddly, badly or not at all."""

from __future__ import annotations

import asyncio
import re

import pytest
from tests.wire.conftest import Run
from tests.wire.upstream import HELLO, Peer, Script, Upstream, saying, saying_and_closing

from solvent.values.errors import Unavailable
from solvent.wire.connection import HEADERS_MAX
from solvent.wire.pool import Timeouts

CHUNKED = (
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    b'2;name=value;other="x"\r\nhe\r\n3\r\nllo\r\n0\r\ntrailer: x\r\nstatus: 500\r\n\r\n'
)
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
QUICK = Timeouts(connect_s=0.2, first_byte_s=0.1, silence_s=0.1, total_s=0.3)


async def refusal(script: Script, *, timeouts: Timeouts = QUICK) -> Unavailable:
    """The error that reading one answer ends in; the connection and its slot must be gone."""
    async with Upstream(script) as upstream:
        pool = upstream.pool(timeouts=timeouts)
        with pytest.raises(Unavailable) as caught:
            await (await pool.send("POST", "/x", None, b"body")).read()
        assert pool.connections == 0
        assert "top-secret" not in caught.value.message
        assert "localhost" in caught.value.message
        await pool.close()
        return caught.value


@pytest.mark.parametrize("bytes_at_once", [0, 1])
@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (HELLO, True),
        (CHUNKED, True),
        (INTERIM + HELLO, True),
        (INTERIM + CHUNKED, True),
        (HELLO.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"), False),
        (HELLO.replace(b"HTTP/1.1", b"HTTP/1.0"), False),
        (HELLO.replace(b"\r\n\r\n", b"\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"), True),
    ],
    ids=["length", "chunked", "interim", "interim-chunked", "close", "http-1.0", "offers-upgrade"],
)
def test_reads_every_framing_at_any_split(run: Run, answer: bytes, kept: bool, bytes_at_once: int) -> None:
    async def work() -> None:
        async with Upstream(saying(answer, bytes_at_once=bytes_at_once)) as upstream:
            pool = upstream.pool()
            for _ in range(3):
                reply = await pool.send("POST", "/x", None, b"body")
                assert (reply.status, await reply.read()) == (200, b"hello")
                assert "trailer" not in reply.headers
                assert "link" not in reply.headers
                assert pool.idle_connections == pool.connections == int(kept)
            assert upstream.connections == (1 if kept else 3)
            await pool.close()

    run(work())


def test_a_body_may_end_with_the_connection(run: Run) -> None:
    async def work() -> None:
        async with Upstream(saying_and_closing(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000)) as upstream:
            pool = upstream.pool()
            assert len(await (await pool.send("GET", "/x")).read()) == 300_000
            assert pool.connections == 0
            await pool.close()

    run(work())


@pytest.mark.parametrize("method_and_status", ["HEAD 200", "GET 204", "GET 304"])
def test_some_answers_have_no_body(run: Run, method_and_status: str) -> None:
    method, status = method_and_status.split()
    answer = f"HTTP/1.1 {status} X\r\netag: 1\r\n{'content-length: 5' if method == 'HEAD' else 'x: y'}\r\n\r\n"

    async def work() -> None:
        async with Upstream(saying(answer.encode())) as upstream:
            pool = upstream.pool()
            for _ in range(2):
                reply = await pool.send(method, "/x")
                assert (reply.status, await reply.read()) == (int(status), b"")
            await pool.close()

    run(work())


def test_joins_repeated_headers_and_lowers_names(run: Run) -> None:
    async def work() -> None:
        async with Upstream(saying(HELLO.replace(b"\r\n\r\n", b"\r\nX-A: 1\r\nx-a: 2\r\n\r\n"))) as upstream:
            pool = upstream.pool()
            reply = await pool.send("GET", "/x")
            assert reply.headers["x-a"] == "1, 2"
            await pool.close()

    run(work())


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/3.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n",
        b"HTTP/1.1 099 Low\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    ],
)
def test_refuses_garbage(run: Run, answer: bytes) -> None:
    async def work() -> None:
        assert (await refusal(saying(answer))).code == "upstream_garbage"

    run(work())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 2",
        b"HTTP/1.1 200 OK\r\nx:",
        b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nhello",
        INTERIM,
    ],
)
def test_notices_an_answer_cut_short(run: Run, answer: bytes) -> None:
    async def work() -> None:
        assert (await refusal(saying_and_closing(answer))).code == "upstream_cut_off"

    run(work())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"x%d: y\r\n" % n for n in range(HEADERS_MAX + 1)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 700_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 30_000,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + b"x: y\r\n" * 200_000,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;" + b"x" * 700_000,
    ],
    ids=["long", "many", "endless", "interim", "trailers", "extension"],
)
def test_bounds_heads_and_framing(run: Run, answer: bytes) -> None:
    async def work() -> None:
        error = await refusal(saying(answer), timeouts=Timeouts(total_s=5))
        assert error.code == "upstream_head_too_large"

    run(work())


def test_much_framing_is_fine_while_the_body_goes_on(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(5):
            await peer.say(b"1;" + b"x" * 20_000)
            await asyncio.sleep(0.01)
            await peer.say(b"\r\n!\r\n")
            await asyncio.sleep(0.01)
        await peer.say(b"0\r\n\r\n")

    async def work() -> None:
        async with Upstream(script) as upstream:
            pool = upstream.pool()
            assert await (await pool.send("GET", "/x")).read() == b"!!!!!"
            await pool.close()

    run(work())


def dripping(start: bytes, drip: bytes) -> Script:
    async def script(peer: Peer) -> None:
        await peer.say(start)
        while drip:
            await asyncio.sleep(0.02)
            await peer.say(drip)
        await peer.until_gone()

    return script


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (dripping(b"", b""), "did not start to answer"),
        (dripping(b"HTTP/1.1 200 OK\r\nx:", b""), "did not start to answer"),
        (dripping(b"HTTP/1.1 200 OK\r\nx:", b"y"), "did not start to answer"),
        (dripping(HELLO[:-2], b""), "sent nothing more"),
        (dripping(HELLO.replace(b": 5", b": 99999"), b"o"), "did not end its answer"),
    ],
    ids=["silent", "half-head", "slow-head", "half-body", "slow-body"],
)
def test_waits_only_so_long(run: Run, script: Script, words: str) -> None:
    async def work() -> None:
        error = await refusal(script)
        assert error.code == "upstream_timeout"
        assert words in error.message
        assert error.retry_after_s is not None

    run(work())


def test_bytes_after_the_answer_close_the_connection(run: Run) -> None:
    async def work() -> None:
        async with Upstream(saying(HELLO + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")) as upstream:
            pool = upstream.pool()
            for _ in range(2):
                assert await (await pool.send("GET", "/x")).read() == b"hello"
                assert pool.connections == 0
            await pool.close()

    run(work())


def test_unasked_bytes_on_an_idle_connection_close_it(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.say(HELLO)
        await asyncio.sleep(0.02)
        await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")

    async def work() -> None:
        async with Upstream(script) as upstream:
            pool = upstream.pool()
            await (await pool.send("GET", "/x")).read()
            assert pool.idle_connections == 1
            await upstream.gone.wait()
            assert pool.connections == 0
            assert await (await pool.send("GET", "/x")).read() == b"hello"
            assert upstream.connections == 2
            await pool.close()

    run(work())


def test_sends_a_large_body_as_fast_as_it_is_read(run: Run) -> None:
    body = b"0123456789" * 600_000

    async def slow(peer: Peer) -> None:
        await peer.say(HELLO)

    async def work() -> None:
        async with Upstream(slow) as upstream:
            pool = upstream.pool()
            for _ in range(2):
                assert await (await pool.send("POST", "/x", None, body)).read() == b"hello"
            assert upstream.connections == 1
            assert all(request.endswith(b"\r\n\r\n" + body) for request in upstream.requests)
            await pool.close()

    run(work())


def test_an_early_refusal_ends_the_sending(run: Run) -> None:
    async def early(peer: Peer) -> None:
        await peer.say(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig")
        await asyncio.sleep(5)

    async def work() -> None:
        async with Upstream(early, reads_body=False) as upstream:
            pool = upstream.pool()
            reply = await pool.send("POST", "/x", None, b"x" * 20_000_000)
            assert (reply.status, await reply.read()) == (413, b"big")
            assert pool.connections == 0, "half a request is still on its way"
            await pool.close()

    run(work())


def test_an_early_refusal_is_told_before_its_body_is_here(run: Run) -> None:
    async def early(peer: Peer) -> None:
        await peer.say(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\n")
        await asyncio.sleep(5)

    async def work() -> None:
        async with Upstream(early, reads_body=False) as upstream:
            pool = upstream.pool()
            reply = await asyncio.wait_for(pool.send("POST", "/x", None, b"x" * 20_000_000), 1)
            assert reply.status == 413
            reply.close()
            assert pool.connections == 0
            await pool.close()

    run(work())


def test_a_stalled_upload_times_out(run: Run) -> None:
    async def never(peer: Peer) -> None:
        await asyncio.sleep(5)

    async def work() -> None:
        async with Upstream(never, reads_body=False) as upstream:
            pool = upstream.pool(timeouts=QUICK)
            with pytest.raises(Unavailable, match=re.escape("did not start to answer")):
                await pool.send("POST", "/x", None, b"x" * 20_000_000)
            assert pool.connections == 0
            await pool.close()

    run(work())
