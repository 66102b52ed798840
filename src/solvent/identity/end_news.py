"""Write down that somebody was told: it is not sent again."""

from __future__ import annotations

from solvent.db.port import Database
from solvent.identity import news_store
from solvent.identity.news import News


async def end_news(told: News, database: Database) -> None:
    """Again is allowed and does nothing."""
    await database.write(lambda connection: news_store.end(connection, told))
