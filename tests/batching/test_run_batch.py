"""Batches on real books: each line is asked once that can be charged, and told once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from tests.answering.desks import until
from tests.db.opened import Place

from solvent.batching import store
from solvent.batching.asking import Booking, Hands, Told
from solvent.batching.batch import Batch, Line
from solvent.batching.cancel_batch import cancel_batch
from solvent.batching.claim_batch import claim_batch
from solvent.batching.forget_lines import forget_lines
from solvent.batching.open_batch import open_batch
from solvent.batching.run_batch import run_batch
from solvent.db.port import Connection, Database
from solvent.filing import store as filing_store
from solvent.filing.file import File
from solvent.filing.keep_file import keep_file
from solvent.filing.open_file import open_file
from solvent.ledger import store as ledger_store
from solvent.ledger.transfer import hold, void
from solvent.values.errors import NotFound, Refused, SolventError, Unavailable
from solvent.values.ids import AnswerId, CustomerId, KeyId, TransferId
from solvent.values.limits import BATCH_LINES_TAKEN, BATCH_TRIES_MAX
from solvent.values.money import Money

KIM = CustomerId("cus_kim")
CHAT = "/v1/chat/completions"
WINDOW_US = 10**9


class World:
    """One process's hands, and what its questions come to: `plays` has the problems of each line, in their order."""

    def __init__(self, database: Database, holder: str = "proc_a") -> None:
        self.database = database
        self.now = 1_000_000
        self.asked: Counter[str] = Counter()
        self.answers: dict[AnswerId, Booking] = {}
        self.plays: dict[str, list[SolventError | None]] = {}
        self.most_at_once = self._at_once = 0
        self.is_stopping = False
        self.hangs: str = ""
        self._entropy = hash(holder) % 10**6
        self.hands = Hands(
            database, self._now_us, self._some, holder, self._turn, self._ask, lambda _, id: self.answers.get(id), 3,
            lambda: self.is_stopping,
        )  # fmt: skip

    def _now_us(self) -> int:
        self.now += 1
        return self.now

    def _some(self) -> int:
        self._entropy += 1
        return self._entropy

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        yield

    async def _ask(self, endpoint: str, body: bytes, key: KeyId, id: AnswerId) -> Told:
        assert (endpoint, key) == (CHAT, "key_kim")
        name = json.loads(body)["name"]
        self.asked[name] += 1
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(0)
        self._at_once -= 1
        if name == self.hangs:
            await asyncio.Event().wait()
        plays = self.plays.get(name, [])
        problem = plays.pop(0) if plays else None
        if problem is not None:
            return Told(400, b'{"error":{}}', problem)
        self.answers[id] = Booking(False, 5)
        return Told(200, json.dumps({"name": name}).encode(), None, 5)

    async def begin(self, count: int, id: str = "batch_1") -> Batch:
        """Open a batch of so many lines, named 0, 1, 2 and so on."""
        lines = [
            {"custom_id": f"id {n}", "method": "POST", "url": CHAT, "body": {"model": "m", "name": str(n)}}
            for n in range(count)
        ]
        text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)

        async def pieces() -> AsyncIterator[bytes]:
            yield text

        draft = File(f"file_{id}", KIM, "batch", "in", 0, 1, 10**15)
        await keep_file(draft, pieces(), lambda file: file, self.database, bounded=True)
        batch = Batch(id, KIM, KeyId("key_kim"), CHAT, draft.id, "null", 10**12, 1, WINDOW_US)
        await open_batch(batch, self.database)
        return batch

    async def claim(self, id: str = "batch_1", alive: frozenset[str] = frozenset()) -> None:
        found = await claim_batch(self.hands.holder, set(), alive.__contains__, self.database)
        assert found is not None
        assert found.id == id

    async def run(self, id: str = "batch_1") -> Batch:
        await self.claim(id)
        await run_batch(id, self.hands)
        return await self.look(id)

    async def look(self, id: str = "batch_1") -> Batch:
        found = await self.database.read(lambda connection: store.batch(connection, id))
        assert found is not None
        return found

    async def results(self, batch: Batch) -> tuple[dict[str, Any], dict[str, Any]]:
        """By custom id: what is in the output file, and in the error file."""
        told = []
        for id in (batch.output_file, batch.error_file):
            lines = []
            if id:
                file = await self.database.read(lambda c, id=id: filing_store.file(c, id, KIM, self.now))  # type: ignore[misc]
                assert file is not None
                text = b"".join([piece async for piece in open_file(file, self.database)])
                lines = [json.loads(line) for line in text.splitlines()]
            told.append({line["custom_id"]: line for line in lines})
            assert len(told[-1]) == len(lines)
        assert not told[0].keys() & told[1].keys()
        assert len(told[0]) == batch.completed
        assert len(told[1]) == batch.failed
        assert batch.completed + batch.failed == batch.total
        return told[0], told[1]


def on(place: Place, tell: Callable[[World], Awaitable[None]]) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await tell(World(database))

    asyncio.run(live())


def hushed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are no longer than a blink: how long they are is looked at elsewhere."""
    monkeypatch.setattr("solvent.batching.ask_lines.BATCH_PAUSE_S_MAX", 0.001)


def test_every_line_is_asked_once_some_at_once_and_told_in_its_order(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("solvent.batching.check_batch.BATCH_LINES_AT_ONCE", 7)
    count = 2 * BATCH_LINES_TAKEN + 3

    async def tell(world: World) -> None:
        await world.begin(count)
        done = await world.run()
        assert (done.state, done.total, done.completed, done.charge_grains) == ("completed", count, count, 5 * count)
        assert world.asked == Counter(str(n) for n in range(count))
        assert world.most_at_once == 3
        output, errors = await world.results(done)
        assert list(output) == [f"id {n}" for n in range(count)]
        assert not errors
        one = output["id 9"]
        assert one["response"]["body"] == {"name": "9"}
        assert one["response"]["request_id"] in world.answers
        assert await claim_batch("proc_a", set(), lambda _: True, world.database) is None
        assert await world.database.read(store.ended_with_lines) == [done.id]
        await forget_lines(world.database)
        assert await world.database.read(store.ended_with_lines) == []

    on(place, tell)


def test_what_passes_is_waited_for_and_what_fails_is_tried_some_times(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    hushed(monkeypatch)
    fault = Unavailable("upstream_failed", "it broke")

    async def tell(world: World) -> None:
        await world.begin(5)
        world.plays = {
            "0": [Refused("rate_limited", "slowly", retry_after_s=30)] * (2 * BATCH_TRIES_MAX),
            "1": [fault] * (BATCH_TRIES_MAX - 1), "2": [fault] * BATCH_TRIES_MAX,
            "3": [Unavailable("internal_error", "a bug")], "4": [Refused("budget_exceeded", "no")],
        }  # fmt: skip
        done = await world.run()
        output, errors = await world.results(done)
        assert (done.state, set(output), set(errors)) == ("completed", {"id 0", "id 1"}, {"id 2", "id 3", "id 4"})
        assert world.asked == {"0": 2 * BATCH_TRIES_MAX + 1, "1": BATCH_TRIES_MAX, "2": BATCH_TRIES_MAX, "3": 1, "4": 1}

    on(place, tell)


def test_an_answer_that_was_booked_after_all_is_never_asked_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    hushed(monkeypatch)

    async def tell(world: World) -> None:
        await world.begin(1)
        ask = world.hands.ask

        async def unlucky(endpoint: str, body: bytes, key: KeyId, id: AnswerId) -> Told:
            await ask(endpoint, body, key, id)
            return Told(503, b"{}", Unavailable("books_unknown", "cut off"))

        world.hands = msgspec.structs.replace(world.hands, ask=unlucky)
        done = await world.run()
        _, errors = await world.results(done)
        assert errors["id 0"]["error"]["code"] == "answer_lost"
        assert (done.charge_grains, world.asked["0"]) == (5, 1)

    on(place, tell)


def test_what_refuses_every_line_ends_the_batch(place: Place) -> None:
    async def tell(world: World) -> None:
        await world.begin(50)
        world.plays = {"4": [Refused("wallet_empty", "the wallet is empty")]}
        done = await world.run()
        output, errors = await world.results(done)
        assert (done.state, json.loads(done.faults)[0]["code"]) == ("failed", "wallet_empty")
        assert errors["id 4"]["response"]["status_code"] == 400
        assert {told["error"]["code"] for told in errors.values() if told["error"]} == {"wallet_empty"}
        assert 4 <= len(output) < 9
        assert sum(world.asked.values()) == len(output) + 1

    on(place, tell)


def test_what_is_left_when_the_window_is_over_expires(place: Place) -> None:
    async def tell(world: World) -> None:
        await world.begin(60)
        ask = world.hands.ask

        async def late(endpoint: str, body: bytes, key: KeyId, id: AnswerId) -> Told:
            if json.loads(body)["name"] == "9":
                world.now = WINDOW_US
            return await ask(endpoint, body, key, id)

        world.hands = msgspec.structs.replace(world.hands, ask=late)
        done = await world.run()
        output, errors = await world.results(done)
        assert done.state == "expired"
        assert 10 <= len(output) <= BATCH_LINES_TAKEN
        assert {told["error"]["code"] for told in errors.values()} == {"batch_expired"}

    on(place, tell)


def test_a_batch_is_cancelled_by_its_customer_alone_wherever_it_is(place: Place) -> None:
    async def tell(world: World) -> None:
        await world.begin(3)
        for id, customer in (("batch_1", CustomerId("cus_lee")), ("batch_\x00", KIM)):
            with pytest.raises(NotFound):
                await cancel_batch(id, customer, world.database, 9)
        assert (await cancel_batch("batch_1", KIM, world.database, 9)).state == "cancelling"
        done = await world.run()
        assert (done.state, done.total, done.output_file, done.error_file) == ("cancelled", 0, "", "")
        await world.begin(60, "batch_2")
        ask = world.hands.ask

        async def cancelling(endpoint: str, body: bytes, key: KeyId, id: AnswerId) -> Told:
            if json.loads(body)["name"] == "9":
                await cancel_batch("batch_2", KIM, world.database, 9)
            return await ask(endpoint, body, key, id)

        world.hands = msgspec.structs.replace(world.hands, ask=cancelling)
        done = await world.run("batch_2")
        output, errors = await world.results(done)
        assert done.state == "cancelled"
        assert 10 <= len(output) <= BATCH_LINES_TAKEN
        assert {told["error"]["code"] for told in errors.values()} == {"batch_cancelled"}
        assert await world.database.read(lambda c: filing_store.file(c, "file_batch_2", KIM, 10**15)) is None, "unused"

    on(place, tell)


def test_a_batch_whose_process_died_is_gone_on_with(place: Place) -> None:
    """Its lines that were asked: on the books they are lost, in vain they are asked again, and a hold is waited for."""

    async def tell(dead: World) -> None:
        await dead.begin(20)
        dead.hangs = "7"
        await dead.claim()
        running = asyncio.create_task(run_batch("batch_1", dead.hands))
        await until(lambda: sum(dead.asked.values()) == 20)
        await dead.database.write(lambda _: None)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        left = await dead.database.read(lambda connection: store.asked(connection, "batch_1"))
        assert [line.custom_id for line in left] == ["id 7"]
        await dead.database.write(lambda connection: store.change(connection, "batch_1", holder="proc_a"))

        heir = World(dead.database, "proc_b")
        assert await claim_batch("proc_b", set(), lambda _: True, dead.database) is None, "its process lives"
        held = hold(TransferId(f"{left[0].answer}.hold"), 1, "wallet:x", "revenue:answers", Money(5, "KRW"), 10**15,
                    left[0].answer, "proc_a")  # fmt: skip
        await dead.database.write(lambda connection: ledger_store.append(connection, [held]))
        await heir.claim()
        running = asyncio.create_task(run_batch("batch_1", heir.hands))
        await asyncio.sleep(0.05)
        assert not heir.asked, "what is held may yet be booked"
        await dead.database.write(lambda connection: ledger_store.append(connection, [void(held, 2)]))
        await running
        done = await heir.look()
        output, _ = await heir.results(done)
        assert (done.state, len(output), heir.asked) == ("completed", 20, {"7": 1})
        assert done.charge_grains == 100

    on(place, tell)


def test_an_answer_on_the_books_whose_words_died_with_its_process_is_told_as_lost(place: Place) -> None:
    async def tell(world: World) -> None:
        await world.begin(3)
        await world.claim()
        world.is_stopping = True

        def died(connection: Connection) -> None:
            for n, answer in ((1, "ans_booked"), (2, "ans_failed"), (3, "ans_never")):
                store.ask(connection, Line("batch_1", n, f"id {n - 1}", 0, 0), AnswerId(answer))

        world.is_stopping = False
        checked = asyncio.create_task(run_batch("batch_1", world.hands))
        world.plays = {str(n): [Refused("rate_limited", "slowly", retry_after_s=60)] for n in range(3)}
        await until(lambda: sum(world.asked.values()) == 3)
        world.is_stopping = True
        await checked
        assert (await world.look()).holder == "", "it has let go"
        await world.database.write(died)
        world.is_stopping = False
        world.asked.clear()
        world.answers = {AnswerId("ans_booked"): Booking(False, 9), AnswerId("ans_failed"): Booking(True, 0)}
        done = await world.run()
        output, errors = await world.results(done)
        assert (set(output), set(errors), world.asked) == ({"id 1", "id 2"}, {"id 0"}, {"1": 1, "2": 1})
        assert "ans_booked" in errors["id 0"]["error"]["message"]
        assert done.charge_grains == 19

    on(place, tell)


def test_one_batch_of_a_customer_at_a_time_and_no_batch_twice(place: Place) -> None:
    async def tell(world: World) -> None:
        for id in ("batch_1", "batch_2", "batch_3"):
            await world.begin(1, id)
        claim = claim_batch

        async def claimed(holder: str, *running: str, alive: str = "proc_a proc_b") -> str | None:
            found = await claim(holder, set(running), alive.split().__contains__, world.database)
            return found.id if found else None

        both = await asyncio.gather(claimed("proc_a"), claimed("proc_b"))
        assert set(both) == {None, "batch_1"}
        mine, other = ("proc_a", "proc_b") if both[0] else ("proc_b", "proc_a")
        assert await claimed(mine, "batch_1") is None
        assert await claimed(mine) == "batch_1", "what this process does not run any more is begun again"
        await cancel_batch("batch_3", KIM, world.database, 9)
        assert await claimed(other) == "batch_3", "what only ends waits for nobody"
        assert await claimed(other, alive=other) == "batch_1", "the dead leave it to others"

    on(place, tell)


def test_a_customer_has_so_many_batches_and_files_of_their_own(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def tell(world: World) -> None:
        batch = await world.begin(1)
        monkeypatch.setattr("solvent.batching.open_batch.BATCHES_UNFINISHED_MAX", 3)
        for change in ({"customer": "cus_lee"}, {"input_file": "file_9"}, {"input_file": "\x00"}):
            with pytest.raises(NotFound):
                await open_batch(msgspec.structs.replace(batch, id="batch_x", **change), world.database)
        for n in (2, 3):
            await open_batch(msgspec.structs.replace(batch, id=f"batch_{n}"), world.database)
        with pytest.raises(Refused):
            await open_batch(msgspec.structs.replace(batch, id="batch_x"), world.database)

    on(place, tell)
