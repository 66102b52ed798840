"""Beginning an answer: where nothing of it is kept, it is the answer's own stream and nothing listens to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from tests.answering.desks import Scripted, Shop, reported, said, shop
from tests.db.opened import Place

from solvent.answering.logbook import Logbook
from solvent.billing.plan import LogTerms
from solvent.gateway.begun import as_wished, begun
from solvent.identity.caller import Caller

TEXT = LogTerms("text", (), 1)


def with_shop(place: Place, terms: LogTerms, story: Callable[[Shop, Caller, list[int]], Awaitable[None]]) -> None:
    async def run() -> None:
        usage = msgspec.Raw(b'{"prompt_tokens":100,"completion_tokens":9}')
        async with shop(place, Scripted([[said(), reported(usage)]])) as at:
            started = list[int]()
            at.desk.logbook = Logbook(terms, start=lambda: started.append(1))
            await story(at, await at.customer("kim", 10**12), started)
            await at.quiet()

    asyncio.run(run())


async def ask(at: Shop, caller: Caller, **members: bytes) -> str:
    """Ask, and hear it to its end; the name of what made the stream."""
    question = msgspec.structs.replace(
        at.question(), members={name: msgspec.Raw(value) for name, value in members.items()}
    )  # fmt: skip
    answering = begun(question, caller, at.desk)
    async for _ in answering:
        pass
    return getattr(answering, "__name__", "")


def test_nobody_listens_where_nothing_is_kept(place: Place) -> None:
    async def story(at: Shop, kim: Caller, started: list[int]) -> None:
        await ask(at, kim)
        assert at.desk.logbook.take(9) == [], "of the first it is known once it is opened"
        assert await ask(at, kim) == "answer"
        assert started == []

    with_shop(place, LogTerms(), story)


def test_it_is_kept_unless_somebody_says_no(place: Place) -> None:
    async def story(at: Shop, kim: Caller, started: list[int]) -> None:
        assert await ask(at, kim) != "answer"
        assert await ask(at, kim) != "answer"
        assert (len(at.desk.logbook.take(9)), started) == (2, [1])
        assert kim.customer is not None
        unwilling = msgspec.structs.replace(kim.customer, request_log="none")
        scope = {"headers": [(b"x-solvent-store", b" FALSE")]}
        off = as_wished(kim, at.desk, scope)
        assert as_wished(kim, at.desk, {"headers": [(b"x-solvent-store", b"true")]}) is kim
        assert await ask(at, off) == "answer"
        assert await ask(at, kim, store=b"false") == "answer"
        assert await ask(at, msgspec.structs.replace(kim, customer=unwilling)) == "answer"
        assert at.desk.logbook.take(9) == []
        assert await ask(at, kim, store=b"true") != "answer"

    with_shop(place, TEXT, story)


def test_who_leaves_has_heard_what_was_told_until_then(place: Place) -> None:
    async def story(at: Shop, kim: Caller, _started: list[int]) -> None:
        answering = begun(at.question(), kim, at.desk)
        await anext(answering)
        await answering.aclose()
        (heard,) = at.desk.logbook.take(9)
        assert heard.told() == {"texts": []}

    with_shop(place, TEXT, story)
