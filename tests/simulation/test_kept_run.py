"""Kept runs: names that fit a path and a shell, papers that come back, and room for newer ones."""

from __future__ import annotations

import asyncio
from functools import partial
from urllib.parse import quote, unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.db.opened import Place

from solvent.audit.act import Act
from solvent.db.port import Database
from solvent.simulation import keep_run as keeping
from solvent.simulation import kept_run
from solvent.simulation import kept_run_store as store
from solvent.simulation.forget_run import forget_run
from solvent.simulation.keep_run import keep_run
from solvent.simulation.kept_run import Brief, BriefScenario, KeptRun, packed, run_name, unpacked
from solvent.values.errors import Conflict, Invalid, NotFound, Refused
from solvent.values.limits import RUN_UNPACKED_BYTES_MAX

BRIEF = Brief("KRW", "the books", 7, ("plus",), (BriefScenario("plus", -5, 3, 120), BriefScenario("pro", 9)))
SAID, REPORT = b'{"scenarios": []}', "<!doctype html><title>\ubcf4\uace0\uc11c</title>"


def run(name: str, at_us: int = 1, *, is_dated: int = 0) -> KeptRun:
    return KeptRun(name, at_us, "simulate", "cli:kim", is_dated, "solvent simulate", msgspec.json.encode(BRIEF), 0)


async def keep(
    database: Database, name: str, at_us: int = 1, *, is_dated: int = 0, key: str = "", said: bytes = SAID
) -> str:
    act = Act("cli:kim", key or f"{name}/{at_us}", "", at_us)
    return (await keep_run(run(name, at_us, is_dated=is_dated), packed(said, REPORT), act, database)).name


@given(some.text(max_size=70))
def test_a_name_is_refused_or_fits_a_path_as_it_is(text: str) -> None:
    try:
        name = run_name(text)
    except Invalid:
        return
    assert not set(name) & set("/\\?#&%<>\"' \x00\n$`;")
    assert not name.startswith(("-", "."))
    assert unquote(quote(name)) == name == run_name(name)


@pytest.mark.parametrize("name", ["", "-rf", "..", "a/b", "a b", "new", "compare", "asked", "x" * 61, "a\n", "\u200b"])
def test_names_that_could_be_something_else_are_refused(name: str) -> None:
    with pytest.raises(Invalid, match="cannot be called"):
        run_name(name)


def test_the_best_of_a_run_is_what_leaves_most() -> None:
    assert BRIEF.best == BriefScenario("pro", 9)
    assert Brief("KRW", "nobody", 0).best is None


def test_papers_come_back_and_too_large_ones_are_not_kept() -> None:
    papers = packed(SAID, REPORT)
    assert (unpacked(papers.said), unpacked(papers.report).decode()) == (SAID, REPORT)
    with pytest.raises(Invalid, match="compare fewer plans"):
        packed(b" " * (RUN_UNPACKED_BYTES_MAX + 1), "")


def test_runs_are_kept_found_and_forgotten(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            assert await keep(database, "autumn") == "autumn"
            assert await keep(database, "autumn", key="autumn/1") == "autumn"  # the same act
            with pytest.raises(Conflict, match="already"):
                await keep(database, "autumn", 2)
            await keep(database, "\uac00\uc744", 5)
            found = await database.read(partial(store.runs_page, count=5, before=None))
            assert [one.name for one in found] == ["\uac00\uc744", "autumn"]
            assert await database.read(partial(store.runs_page, count=5, before=(5, "\uac00\uc744"))) == found[1:]
            assert found[1].told == BRIEF
            papers = await database.read(partial(store.papers_of, name="autumn"))
            assert unpacked(papers.report).decode() == REPORT
            assert await forget_run("autumn", Act("a", "k", "", 9), database) == ("autumn", True)
            assert await forget_run("autumn", Act("a", "k", "", 9), database) == ("autumn", False)
            with pytest.raises(NotFound):
                await forget_run("autumn", Act("a", "k2", "", 9), database)
            with pytest.raises(NotFound):
                await database.read(partial(store.papers_of, name="autumn"))

    asyncio.run(live())


def test_dated_runs_make_room_and_named_ones_do_not(
    tmp_path: object, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_run, "RUNS_DATED_MAX", 2)
    monkeypatch.setattr(keeping, "RUNS_NAMED_MAX", 2)

    async def live() -> None:
        async with place.opened() as database:
            await keep(database, "first", 1)
            names = [await keep(database, "2026-11-28-101500", at, is_dated=1) for at in (2, 3, 4)]
            assert names == ["2026-11-28-101500", "2026-11-28-101500.2", "2026-11-28-101500.3"]
            await keep(database, "second", 5)
            with pytest.raises(Refused, match="2 named runs"):
                await keep(database, "third", 6)
            found = await database.read(partial(store.runs_page, count=9, before=None))
            assert [one.name for one in found] == ["second", *names[:0:-1], "first"]

    asyncio.run(live())
