"""Things that happen in the same breath: given and cancelled, given and lost, closed while connecting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.wire.conftest import Run
from tests.wire.upstream import HELLO, Peer, Upstream, saying

from solvent.values.errors import Unavailable
from solvent.wire.connection import Connection
from solvent.wire.pool import Pool
from solvent.wire.reply import Reply


async def slow(peer: Peer) -> None:
    await asyncio.sleep(0.02)
    await peer.say(HELLO)


async def silent(peer: Peer) -> None:
    await peer.until_gone()


async def hello(pool: Pool) -> bytes:
    return await (await pool.send("POST", "/x", None, b"body")).read()


def after_release(pool: Pool, monkeypatch: pytest.MonkeyPatch, act: Callable[[Connection], object]) -> None:
    """Do `act` once, right after the first connection was passed on and before anybody has woken up."""
    release = pool.release
    done = False

    def released(connection: Connection) -> None:
        nonlocal done
        release(connection)
        if not done:
            done = True
            act(connection)

    monkeypatch.setattr(pool, "release", released)


def test_a_slot_given_to_a_cancelled_caller_goes_to_the_next(run: Run) -> None:
    async def work() -> None:
        async with Upstream(saying(HELLO[:-1])) as upstream:
            pool = upstream.pool(connections_max=1)
            holder = await pool.send("GET", "/x")
            calls: list[asyncio.Task[Reply]] = [asyncio.create_task(pool.send("GET", "/x")) for _ in range(2)]
            await asyncio.sleep(0.01)
            holder.close()
            calls[0].cancel()
            (await asyncio.wait_for(calls[1], 1)).close()
            assert pool.connections == 0
            await pool.close()

    run(work())


def test_a_connection_given_to_a_cancelled_caller_goes_to_the_next(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with Upstream(slow) as upstream:
            pool = upstream.pool(connections_max=1)
            calls = [asyncio.create_task(hello(pool)) for _ in range(3)]
            after_release(pool, monkeypatch, lambda _: calls[1].cancel())
            assert [await calls[0], await calls[2]] == [b"hello", b"hello"]
            assert upstream.connections == pool.idle_connections == 1
            await pool.close()

    run(work())


def test_a_caller_cancelled_as_its_answer_ends_leaves_the_next_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with Upstream(slow) as upstream:
            pool = upstream.pool(connections_max=1)
            calls = [asyncio.create_task(hello(pool)) for _ in range(2)]
            after_release(pool, monkeypatch, lambda _: calls[0].cancel())
            assert await asyncio.wait_for(calls[1], 1) == b"hello"
            assert calls[0].cancelled()
            assert upstream.connections == pool.idle_connections == 1
            await pool.close()

    run(work())


def test_a_connection_lost_on_the_way_to_a_caller_is_replaced(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with Upstream(slow) as upstream:
            pool = upstream.pool(connections_max=1)
            after_release(pool, monkeypatch, Connection.drop)
            calls = [asyncio.create_task(hello(pool)) for _ in range(3)]
            assert await asyncio.wait_for(asyncio.gather(*calls), 1) == [b"hello"] * 3
            assert upstream.connections == 2
            await pool.close()

    run(work())


def test_an_idle_connection_that_is_closing_is_passed_over(run: Run) -> None:
    async def work() -> None:
        async with Upstream(saying(HELLO)) as upstream:
            pool = upstream.pool()
            await hello(pool)
            transport = pool._idle[-1]._transport
            assert transport is not None
            transport.abort()
            assert await hello(pool) == b"hello"
            assert pool.connections == pool.idle_connections == 1
            await pool.close()

    run(work())


@pytest.mark.parametrize("steps", range(6))
def test_closing_while_connecting_leaves_nothing_open(run: Run, steps: int) -> None:
    async def work() -> None:
        async with Upstream(silent) as upstream:
            pool = upstream.pool()
            call = asyncio.create_task(pool.send("GET", "/x"))
            for _ in range(steps):
                await asyncio.sleep(0)
            await pool.close()
            with pytest.raises(Unavailable) as caught:
                await asyncio.wait_for(call, 1)
            assert caught.value.code == "upstream_closed"
            assert pool.connections == 0

    run(work())
