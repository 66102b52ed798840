"""Texts are found by how they begin, whatever is in them, and by an index."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, insert, select
from tests.db.opened import Place

from solvent.db.prefix import begins_with
from solvent.ledger.store import marks

TEXTS = ("a", "a:", "a:b", "a%b", "a_b", "ab", "A:b", "a:한", "a:\U0010fffe", "b", "a/b", "")


def test_texts_are_found_by_how_they_begin(place: Place) -> None:
    def found(connection: Connection, prefix: str) -> set[str]:
        return set(
            connection.execute(select(marks.c.name).where(begins_with(connection, marks.c.name, prefix))).scalars()
        )

    async def live() -> None:
        async with place.opened() as database:
            rows = [{"name": f"test {text}", "value": ""} for text in TEXTS]
            await database.write(lambda c: c.execute(insert(marks), rows).rowcount)
            for start in ("", "a", "a:", "a%", "a_", "A", "a:한", "b", "c", "a/"):
                names = await database.read(lambda c, start=start: found(c, f"test {start}"))  # type: ignore[misc]
                assert names == {f"test {text}" for text in TEXTS if text.startswith(start)}, start
            assert len(await database.read(lambda c: found(c, ""))) >= len(TEXTS)

    asyncio.run(live())


def test_an_index_finds_them_in_sqlite(place: Place) -> None:
    if place.url:
        return  # there it depends on how the database sorts
    engine = place.engine()
    with engine.connect() as connection:
        chosen = select(marks).where(begins_with(connection, marks.c.name, "a:"))
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN " + str(chosen.compile(engine, compile_kwargs={"literal_binds": True}))
        ).all()
        assert "SEARCH" in str(plan)
    engine.dispose()
