"""Take what people are to be told, for whoever posts letters: of many who do, one gets each."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from solvent.db.port import Connection, Database
from solvent.identity import news_store, person_store
from solvent.identity.news import News, is_over
from solvent.identity.person import Person
from solvent.values.limits import NEWS_AT_ONCE


async def claim_news(
    database: Database, now_us: int, in_zone: ZoneInfo, most: int = NEWS_AT_ONCE
) -> list[tuple[News, Person]]:
    """Returns each with whom it goes to. What is not ended is sent again after a while, ever more rarely.

    in_zone: where months begin. What came too late to tell anybody is ended unsent.
    """

    def work(connection: Connection) -> list[tuple[News, Person]]:
        found: list[tuple[News, Person]] = []
        for one in news_store.claim(connection, now_us, most):
            person = person_store.among(connection, [one.person]).get(one.person)
            if person is None or person.closed_us or is_over(one, person, now_us, in_zone):
                news_store.end(connection, one)
            else:
                found.append((one, person))
        return found

    if not await database.read(lambda connection: news_store.is_due(connection, now_us)):
        return []
    return await database.write(work)
