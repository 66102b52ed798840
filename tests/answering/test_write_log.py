"""The request log on the books: written behind the answers, bounded, read on record, forgotten in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
import pytest
from tests.db.opened import Place

from solvent.answering import logged_store
from solvent.answering.forget_logged import forget_logged
from solvent.answering.forget_old_logged import forget_old_logged
from solvent.answering.heard import Heard
from solvent.answering.logbook import Logbook
from solvent.answering.logged import Logged, Redact
from solvent.answering.question import Question
from solvent.answering.read_logged import read_logged
from solvent.answering.write_log import write_log
from solvent.app.logbook import redacts
from solvent.audit.act import by_system
from solvent.audit.store import changes_between
from solvent.billing.plan import LogTerms
from solvent.db.group_commit import GroupCommit
from solvent.identity.caller import Customer
from solvent.identity.store import add_customer
from solvent.providers.port import Chunk
from solvent.values.errors import NotFound
from solvent.values.ids import AnswerId, CustomerId, KeyId
from solvent.values.instant import DAY_US, NEVER_US
from solvent.values.limits import LOG_FORGOTTEN_AT_ONCE, LOG_WAITING_BYTES_MAX, LOG_WAITING_MAX, LOG_WRITTEN_AT_ONCE

KIM, LEE = CustomerId("cus_kim"), CustomerId("cus_lee")
AT_US = 1_000


def on(place: Place, work: Callable[[GroupCommit], Awaitable[None]]) -> None:
    async def run() -> None:
        async with place.opened() as database:
            await work(database)

    asyncio.run(run())


def heard(number: int, words: str = "안녕 kim@example.com \x00", days: int = 1) -> Heard:
    members = {"prompt": msgspec.Raw(msgspec.json.encode(words))}
    question = Question(AnswerId(f"ans_{number:05}"), AT_US, "small", members, True, 0, None)
    one = Heard(question, KIM, KeyId("key_1"), "small", LogTerms("text", ("email",), days))
    one.hear(Chunk({"choices": msgspec.Raw(b'[{"text": "Yes."}]')}))
    return one


def row(number: int, customer: CustomerId = KIM, until_us: int = NEVER_US, model: str = "small") -> Logged:
    id = AnswerId(f"ans_{number:05}")
    return Logged(id, customer, KeyId("key_1"), model, "chat", AT_US, until_us, "text", 1, 2, '"asked"', '"told"')


async def fill(database: GroupCommit, *rows: Logged) -> None:
    await database.append([(logged_store.append, one) for one in rows])


def test_what_waits_is_written_masked(place: Place) -> None:
    async def work(database: GroupCommit) -> None:
        logbook = Logbook(redacts=redacts)
        for n in range(2 * LOG_WRITTEN_AT_ONCE + 3):
            logbook.put(heard(n))
        await write_log(logbook, database)
        assert (logbook.written, logbook.dropped, logbook.is_written) == (2 * LOG_WRITTEN_AT_ONCE + 3, 0, False)
        found = await database.read(lambda c: logged_store.answer_logged(c, "ans_00007", KIM, AT_US))
        assert found is not None
        assert found.asked == '{"prompt":"안녕 [EMAIL] \\u0000"}'
        assert found.told == '{"texts":[{"said":"reply","text":"Yes."}]}'
        assert found.until_us == AT_US + DAY_US
        assert await database.read(lambda c: logged_store.answer_logged(c, found.id, None, found.until_us)) is None

    on(place, work)


def test_more_than_can_wait_is_dropped_and_counted() -> None:
    started = list[int]()
    logbook = Logbook(redacts=redacts, start=lambda: started.append(1))
    for n in range(LOG_WAITING_MAX + 7):
        logbook.put(heard(n))
    assert (logbook.dropped, len(started)) == (7, 1)
    assert len(logbook.take(10**9)) == LOG_WAITING_MAX
    large = "x" * (LOG_WAITING_BYTES_MAX // 3)
    for n in range(4):
        logbook.put(heard(n, large))
    assert logbook.dropped == 7 + 2
    logbook.take(1)
    logbook.put(heard(9, large))
    assert logbook.dropped == 7 + 2, "there is room again"


def test_what_cannot_be_written_is_dropped_alone(place: Place) -> None:
    async def work(database: GroupCommit) -> None:
        logbook = Logbook(redacts=redacts)
        logbook.put(heard(1))
        await write_log(logbook, database)
        for n in (2, 1, 3):  # there is a first one already
            logbook.put(heard(n))
        await write_log(logbook, database)
        assert (logbook.written, logbook.dropped) == (3, 1)

    on(place, work)


def test_what_cannot_be_made_is_dropped_alone(place: Place) -> None:
    def redacts_but_one(kinds: tuple[str, ...]) -> Redact:
        def redact(words: str, most: int) -> str:
            if "odd" in words:
                raise ValueError(words)
            return redacts(kinds)(words, most)

        return redact

    async def work(database: GroupCommit) -> None:
        logbook = Logbook(redacts=redacts_but_one)
        for n, words in enumerate(("plain", "odd", "plain")):
            logbook.put(heard(n, words))
        await write_log(logbook, database)
        assert (logbook.written, logbook.dropped, logbook.is_written) == (2, 1, False)

    on(place, work)


def test_a_reader_is_on_record_and_reads_only_what_is_theirs(place: Place) -> None:
    async def work(database: GroupCommit) -> None:
        await fill(database, row(1), row(2, LEE), row(3, until_us=AT_US))
        read = partial(read_logged, database=database)
        assert (await read("ans_00001", KIM, by_system("a", AT_US))).asked == '"asked"'
        assert (await read("ans_00002", None, by_system("b", AT_US))).customer == LEE
        for id, whose in (("ans_00002", KIM), ("ans_00003", KIM), ("ans_none", None), ("\x00", None)):
            with pytest.raises(NotFound) as missing:
                await read(id, whose, by_system("c", AT_US))
            assert missing.value.code == "not_logged"
        done = await database.read(lambda c: changes_between(c, 0, NEVER_US))
        assert {(one.action, one.subject, one.result) for one in done} == {
            ("request_log.read", KIM, b'{"answer":"ans_00001"}'), ("request_log.read", LEE, b'{"answer":"ans_00002"}'),
        }  # fmt: skip

    on(place, work)


def test_a_list_is_newest_first_and_has_no_texts(place: Place) -> None:
    async def work(database: GroupCommit) -> None:
        await fill(
            database, *(row(n, model="small" if n % 2 else "large") for n in range(6)), row(6, LEE), row(7, KIM, 5)
        )

        async def ids(count: int = 10, **wanted: str | int) -> list[int]:
            found = await database.read(lambda c: logged_store.newest_logged(c, count, AT_US, **wanted))  # type: ignore[arg-type]
            assert not any(one.asked or one.told for one in found)
            return [int(one.id[-1]) for one in found]

        assert await ids() == [6, 5, 4, 3, 2, 1, 0]
        assert await ids(2, customer=KIM) == [5, 4]
        assert await ids(2, customer=KIM, model="large", before="ans_00004") == [2, 0]
        assert await ids(since_us=AT_US + 1) == []

    on(place, work)


def test_what_is_over_is_deleted_however_much_it_is(place: Place) -> None:
    async def work(database: GroupCommit) -> None:
        await fill(database, *(row(n, until_us=n) for n in range(2 * LOG_FORGOTTEN_AT_ONCE + 9)))
        assert await forget_old_logged(database, 2 * LOG_FORGOTTEN_AT_ONCE + 5) == 2 * LOG_FORGOTTEN_AT_ONCE + 6
        assert await forget_old_logged(database, 2 * LOG_FORGOTTEN_AT_ONCE + 5) == 0
        left = await database.read(lambda c: logged_store.newest_logged(c, 10, 0))
        assert len(left) == 3

    on(place, work)


def test_a_customer_is_forgotten_once_and_nobody_else_is(place: Place) -> None:
    async def work(database: GroupCommit) -> None:
        await database.write(lambda c: add_customer(c, Customer(KIM, "Kim", "", 0)))
        await fill(database, *(row(n) for n in range(LOG_FORGOTTEN_AT_ONCE + 5)), row(90_000, LEE))
        count = LOG_FORGOTTEN_AT_ONCE + 5
        assert await forget_logged(KIM, by_system("forget/1", AT_US), database) == count
        assert await forget_logged(KIM, by_system("forget/1", AT_US), database) == count, (
            "what came of it the first time"
        )
        assert await forget_logged(KIM, by_system("forget/2", AT_US), database) == 0
        assert [one.customer for one in await database.read(lambda c: logged_store.newest_logged(c, 10, 0))] == [LEE]
        with pytest.raises(NotFound):
            await forget_logged(LEE, by_system("forget/3", AT_US), database)

    on(place, work)


def test_the_fields_are_the_columns_in_their_order() -> None:
    assert [column.name for column in logged_store.logged_answers.columns] == list(Logged.__struct_fields__)


def test_books_that_take_no_more_cost_the_log_and_nothing_else(place: Place) -> None:
    async def run() -> None:
        async with place.opened() as database:
            logbook = Logbook(redacts=redacts)
            logbook.put(heard(1))
        await write_log(logbook, database)  # they are closed by now
        assert (logbook.written, logbook.dropped) == (0, 1)

    asyncio.run(run())
