"""Through a proxy: the same replies, limits and faults as without one, and its password nowhere."""

from __future__ import annotations

import asyncio
import logging
import ssl

import pytest
from tests.wire.conftest import Run
from tests.wire.proxies import PASSWORD, LocalProxy
from tests.wire.test_tls import client_tls, server_tls
from tests.wire.upstream import BRIEF, HELLO, Peer, Upstream, saying, saying_and_closing

from solvent.values.errors import Invalid, SolventError, Unavailable
from solvent.values.limits import UPSTREAM_BUFFER_BYTES
from solvent.wire.client import open_client
from solvent.wire.origin import Origin
from solvent.wire.pool import Pool, Timeouts
from solvent.wire.proxied import ProxiedPool
from solvent.wire.proxy import proxies_of

QUICK = Timeouts(connect_s=0.15, first_byte_s=0.15, silence_s=0.15, total_s=0.4)
KEY = "Bearer top-secret"


def client(
    upstream: Upstream,
    proxy: LocalProxy | str,
    timeouts: Timeouts = BRIEF,
    tls: ssl.SSLContext | None = None,
    connections_max: int = 8,
    *,
    is_secure: bool = False,
) -> ProxiedPool:
    """A client of an upstream, through a proxy."""
    scheme = "https" if is_secure else "http"
    found = open_client(
        Origin.parse(f"{scheme}://localhost:{upstream.port}/v1"),
        proxies_of(proxy if isinstance(proxy, str) else proxy.url),
        headers={"authorization": KEY},
        timeouts=timeouts,
        tls=tls,
        connections_max=connections_max,
    )
    assert isinstance(found, ProxiedPool)
    return found


async def ask(pool: ProxiedPool) -> bytes:
    return await (await pool.send("POST", "/x", None, b"body")).read()


async def fault_of(pool: ProxiedPool) -> SolventError:
    """What comes of one request: afterwards its place is free, and no secret was told."""
    with pytest.raises(SolventError) as caught:
        await ask(pool)
    told = f"{caught.value.message} {caught.value!r} {pool!r} {caught.value.__cause__!r}"
    assert PASSWORD not in told
    assert "p%40ss" not in told
    assert "top-secret" not in told
    assert (pool.connections, pool.waiting) == (0, 0)
    return caught.value


@pytest.mark.parametrize("is_secure", [False, True])
def test_asks_through_the_proxy_with_its_password(run: Run, is_secure: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        tls = server_tls("localhost") if is_secure else None
        async with Upstream(saying(HELLO), tls=tls) as upstream, LocalProxy() as proxy:
            pool = client(upstream, proxy, tls=client_tls() if is_secure else None, is_secure=is_secure)
            for _ in range(2):
                reply = await pool.send("POST", "/x", {"Content-Type": "text/plain"}, b"body")
                assert (reply.status, reply.headers["content-type"]) == (200, "text/plain")
                assert await reply.read() == b"hello"
            assert pool.connections == 0
            await pool.close()
        request = upstream.requests[0]
        assert request.startswith(b"POST /v1/x HTTP/1.1\r\n")
        assert request.endswith(b"\r\n\r\nbody")
        names = [line.partition(b":")[0].lower() for line in request.split(b"\r\n")[1:-2]]
        assert len(names) == len(set(names)), "no header twice"
        assert (b"proxy-authorization" in names, b"authorization" in names, b"accept" in names) == (False, True, False)
        head = proxy.heads[0]
        assert head.startswith(b"CONNECT localhost:" if is_secure else b"POST http://localhost:")
        assert (b"top-secret" in head) != is_secure, "in a tunnel the proxy never sees our key"

    with caplog.at_level(logging.DEBUG):
        run(work())
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("fault", ["unknown CA", "other name"])
def test_verifies_the_upstream_behind_the_tunnel(run: Run, fault: str) -> None:
    async def work() -> None:
        name = "localhost" if fault == "unknown CA" else "elsewhere.example"
        async with Upstream(saying(HELLO), tls=server_tls(name)) as upstream, LocalProxy() as proxy:
            asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # the server's own complaint
            tls = client_tls() if fault == "other name" else None
            pool = client(upstream, proxy, tls=tls, is_secure=True)
            failure = await fault_of(pool)
            assert failure.code == "upstream_unreachable"
            assert "certificate" in failure.message
            assert upstream.requests == []
            await pool.close()

    run(work())


@pytest.mark.parametrize("is_secure", [False, True])
@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        (LocalProxy(), "407"),
        (LocalProxy(says=b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n"), "403"),
        (LocalProxy(says=b"HTTP/1.1 502 Bad\r\ncontent-length: 0\r\n\r\n"), "502"),
        (LocalProxy(says=b"]]]garbage\r\n\r\n"), ""),
        (LocalProxy(says=b"HTTP/1.1 2"), ""),
        (LocalProxy(says=None), ""),
    ],
    ids=["no password", "refusing", "failing", "garbage", "cut", "silent"],
)
def test_a_proxy_that_does_not_let_us_through(run: Run, proxy: LocalProxy, words: str, is_secure: bool) -> None:
    async def work() -> None:
        async with Upstream(saying(HELLO)) as upstream, proxy:
            url = f"http://somebody:wrong@127.0.0.1:{proxy.port}" if words == "407" else proxy.url
            pool = client(upstream, url, QUICK, client_tls(), is_secure=is_secure)
            if is_secure or words == "407":
                failure = await fault_of(pool)
                assert failure.code == "upstream_unreachable", "nothing was sent to the upstream"
                assert words in failure.message
                assert f"127.0.0.1:{proxy.port}" in failure.message
            elif words:  # of a plain request the proxy's answer is all there is
                assert (await pool.send("GET", "/x")).status == int(words)
            else:
                assert (await fault_of(pool)).code in ("upstream_garbage", "upstream_cut_off", "upstream_timeout")
            assert upstream.requests == []
            await pool.close()

    run(work())


def test_a_proxy_that_is_down_or_nowhere(run: Run) -> None:
    async def work() -> None:
        async with Upstream(saying(HELLO)) as upstream:
            async with LocalProxy() as proxy:
                pass
            for url in (proxy.url, "http://user:p%40ss@does-not-exist.invalid:3128"):
                pool = client(upstream, url)
                failure = await fault_of(pool)
                assert failure.code == "upstream_unreachable"
                assert "through the proxy" in failure.message
                await pool.close()

    run(work())


CUT = b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
TROUBLE = {
    "silent": (b"", False, "upstream_timeout"),
    "half a head": (b"HTTP/1.1 200 OK\r\ncont", False, "upstream_timeout"),
    "silent in the middle": (CUT, False, "upstream_timeout"),
    "hung up": (b"", True, "upstream_cut_off"),
    "cut": (CUT, True, "upstream_cut_off"),
    "cut chunks": (CHUNKED + b"5\r\nhel", True, "upstream_cut_off"),
    "garbage": (b"]]]]\r\n\r\n", True, "upstream_garbage"),
    "garbage chunks": (CHUNKED + b"zz\r\nhello", True, "upstream_garbage"),
    "switching": (b"HTTP/1.1 101 X\r\n\r\n", False, "upstream_garbage"),
    "long head": (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000 + b"\r\n\r\n", False, "upstream_head_too_large"),
    "many headers": (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 300 + b"\r\n", False, "upstream_head_too_large"),
    "large head": (
        b"HTTP/1.1 200 OK\r\n" + (b"x: " + b"y" * 1000 + b"\r\n") * 80 + b"\r\n", False, "upstream_head_too_large",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TROUBLE)
def test_an_upstream_in_trouble_has_the_codes_it_has_without_a_proxy(run: Run, name: str) -> None:
    says, closes, code = TROUBLE[name]

    async def work() -> None:
        async with Upstream(saying_and_closing(says) if closes else saying(says)) as upstream, LocalProxy() as proxy:
            pool = client(upstream, proxy, QUICK)
            assert (await fault_of(pool)).code == code
            await pool.close()

    run(work())


def test_a_body_beyond_the_limit_and_one_that_ends_with_the_connection(run: Run) -> None:
    async def work() -> None:
        async with (
            Upstream(saying_and_closing(b"HTTP/1.1 200 OK\r\n\r\nhello")) as upstream,
            LocalProxy() as proxy,
        ):
            pool = client(upstream, proxy)
            assert await (await pool.send("GET", "/x")).read() == b"hello"
            with pytest.raises(Unavailable) as caught:
                await (await pool.send("GET", "/x")).read(4)
            assert caught.value.code == "upstream_body_too_large"
            assert pool.connections == 0
            await pool.close()

    run(work())


def test_a_slow_reader_is_waited_for_and_little_is_kept(run: Run) -> None:
    size = 8 << 20

    async def work() -> None:
        large = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size
        async with Upstream(saying(large)) as upstream, LocalProxy() as proxy:
            pool = client(upstream, proxy, Timeouts(connect_s=1, first_byte_s=1, silence_s=0.2, total_s=20))
            reply = await pool.send("GET", "/x")
            await asyncio.sleep(0.4)
            assert reply.unread_bytes <= UPSTREAM_BUFFER_BYTES + (256 << 10)
            assert len(await reply.read()) == size
            await pool.close()

    run(work())


def test_leaving_ends_the_request_and_frees_its_place(run: Run) -> None:
    async def work() -> None:
        async with Upstream(saying(CUT)) as upstream, LocalProxy() as proxy:
            pool = client(upstream, proxy, connections_max=1)
            reply = await pool.send("GET", "/x")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(pool.send("GET", "/x"), 0.05)  # queues behind it
            reply.close()
            assert pool.connections == 0
            await asyncio.wait_for(upstream.gone.wait(), 2)
            await pool.close()
        async with Upstream(saying(b"")) as silent, LocalProxy() as proxy:
            pool = client(silent, proxy)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(pool.send("GET", "/x"), 0.05)
            assert (pool.connections, pool.waiting) == (0, 0)
            await asyncio.wait_for(silent.gone.wait(), 2)
            await pool.close()

    run(work())


def test_a_full_pool_is_busy_and_a_closed_one_is_closed(run: Run) -> None:
    async def work() -> None:
        async with Upstream(saying(CUT)) as upstream, LocalProxy() as proxy:
            pool = client(upstream, proxy, Timeouts(connect_s=0.1), connections_max=1)
            reply = await pool.send("GET", "/x")
            with pytest.raises(Unavailable) as caught:
                await pool.send("GET", "/x")
            assert caught.value.code == "upstream_busy"
            await pool.close()
            for use in (reply.read(), pool.send("GET", "/x")):
                with pytest.raises(Unavailable) as caught:
                    await use
                assert caught.value.code == "upstream_closed"
            assert pool.connections == 0

    run(work())


def test_a_large_request_may_be_refused_before_it_is_sent(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.say(b"HTTP/1.1 413 No\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno")
        await peer.until_gone()

    async def work() -> None:
        async with Upstream(script, reads_body=False) as upstream, LocalProxy() as proxy:
            pool = client(upstream, proxy)
            reply = await pool.send("POST", "/x", None, b"x" * (1 << 20))
            assert (reply.status, await reply.read()) == (413, b"no")
            await pool.close()

    run(work())


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/a b", None),
        ("GET", "//x\r\nhost: evil", None),
        ("G T", "/x", None),
        ("GET", "/x", {"host": "evil"}),
        ("GET", "/x", {"x": "a\r\nb: c"}),
        ("GET", "/x", {"content-length": "0"}),
    ],
)
def test_requests_that_are_refused_without_a_proxy_are_refused_with_one(
    run: Run, method: str, path: str, headers: dict[str, str] | None
) -> None:
    async def work() -> None:
        async with Upstream(saying(HELLO)) as upstream:
            for pool in (client(upstream, "http://127.0.0.1:1"), upstream.pool()):
                with pytest.raises(Invalid) as caught:
                    await pool.send(method, path, headers)
                assert caught.value.code == "request_invalid"
                await pool.close()

    run(work())


def test_no_proxy_is_our_own_pool() -> None:
    assert isinstance(open_client(Origin.parse("https://api.example.com"), {}), Pool)
