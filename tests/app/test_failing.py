"""What one process sees of an upstream that fails, every other one tells; not of what died or is well again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from tests.answering.desks import Scripted, Shop, shop
from tests.db.opened import Place

from solvent.app.failing import Failings
from solvent.app.routes import Routes
from solvent.db.presence import Presence
from solvent.routing.health import FAILURES_TO_SHUT, TOLD_US


@contextmanager
def process(made: Shop, place: Place) -> Iterator[tuple[Failings, Presence]]:
    """One of those that share the books, as far as upstreams go."""
    presence = Presence(place.engine(), place.directory, made.desk.holder)
    routes = Routes()
    routes.by_model = dict(made.desk.routes)
    routes.pools = dict(made.desk.pools)
    try:
        yield Failings(made.desk, presence, lambda: routes), presence
    finally:
        presence.leave()


def fail(made: Shop) -> int:
    """Since when."""
    since_us = made.clock.at_us
    for _ in range(FAILURES_TO_SHUT):
        made.desk.routes["house"].health.fail("upstream_failed", since_us)
    return since_us


def test_what_one_process_sees_all_tell_until_it_answers_again_or_dies(place: Place) -> None:
    async def live() -> None:
        async with shop(place, Scripted([])) as one, shop(place, Scripted([]), holder="proc_other") as other:
            with process(one, place) as (mine, presence), process(other, place) as (theirs, leaving):
                one.desk.processes = other.desk.processes = presence.count()
                assert one.desk.processes == 2
                assert await theirs.all() == []
                since_us = fail(one)
                await mine.tell()
                (told,) = await theirs.all()
                assert await mine.all() == [told]
                assert (told.model, told.upstream, told.fault) == ("house", "upstream-model", "upstream_failed")
                assert (told.processes, told.of, told.since_us) == (1, 2, since_us)
                other.clock.at_us += 10**6
                later_us = fail(other)
                await theirs.tell()
                (both,) = await mine.all()
                assert (both.processes, both.of, both.since_us) == (2, 2, since_us)
                one.desk.routes["house"].health.succeed(9)
                await mine.tell()
                (rest,) = await mine.all()
                assert (rest.processes, rest.since_us) == (1, later_us), "the other has not tried it since"
                leaving.leave()
                assert await mine.all() == [], "it died, and says nothing any more"

    asyncio.run(live())


def test_what_is_old_is_told_by_nobody_and_forgotten(place: Place) -> None:
    async def live() -> None:
        async with shop(place, Scripted([])) as one, shop(place, Scripted([]), holder="proc_other") as other:
            with process(one, place) as (mine, presence), process(other, place) as (theirs, _):
                one.desk.processes = other.desk.processes = presence.count()
                fail(other)
                await theirs.tell()
                assert len(await mine.all()) == 1
                one.clock.at_us += TOLD_US
                assert await mine.all() == []
                fail(one)
                await mine.tell()
                one.clock.at_us = other.clock.at_us
                assert [told.processes for told in await mine.all()] == [1], "nothing is left of what was old"

    asyncio.run(live())
