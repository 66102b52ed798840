"""News on both databases: told once, to one of those who post, and again where a process ended in between."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
from tests.db.opened import Place
from tests.office.acts import NOW_US

from solvent.db.group_commit import GroupCommit
from solvent.identity import news_store, person_store
from solvent.identity.claim_news import claim_news
from solvent.identity.end_news import end_news
from solvent.identity.forget_old_sessions import forget_old_sessions
from solvent.identity.news import News, news
from solvent.identity.person import Person
from solvent.values.ids import PersonId
from solvent.values.instant import DAY_US, US_PER_S
from solvent.values.limits import (
    NEWS_A_DAY_MAX,
    NEWS_AT_ONCE,
    NEWS_DAYS,
    NEWS_OF_SPENDING_A_DAY_MAX,
    NEWS_TRIES_MAX,
    NEWS_TRY_S,
)

KIM = Person(PersonId("psn_kim"), "kim@example.com", "Kim", "owner", None, "ko", NOW_US, confirmed_us=NOW_US)
TRY_US = NEWS_TRY_S * US_PER_S
SEOUL = ZoneInfo("Asia/Seoul")


async def told(database: GroupCommit, *all_of_them: News) -> None:
    for one in all_of_them:
        await database.write(lambda c, one=one: news_store.tell(c, one))  # type: ignore[misc]


async def claimed(database: GroupCommit, at_us: int) -> list[str]:
    return [one.id for one, _ in await claim_news(database, at_us, SEOUL)]


def test_each_is_told_once_by_one_and_again_where_nobody_knows_that_it_was(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database, place.opened() as other:
            await database.write(lambda c: person_store.add(c, KIM, ""))
            month = news(KIM.id, "spending_near", NOW_US, "november 800", used=8, limit=10)
            await told(database, month, month, msgspec.structs.replace(month, at_us=NOW_US + 5))
            both = await asyncio.gather(claimed(database, NOW_US), claimed(other, NOW_US))
            assert sorted(both) == [[], [month.id]]  # and whoever took it ends here, before it is known to be sent
            assert await claimed(other, NOW_US + TRY_US - 1) == []
            assert await claimed(other, NOW_US + TRY_US) == [month.id]
            await end_news(month, other)
            await told(other, month)  # another process saw the same
            assert await claimed(database, NOW_US + DAY_US) == []
            (kept,) = await database.read(lambda c: news_store.of_spending(c, [KIM.id]))
            assert kept.about == month.about  # what is told next depends on it
            access = news(KIM.id, "linked", NOW_US, provider="google")
            await told(other, access)
            await end_news(access, other)
            rows = await database.read(lambda c: list(c.execute(news_store.table.select())))
            assert [row.about for row in rows if row.id == access.id] == ["{}"]
            await forget_old_sessions(database, NOW_US + NEWS_DAYS * DAY_US)
            assert not await database.read(lambda c: list(c.execute(news_store.table.select())))

    asyncio.run(story())


def test_what_nobody_takes_is_tried_ever_more_rarely_and_at_last_no_more(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            await database.write(lambda c: person_store.add(c, KIM, ""))
            await told(database, news(KIM.id, "linked", NOW_US, provider="google"))
            tried, at_us = [], NOW_US
            for _ in range(2 * NEWS_TRIES_MAX):
                if await claimed(database, at_us):
                    tried.append(at_us)
                at_us = NOW_US + ((at_us - NOW_US) * 2 + TRY_US)
            assert [(after - before) // TRY_US for before, after in pairwise(tried)] == [
                2**n for n in range(NEWS_TRIES_MAX - 1)
            ]

    asyncio.run(story())


def test_nobody_is_told_without_end_nor_once_their_account_is_closed(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            await database.write(lambda c: person_store.add(c, KIM, ""))
            await told(database, *(news(KIM.id, "recovery_renewed", NOW_US + n) for n in range(NEWS_A_DAY_MAX + 5)))
            limit = news(KIM.id, "spending_near", NOW_US + 50, "x", used=1, limit=2)
            await told(database, limit)
            found: list[str] = []
            while more := await claimed(database, NOW_US + 99):
                assert len(more) <= NEWS_AT_ONCE
                found += more
            assert len(set(found)) == NEWS_A_DAY_MAX + 1
            assert limit.id in found
            await told(database, news(KIM.id, "reset", NOW_US + DAY_US + 50))
            await database.write(lambda c: person_store.change(c, KIM.id, closed_us=NOW_US))
            assert await claimed(database, NOW_US + 2 * DAY_US) == []
            await database.write(lambda c: news_store.forget_of(c, KIM.id))
            assert not await database.read(lambda c: list(c.execute(news_store.table.select())))

    asyncio.run(story())


def test_what_came_too_late_to_tell_anybody_is_ended_unsent(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            for person in (KIM, msgspec.structs.replace(KIM, id="psn_lee", email="lee@example.com", confirmed_us=0)):
                await database.write(lambda c, person=person: person_store.add(c, person, ""))  # type: ignore[misc]
            old = [news(KIM.id, "reset", NOW_US - n * DAY_US) for n in (1, 40)]  # while there was no mail server
            month = news(KIM.id, "spending_near", NOW_US, "november", used=1, limit=2)
            nobody = news(PersonId("psn_lee"), "spending_near", NOW_US, "november", used=1, limit=2)
            fresh = news(KIM.id, "linked", NOW_US - DAY_US + 1, provider="google")
            await told(database, *old, month, nobody, fresh)
            assert set(await claimed(database, NOW_US)) == {month.id, fresh.id}
            assert set(await claimed(database, NOW_US + DAY_US)) == {month.id, fresh.id}  # it was tried: again
            assert await claimed(database, NOW_US + 31 * DAY_US) == [fresh.id]
            assert await claimed(database, NOW_US + 61 * DAY_US) == [fresh.id]

    asyncio.run(story())


def test_of_limits_one_is_told_a_few_times_a_day(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            for n in range(NEWS_OF_SPENDING_A_DAY_MAX + 3):
                await told(database, news(KIM.id, "spending_near", NOW_US + n, str(n), used=1, limit=2))
            await told(database, news(KIM.id, "reset", NOW_US))  # of which there may be more
            told_of = await database.read(lambda c: news_store.of_spending(c, [KIM.id]))
            assert len(told_of) == NEWS_OF_SPENDING_A_DAY_MAX

    asyncio.run(story())
