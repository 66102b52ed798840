"""Questions under an `Idempotency-Key` on the books: one process answers, the others tell it again."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from tests.answering.desks import USAGE, Scripted, reported, said, shop
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.answering.claim_repeat import claim_repeat
from solvent.answering.end_repeat import end_repeat
from solvent.answering.forget_old_repeats import forget_old_repeats
from solvent.answering.repeat import Claim
from solvent.values.errors import Conflict
from solvent.values.ids import AnswerId, KeyId
from solvent.values.instant import DAY_US
from solvent.values.limits import REPEAT_STORED_BYTES_MAX

NOW = 10**15
FIRST = Claim(KeyId("key_kim"), "again", b"\x00print\xff", "proc_a", AnswerId("ans_a"), NOW)
SECOND = msgspec.structs.replace(FIRST, holder="proc_b", answer=AnswerId("ans_b"), asked_us=NOW + 1)


def all_alive(_holder: str) -> bool:
    return True


def only_b(holder: str) -> bool:
    return holder == "proc_b"


def test_one_of_two_processes_answers_and_the_other_tells_what_it_told(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            assert await claim_repeat(FIRST, database, all_alive) is None
            with pytest.raises(Conflict) as caught:
                await claim_repeat(SECOND, database, all_alive)
            assert (caught.value.code, caught.value.retry_after_s) == ("idempotency_in_flight", 1)
            await end_repeat(FIRST, b"told\x00\xff", database)
            assert await claim_repeat(SECOND, database, all_alive) == b"told\x00\xff"
            assert await claim_repeat(SECOND, database, only_b) == b"told\x00\xff", "its process may be gone"
            other = msgspec.structs.replace(SECOND, fingerprint=b"another")
            with pytest.raises(Conflict) as caught:
                await claim_repeat(other, database, all_alive)
            assert caught.value.code == "idempotency_key_conflict"
            theirs = msgspec.structs.replace(SECOND, key=KeyId("key_lee"))
            assert await claim_repeat(theirs, database, all_alive) is None

    asyncio.run(live())


def test_what_is_no_answer_is_asked_anew(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await claim_repeat(FIRST, database, all_alive)
            await end_repeat(FIRST, None, database)
            assert await claim_repeat(SECOND, database, all_alive) is None

    asyncio.run(live())


def test_what_is_too_long_to_be_kept_is_not_charged_again(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await claim_repeat(FIRST, database, all_alive)
            await end_repeat(FIRST, b"x" * (REPEAT_STORED_BYTES_MAX + 1), database)
            with pytest.raises(Conflict) as caught:
                await claim_repeat(SECOND, database, all_alive)
            assert caught.value.code == "idempotency_answer_gone"
            assert "ans_a" in caught.value.message

    asyncio.run(live())


def test_what_a_crash_cut_off_before_it_was_charged_is_answered_by_another_process(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await claim_repeat(FIRST, database, all_alive)
            assert await claim_repeat(SECOND, database, only_b) is None
            await end_repeat(FIRST, b"too late", database)  # it was not gone, only slow: the claim is not its own
            await end_repeat(SECOND, b"told", database)
            assert await claim_repeat(FIRST, database, only_b) == b"told"

    asyncio.run(live())


def test_what_was_charged_before_a_crash_is_not_charged_again(place: Place) -> None:
    async def live() -> None:
        async with shop(place, Scripted([[said(), reported(USAGE)]])) as made:
            caller = await made.customer("kim", 10**12)
            question = made.question()
            claim = msgspec.structs.replace(FIRST, answer=question.id)
            await claim_repeat(claim, made.desk.database, all_alive)
            async for _ in answer(question, caller, made.desk):
                pass
            await made.quiet()
            with pytest.raises(Conflict) as caught:
                await claim_repeat(SECOND, made.desk.database, only_b)
            assert caught.value.code == "idempotency_answer_gone"

    asyncio.run(live())


def test_after_a_day_it_is_a_new_question_and_then_forgotten(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await claim_repeat(FIRST, database, all_alive)
            await end_repeat(FIRST, b"told", database)
            assert await forget_old_repeats(database, NOW + DAY_US) == 0
            late = msgspec.structs.replace(SECOND, asked_us=NOW + DAY_US)
            assert await claim_repeat(late, database, all_alive) is None
            assert await forget_old_repeats(database, NOW + 2 * DAY_US + 1) == 1
            assert await claim_repeat(late, database, all_alive) is None

    asyncio.run(live())
