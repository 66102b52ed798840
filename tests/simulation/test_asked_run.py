"""Runs that were asked for: one at a time, and every one of them ends and says how."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from tests.db.opened import Place
from tests.simulation.test_kept_run import keep

from solvent.audit.act import Act
from solvent.audit.store import changes_between
from solvent.db.port import Database
from solvent.simulation import asked_run_store as store
from solvent.simulation.ask_run import ask_run
from solvent.simulation.asked_run import AskedRun, End, files_in, files_packed
from solvent.simulation.cancel_run import cancel_run
from solvent.simulation.claim_run import claim_run
from solvent.simulation.end_run import end_run
from solvent.simulation.tell_run import tell_run
from solvent.values.errors import Conflict, NotFound
from solvent.values.limits import ASKED_RUNS_KEPT_MAX

FILES = files_packed({"trace.csv": b"\x00at"})


def act(key: str) -> Act:
    return Act("key_kim", key, "", 7)


async def ask(database: Database, id: str, keep: str = "") -> AskedRun:
    return await ask_run(id, ["simulate", f"--seed={id}"], FILES, keep, act(id), database)


async def claim(database: Database, holder: str, *alive: str) -> tuple[AskedRun, bytes] | None:
    return await claim_run(holder, lambda one: one in (holder, *alive), 8, database)


async def end(database: Database, id: str, state: str = "done") -> None:
    await end_run(id, End(state, run="spring"), 9, database)  # type: ignore[arg-type]


def test_one_runs_at_a_time_is_told_of_and_ends(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            asked = await ask(database, "sim_1")
            assert (asked.state, asked.actor, asked.words) == ("waiting", "key_kim", ["simulate", "--seed=sim_1"])
            assert (await ask(database, "sim_1")).id == "sim_1"  # the same act
            with pytest.raises(Conflict, match="runs already"):
                await ask(database, "sim_2")
            found = await claim(database, "one")
            assert found is not None
            assert (found[0].holder, files_in(found[1])) == ("one", {"trace.csv": b"\x00at"})
            assert await claim(database, "two", "one") is None
            told = await tell_run(found[0], "replaying", 3, 9, database)
            assert (told.stage, told.done, told.whole) == ("replaying", 3, 9)
            await end(database, "sim_1")
            await end(database, "sim_1", "lost")  # it has ended already
            done = await database.read(partial(store.by_id, id="sim_1"))
            assert (done.state, done.run, done.ended_us, done.holder) == ("done", "spring", 9, "")
            assert await database.read(partial(store.files_of, id="sim_1")) == b""
            with pytest.raises(Conflict, match="nothing left to cancel"):
                await cancel_run("sim_1", act("late"), database)
            await ask(database, "sim_2")

    asyncio.run(story())


def test_whoever_waits_or_runs_is_cancelled_and_that_is_on_record(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            await ask(database, "sim_1")
            assert (await cancel_run("sim_1", act("c1"), database)).state == "cancelled"
            assert await claim(database, "one") is None
            await ask(database, "sim_2")
            found = await claim(database, "one")
            assert found is not None
            assert (await cancel_run("sim_2", act("c2"), database)).state == "cancelling"
            assert (await tell_run(found[0], "reading", 0, 0, database)).state == "cancelling"
            with pytest.raises(NotFound):
                await cancel_run("sim_9", act("c9"), database)
            made = await database.read(lambda connection: changes_between(connection, 0, 99))
            assert sorted(one.action for one in made) == ["simulation.ask"] * 2 + ["simulation.cancel"] * 2

    asyncio.run(story())


@pytest.mark.parametrize("state", ["running", "cancelling"])
def test_one_whose_process_died_is_told_as_lost(place: Place, state: str) -> None:
    async def story() -> None:
        async with place.opened() as database:
            await ask(database, "sim_1")
            assert await claim(database, "one") is not None
            await database.write(partial(store.change, id="sim_1", state=state))
            assert await claim(database, "two", "one") is None  # it lives
            assert (await database.read(partial(store.by_id, id="sim_1"))).state == state
            assert await claim(database, "two") is None
            lost = await database.read(partial(store.by_id, id="sim_1"))
            assert (lost.state, lost.code, lost.ended_us) == ("lost", "service_stopped", 8)
            await ask(database, "sim_2")

    asyncio.run(story())


def test_a_name_that_is_taken_is_refused_before_anything_runs(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            await keep(database, "spring")
            with pytest.raises(Conflict, match="'spring' already"):
                await ask(database, "sim_1", "spring")
            assert await database.read(store.active) == []

    asyncio.run(story())


def test_only_the_newest_that_ended_are_remembered(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            for number in range(ASKED_RUNS_KEPT_MAX + 5):
                await ask(database, f"sim_{number:02}")
                await end(database, f"sim_{number:02}")
            await ask(database, "sim_90")
            found = await database.read(partial(store.newest, count=99))
            assert [one.id for one in found[:2]] == ["sim_90", "sim_24"]
            assert len(found) == ASKED_RUNS_KEPT_MAX + 1

    asyncio.run(story())
