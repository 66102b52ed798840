"""The pool: reuse, the one retry, the queue, cancellation, closing, and that no slot is ever lost."""

from __future__ import annotations

import asyncio
import gc
import socket
from contextlib import suppress

import pytest
from tests.wire.conftest import Run
from tests.wire.upstream import HELLO, Peer, Upstream, saying

from solvent.values.errors import Unavailable
from solvent.wire import pool as pool_module
from solvent.wire.origin import Origin
from solvent.wire.pool import Pool, Timeouts
from solvent.wire.reply import Reply

QUICK = Timeouts(connect_s=0.1, first_byte_s=0.1, silence_s=0.1, total_s=0.3)


async def answers_once_per_connection(peer: Peer) -> None:
    if peer.number == 0:
        await peer.say(HELLO)
    else:
        peer.hang_up()


async def slow(peer: Peer) -> None:
    await asyncio.sleep(0.02)
    await peer.say(HELLO)


async def silent(peer: Peer) -> None:
    await peer.until_gone()


async def heard(upstream: Upstream, requests: int) -> None:
    """Wait until so many requests have reached it, on however slow a machine."""
    async with asyncio.timeout(10):
        while len(upstream.requests) < requests:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    assert len(upstream.requests) == requests


async def hello(pool: Pool) -> None:
    assert await (await pool.send("POST", "/x", {"x-id": "1"}, b"body")).read() == b"hello"


def test_uses_one_connection_again_and_again(run: Run) -> None:
    async def work() -> None:
        async with Upstream(saying(HELLO)) as upstream:
            pool = upstream.pool()
            for _ in range(20):
                await hello(pool)
            assert upstream.connections == 1
            assert pool.idle_connections == pool.connections == 1
            request = upstream.requests[0]
            assert request.startswith(b"POST /v1/x HTTP/1.1\r\nhost: localhost:%d\r\n" % upstream.port)
            assert request.endswith(b"x-id: 1\r\ncontent-length: 4\r\n\r\nbody")
            await pool.close()

    run(work())


def test_uses_the_newest_idle_connection_first(run: Run) -> None:
    async def work() -> None:
        async with Upstream(slow) as upstream:
            pool = upstream.pool()
            await asyncio.gather(*(hello(pool) for _ in range(4)))
            newest = pool._idle[-1]
            await hello(pool)
            assert pool._idle[-1] is newest
            assert pool.idle_connections == 4
            await pool.close()

    run(work())


def test_does_not_use_a_connection_idle_for_too_long(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "UPSTREAM_IDLE_S_MAX", 0.05)

    async def work() -> None:
        async with Upstream(saying(HELLO)) as upstream:
            pool = upstream.pool()
            await hello(pool)
            await asyncio.sleep(0.08)
            await hello(pool)
            assert upstream.connections == 2
            await asyncio.sleep(0.6)
            assert pool.connections == 0, "the sweep closes what nobody uses"
            await pool.close()

    run(work())


def test_sends_again_once_when_a_kept_connection_was_stale(run: Run) -> None:
    async def work() -> None:
        async with Upstream(answers_once_per_connection) as upstream:
            pool = upstream.pool()
            for number in range(1, 4):
                await hello(pool)
                assert upstream.connections == number
            assert len(upstream.requests) == 1 + 2 + 2
            await pool.close()

    run(work())


def test_does_not_send_a_third_time(run: Run) -> None:
    async def work() -> None:
        first = True

        async def script(peer: Peer) -> None:
            nonlocal first
            if first:
                first = False
                await peer.say(HELLO)
            else:
                peer.hang_up()

        async with Upstream(script) as upstream:
            pool = upstream.pool()
            await hello(pool)
            with pytest.raises(Unavailable) as caught:
                await hello(pool)
            assert caught.value.code == "upstream_cut_off"
            assert len(upstream.requests) == 3
            assert pool.connections == 0
            with pytest.raises(Unavailable):
                await hello(pool)
            assert len(upstream.requests) == 4, "a new connection is never retried"
            await pool.close()

    run(work())


@pytest.mark.parametrize("said", [b"H", HELLO[:-1]])
def test_does_not_send_again_after_a_byte_came_back(run: Run, said: bytes) -> None:
    async def script(peer: Peer) -> None:
        if peer.number == 0:
            await peer.say(HELLO)
        else:
            await peer.say(said)
            peer.hang_up()

    async def work() -> None:
        async with Upstream(script) as upstream:
            pool = upstream.pool()
            await hello(pool)
            with pytest.raises(Unavailable) as caught:
                await hello(pool)
            assert caught.value.code == "upstream_cut_off"
            assert len(upstream.requests) == 2
            await pool.close()

    run(work())


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"], ids=["head", "body"])
def test_an_answer_that_fails_is_let_go_of_at_once(run: Run, said: bytes) -> None:
    """Its failure's traceback knows the reply: if that knew its failure, both would wait for the garbage collector."""

    async def breaks_off(peer: Peer) -> None:
        await peer.say(said)
        peer.hang_up()

    async def ask(pool: Pool) -> None:
        with suppress(Unavailable):
            await (await pool.send("POST", "/x", {}, b"")).read()
            pytest.fail("half an answer was taken for one")

    async def work() -> None:
        async with Upstream(breaks_off) as upstream:
            pool = upstream.pool()
            gc.collect()
            gc.disable()
            try:
                await ask(pool)
                assert not [one for one in gc.get_objects() if isinstance(one, Reply)]
            finally:
                gc.enable()
            await pool.close()

    run(work())


def test_does_not_send_again_after_a_timeout(run: Run) -> None:
    async def script(peer: Peer) -> None:
        if peer.number == 0:
            await peer.say(HELLO)
        else:
            await peer.until_gone()

    async def work() -> None:
        async with Upstream(script) as upstream:
            pool = upstream.pool(timeouts=QUICK)
            await hello(pool)
            with pytest.raises(Unavailable) as caught:
                await hello(pool)
            assert caught.value.code == "upstream_timeout"
            assert len(upstream.requests) == 2
            await pool.close()

    run(work())


def test_notices_that_the_upstream_closed_an_idle_connection(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.say(HELLO)
        peer.hang_up()

    async def work() -> None:
        async with Upstream(script) as upstream:
            pool = upstream.pool()
            for _ in range(3):
                await hello(pool)
                await asyncio.sleep(0.02)
                assert pool.connections == 0
            assert len(upstream.requests) == 3
            await pool.close()

    run(work())


def test_a_stale_retry_keeps_its_turn_when_the_pool_is_full(run: Run) -> None:
    async def work() -> None:
        async with Upstream(answers_once_per_connection) as upstream:
            pool = upstream.pool(connections_max=1)
            await asyncio.gather(*(hello(pool) for _ in range(10)))
            assert pool.connections == pool.idle_connections == 1
            assert pool.waiting == 0
            await pool.close()

    run(work())


def test_callers_queue_in_order_for_few_connections(run: Run) -> None:
    async def work() -> None:
        order: list[int] = []

        async def call(pool: Pool, number: int) -> None:
            await hello(pool)
            order.append(number)

        async with Upstream(slow) as upstream:
            pool = upstream.pool(connections_max=2)
            calls = [asyncio.create_task(call(pool, number)) for number in range(12)]
            await asyncio.sleep(0.01)
            assert pool.waiting == 10
            await asyncio.gather(*calls)
            assert order[2:] == sorted(order[2:])
            assert upstream.connections == pool.connections == 2
            assert pool.waiting == 0
            await pool.close()

    run(work())


def test_waits_for_a_connection_only_so_long(run: Run) -> None:
    async def work() -> None:
        async with Upstream(silent) as upstream:
            pool = upstream.pool(connections_max=1, timeouts=Timeouts(connect_s=0.1))
            busy = asyncio.create_task(pool.send("GET", "/x"))
            await asyncio.sleep(0.02)
            with pytest.raises(Unavailable) as caught:
                await pool.send("GET", "/x")
            assert caught.value.code == "upstream_busy"
            assert caught.value.retry_after_s is not None
            busy.cancel()
            await asyncio.gather(busy, return_exceptions=True)
            assert pool.connections == 0
            await pool.close()

    run(work())


def test_the_queue_is_bounded(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "WAITERS_MAX", 3)

    async def work() -> None:
        async with Upstream(slow) as upstream:
            pool = upstream.pool(connections_max=1)
            results = await asyncio.gather(*(hello(pool) for _ in range(6)), return_exceptions=True)
            assert [getattr(result, "code", "") for result in results] == [""] * 4 + ["upstream_busy"] * 2
            await pool.close()

    run(work())


def test_cancelling_frees_the_slot_for_the_next(run: Run) -> None:
    async def work() -> None:
        async with Upstream(silent) as upstream:
            pool = upstream.pool(connections_max=1)
            calls = [asyncio.create_task(pool.send("GET", "/x")) for _ in range(5)]
            await heard(upstream, 1)
            calls[2].cancel()
            calls[0].cancel()
            await heard(upstream, 2)  # the second in line has its turn
            assert pool.waiting == 2
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            assert pool.connections == 0
            await pool.close()

    run(work())


def test_cancelling_at_any_moment_loses_no_slot(run: Run) -> None:
    async def work() -> None:
        async with Upstream(answers_once_per_connection) as upstream:
            pool = upstream.pool(connections_max=3)
            for delay in range(40):
                calls = [asyncio.create_task(hello(pool)) for _ in range(8)]
                for step in range(delay):
                    await asyncio.sleep(0)
                    calls[step % 8].cancel()
                await asyncio.gather(*calls, return_exceptions=True)
                assert pool.connections == pool.idle_connections <= 3
                assert pool.waiting == 0
            await hello(pool)
            await pool.close()

    run(work())


def test_a_refused_connection_is_unreachable(run: Run) -> None:
    async def work() -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))  # and nobody listens
            port = unused.getsockname()[1]
            pool = Pool(Origin.parse(f"http://127.0.0.1:{port}"))
            for _ in range(2):
                with pytest.raises(Unavailable) as caught:
                    await pool.send("GET", "/x")
                assert caught.value.code == "upstream_unreachable"
                assert f"127.0.0.1:{port}" in caught.value.message
                assert pool.connections == 0
            await pool.close()

    run(work())


def test_a_host_that_does_not_answer_times_out(run: Run) -> None:
    async def work() -> None:
        # A listener whose queue is full ignores further connections, as a firewall does.
        with socket.socket() as full, socket.socket() as first, socket.socket() as second:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            for filler in (first, second):
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
            pool = Pool(Origin.parse(f"http://127.0.0.1:{full.getsockname()[1]}"), timeouts=QUICK)
            with pytest.raises(Unavailable) as caught:
                await pool.send("GET", "/x")
            assert caught.value.code == "upstream_unreachable", "nothing was sent, so it is no question that was taken"
            assert pool.connections == 0
            await pool.close()

    run(work())


def test_closing_ends_busy_idle_and_waiting(run: Run) -> None:
    async def script(peer: Peer) -> None:
        if peer.number == 0 and b"/x " in peer.request:
            await peer.say(HELLO)
        else:
            await peer.until_gone()

    async def work() -> None:
        async with Upstream(script) as upstream:
            pool = upstream.pool(connections_max=2)
            await hello(pool)
            calls = [asyncio.create_task(pool.send("GET", "/y")) for _ in range(3)]
            await asyncio.sleep(0.02)
            await pool.close()
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert [getattr(result, "code", "") for result in results] == ["upstream_closed"] * 3
            with pytest.raises(Unavailable):
                await pool.send("GET", "/x")
            assert pool.connections == 0
            await pool.close()

    run(work())


def test_many_callers_share_a_small_pool(run: Run) -> None:
    async def work() -> None:
        async with Upstream(saying(HELLO)) as upstream:
            pool = upstream.pool(connections_max=7)
            await asyncio.gather(*(hello(pool) for _ in range(500)))
            assert pool.connections == pool.idle_connections <= 7
            await pool.close()

    run(work())
