"""Kept responses: a conversation comes back in its order, to whoever had it, until its time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from tests.db.opened import Place

from solvent.answering import kept_store
from solvent.answering.forget_old_responses import forget_old_responses
from solvent.answering.forget_response import forget_response
from solvent.answering.keep_response import keep_response
from solvent.answering.kept_response import KeptResponse
from solvent.answering.recall_conversation import recall_conversation
from solvent.db.port import Database
from solvent.values.errors import Invalid, NotFound
from solvent.values.ids import AnswerId, CustomerId
from solvent.values.limits import (
    CONVERSATION_BYTES_MAX,
    CONVERSATION_RESPONSES_MAX,
    RESPONSES_FORGOTTEN_AT_ONCE,
)

KIM, LEE = CustomerId("cus_kim"), CustomerId("cus_lee")


def kept(number: int, previous: int = 0, until_us: int = 100, customer: CustomerId = KIM) -> KeptResponse:
    before = f"ans_{previous}" if previous else ""
    return KeptResponse(AnswerId(f"ans_{number}"), customer, before, until_us, f'[{{"content":"{number} 한 \\u0000"}}]')


def on(place: Place, work: Callable[[Database], Awaitable[None]]) -> None:
    async def run() -> None:
        async with place.opened() as database:
            await work(database)

    asyncio.run(run())


def test_a_conversation_comes_back_oldest_first_and_whole(place: Place) -> None:
    async def work(database: Database) -> None:
        turns = [kept(1), kept(2, 1), kept(3, 2), kept(4, 2)]
        for turn in turns:
            assert await keep_response(turn, database)
        recall = partial(recall_conversation, customer=KIM, database=database, now_us=99)
        assert await recall("ans_3") == [turns[0].items, turns[1].items, turns[2].items]
        assert await recall("ans_4") == [turns[0].items, turns[1].items, turns[3].items], "it may fork"

    on(place, work)


@pytest.mark.parametrize("id", ["ans_2", "ans_3", "ans_none", "", "ans_1\x00"])
def test_what_is_not_theirs_or_not_whole_any_more_is_not_found(place: Place, id: str) -> None:
    async def work(database: Database) -> None:
        for turn in (kept(1, until_us=50), kept(2, 1), kept(3, customer=LEE)):
            await keep_response(turn, database)
        if not id:
            with pytest.raises(NotFound):
                await recall_conversation("ans_1", KIM, database, 50)
            assert await recall_conversation("ans_2", KIM, database, 49)
            return
        with pytest.raises(NotFound) as missing:
            await recall_conversation(id, KIM, database, 50)
        assert (missing.value.code, missing.value.param) == ("no_such_response", "previous_response_id")

    on(place, work)


def test_a_conversation_has_an_end(place: Place) -> None:
    async def work(database: Database) -> None:
        many = [kept(n, n - 1) for n in range(1, CONVERSATION_RESPONSES_MAX + 2)]
        await database.append([(kept_store.append, turn) for turn in many])
        assert len(await recall_conversation(many[-2].id, KIM, database, 0)) == CONVERSATION_RESPONSES_MAX
        with pytest.raises(Invalid):
            await recall_conversation(many[-1].id, KIM, database, 0)
        half = '["' + "가" * (CONVERSATION_BYTES_MAX // 6) + '"]'
        await keep_response(KeptResponse(AnswerId("a"), KIM, "", 9, half), database)
        await keep_response(KeptResponse(AnswerId("b"), KIM, "a", 9, half), database)
        assert await recall_conversation("a", KIM, database, 0) == [half]
        with pytest.raises(Invalid) as full:
            await recall_conversation("b", KIM, database, 0)
        assert full.value.param == "previous_response_id"
        assert not await keep_response(KeptResponse(AnswerId("c"), KIM, "", 9, half + half), database)

    on(place, work)


def test_only_its_customer_has_a_response_forgotten(place: Place) -> None:
    async def work(database: Database) -> None:
        await keep_response(kept(1), database)
        for id, customer in (("ans_1", LEE), ("ans_2", KIM), ("\x00", KIM)):
            with pytest.raises(NotFound):
                await forget_response(id, customer, database)
        assert await recall_conversation("ans_1", KIM, database, 0)
        await forget_response("ans_1", KIM, database)
        with pytest.raises(NotFound):
            await recall_conversation("ans_1", KIM, database, 0)

    on(place, work)


def test_what_is_over_is_deleted_however_much_it_is(place: Place) -> None:
    async def work(database: Database) -> None:
        old = [kept(n, until_us=n) for n in range(1, 2 * RESPONSES_FORGOTTEN_AT_ONCE + 8)]
        await database.append([(kept_store.append, turn) for turn in old])
        assert await forget_old_responses(database, old[-3].until_us) == len(old) - 2
        assert await forget_old_responses(database, old[-3].until_us) == 0
        find = partial(kept_store.response, customer=KIM, now_us=0)
        assert await database.read(partial(find, id=old[-3].id)) is None
        assert await database.read(partial(find, id=old[-2].id)) == old[-2]

    on(place, work)


def test_the_fields_are_the_columns_in_their_order() -> None:
    assert [column.name for column in kept_store.kept_responses.columns] == list(KeptResponse.__struct_fields__)
