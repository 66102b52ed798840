"""TLS: verified by default, the host's name included; a bad certificate never sees the request."""

from __future__ import annotations

import asyncio
import ssl

import pytest
import trustme
from tests.wire.conftest import Run
from tests.wire.upstream import HELLO, Upstream, saying

from solvent.values.errors import Unavailable
from solvent.wire.pool import Timeouts

AUTHORITY = trustme.CA()


def server_tls(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(name).configure_cert(context)
    return context


def client_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def test_speaks_tls_to_a_trusted_upstream(run: Run) -> None:
    large = b"HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n" + b"x" * 3_000_000

    async def work() -> None:
        async with Upstream(saying(large), tls=server_tls("localhost")) as upstream:
            pool = upstream.pool(tls=client_tls())
            for _ in range(3):
                reply = await pool.send("POST", "/x", None, b"y" * 1_000_000)
                await asyncio.sleep(0.02)
                assert len(await reply.read()) == 3_000_000
            assert upstream.connections == 1
            await pool.close()

    run(work())


def test_abandoning_a_tls_answer_closes_it(run: Run) -> None:
    async def work() -> None:
        async with Upstream(saying(HELLO[:-1]), tls=server_tls("localhost")) as upstream:
            pool = upstream.pool(tls=client_tls())
            (await pool.send("GET", "/x")).close()
            assert pool.connections == 0
            await asyncio.wait_for(upstream.gone.wait(), 2)
            await pool.close()

    run(work())


@pytest.mark.parametrize("fault", ["unknown CA", "other name"])
def test_refuses_a_certificate_it_cannot_verify(run: Run, fault: str) -> None:
    async def work() -> None:
        name = "localhost" if fault == "unknown CA" else "elsewhere.example"
        async with Upstream(saying(HELLO), tls=server_tls(name)) as upstream:
            asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # the server's own complaint
            pool = upstream.pool(tls=client_tls() if fault == "other name" else None)
            with pytest.raises(Unavailable) as caught:
                await pool.send("POST", "/x", None, b"body")
            assert caught.value.code == "upstream_unreachable"
            assert "certificate" in caught.value.message
            assert caught.value.retry_after_s is None
            assert upstream.requests == []
            assert pool.connections == 0
            await pool.close()

    run(work())


def test_a_plain_upstream_is_not_spoken_to_in_tls(run: Run) -> None:
    async def work() -> None:
        async with Upstream(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as plain:
            pool = plain.pool(tls=client_tls(), timeouts=Timeouts(connect_s=0.3))
            secure = type(pool)(
                type(pool.origin)("https", "localhost", plain.port),
                tls=client_tls(),
                timeouts=Timeouts(connect_s=0.3),
            )
            with pytest.raises(Unavailable) as caught:
                await secure.send("GET", "/x")
            assert caught.value.code in ("upstream_unreachable", "upstream_timeout")
            assert secure.connections == 0
            await pool.close()
            await secure.close()

    run(work())
