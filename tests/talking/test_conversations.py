"""Conversations on both databases: branches, whose they are, links, and what stays when they are deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from itertools import count

import msgspec
import pytest
from tests.db.opened import Place

from solvent.db.port import Database
from solvent.talking import store
from solvent.talking.begin_turn import Begun, begin_turn
from solvent.talking.change_conversation import change_conversation
from solvent.talking.conversation import Change, Owner
from solvent.talking.end_turn import end_turn
from solvent.talking.forget_deleted import forget_deleted
from solvent.talking.list_conversations import list_conversations
from solvent.talking.open_document import open_document
from solvent.talking.open_picture import open_picture
from solvent.talking.read_conversation import read_conversation
from solvent.talking.read_shared import read_shared
from solvent.talking.read_turn import read_turn
from solvent.talking.turn import Asking, Document, Picture, beside, path_to
from solvent.values.errors import Invalid, NotFound, Refused
from solvent.values.ids import AnswerId, ConversationId, CustomerId, PersonId, TurnId
from solvent.values.instant import US_PER_S
from solvent.values.limits import CONVERSATION_UNDO_S

AT_US = 1_790_000_000_000_000
KIM = Owner(CustomerId("cus_kim"), PersonId("per_kim"))
# Another person of the same customer, and the same person at another one.
OTHERS = (Owner(CustomerId("cus_kim"), PersonId("per_lee")), Owner(CustomerId("cus_lee"), PersonId("per_kim")))
PICTURE = Picture("image/png", b"\x89PNG")
NOTE = Document("메모.pdf", 1_200, "Words of a note", 2, 1, is_cut=True)
_NUMBERS = count(1)


async def asked(database: Database, question: str, owner: Owner = KIM, answer: str = "", **more: object) -> Begun:
    number = next(_NUMBERS)
    asking = Asking(question=question, model_class="quick", model="small", receipt=AnswerId(f"ans_{number}"))
    asking = msgspec.structs.replace(asking, **more)
    begun = await begin_turn(asking, owner, database, AT_US + number, lambda: number, sees=True)
    if answer:
        await end_turn(begun.turn.id, answer, "answered", "", database)
    return begun


async def nowhere(looking: Awaitable[object]) -> None:
    with pytest.raises(NotFound) as problem:
        await looking
    assert problem.value.code == "no_such_conversation"


def test_a_question_asked_again_or_anew_stands_beside_the_former_one(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            one = await asked(database, "What is a  receipt?\nSay it briefly.", answer="A record.")
            id = one.conversation.id
            assert one.conversation.title == "What is a receipt? Say it briefly."
            two = await asked(database, "And a hold?", conversation=id, after=one.turn.id, answer="Set aside.")
            told = [message["content"] for message in two.context.messages]
            assert told == ["What is a  receipt?\nSay it briefly.", "A record.", "And a hold?"]
            again = await asked(database, "", conversation=id, instead_of=two.turn.id, answer="Kept for you.")
            edited = await asked(database, "And a posting?", conversation=id, instead_of=two.turn.id)
            assert (again.turn.question, again.turn.parent) == ("And a hold?", one.turn.id)
            found, turns = await read_conversation(id, KIM, database, AT_US)
            assert [turn.question for turn in path_to(turns, found.leaf)] == [one.turn.question, "And a posting?"]
            assert beside(turns.values(), one.turn.id) == [two.turn.id, again.turn.id, edited.turn.id]
            deep = await asked(database, "More", conversation=id, after=again.turn.id)
            shown = await change_conversation(id, KIM, Change(leaf=two.turn.id), database, AT_US)
            assert shown.leaf == two.turn.id
            shown = await change_conversation(id, KIM, Change(leaf=again.turn.id), database, AT_US)
            assert shown.leaf == deep.turn.id
            assert (await read_turn(again.turn.id, KIM, database, AT_US)).answer == "Kept for you."

    asyncio.run(story())


def test_what_is_anothers_is_not_there(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            one = await asked(database, "Secret", answer="Words", pictures=(PICTURE,))
            mine = await asked(database, "Mine", owner=OTHERS[0])
            id, turn = one.conversation.id, one.turn.id
            assert await open_picture(turn, 0, KIM, database) == PICTURE
            for other in OTHERS:
                await nowhere(read_conversation(id, other, database, AT_US))
                await nowhere(read_turn(turn, other, database, AT_US))
                await nowhere(open_picture(turn, 0, other, database))
                await nowhere(asked(database, "Mine?", owner=other, conversation=id))
                for change in (Change(title="x"), Change(leaf=turn), Change(link="x"), Change(is_deleted=True)):
                    await nowhere(change_conversation(id, other, change, database, AT_US))
                assert id not in {each.id for each in await list_conversations(other, "", 0, database)}
            # Nor can a turn of another conversation be gone on from, asked again, or shown.
            its = mine.conversation.id
            for more in ({"after": turn}, {"instead_of": turn}):
                await nowhere(asked(database, "Mine?", owner=OTHERS[0], conversation=its, **more))
            await nowhere(change_conversation(its, OTHERS[0], Change(leaf=turn), database, AT_US))
            await nowhere(open_picture(turn, 1, KIM, database))
            await nowhere(read_conversation("con_\x00", KIM, database, AT_US))

    asyncio.run(story())


def test_what_is_looked_for_is_found_in_titles_questions_and_answers(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            latte = await asked(database, "딸기라떼 원가는?", answer="3,224원이 남습니다. 100% 우유로요.")
            menu = await asked(database, "Winter MENU", answer="Soup")

            async def found(sought: str, before_us: int = 0) -> list[ConversationId]:
                return [each.id for each in await list_conversations(KIM, sought, before_us, database)]

            assert await found("") == [menu.conversation.id, latte.conversation.id]
            assert await found("", menu.conversation.used_us) == [latte.conversation.id]
            assert await found("라떼") == await found("우유") == await found("100%") == [latte.conversation.id]
            assert await found(" menu ") == await found("soUP") == [menu.conversation.id]
            assert await found("_") == await found("100%%") == []
            await change_conversation(menu.conversation.id, KIM, Change(title=" Spring \n menu "), database, AT_US)
            assert [each.title for each in await list_conversations(KIM, "spring", 0, database)] == ["Spring menu"]
            for wrong in ("", " ", "x" * 121, "a\x00b"):
                with pytest.raises(Invalid):
                    await change_conversation(menu.conversation.id, KIM, Change(title=wrong), database, AT_US)
            with pytest.raises(Invalid):
                await found("\x00")

    asyncio.run(story())


def test_a_link_shows_the_branch_as_it_was_until_it_is_taken_back(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            one = await asked(database, "One", answer="1")
            id = one.conversation.id
            await change_conversation(id, KIM, Change(link="token"), database, AT_US)
            await asked(database, "Private", conversation=id, after=one.turn.id)
            _, path = await read_shared("token", database, AT_US)
            assert [turn.question for turn in path] == ["One"]
            await change_conversation(id, KIM, Change(is_deleted=True), database, AT_US)
            await nowhere(read_shared("token", database, AT_US))
            await change_conversation(id, KIM, Change(is_deleted=False), database, AT_US)
            assert await read_shared("token", database, AT_US)
            await change_conversation(id, KIM, Change(link=""), database, AT_US)
            for link in ("token", "", "None", "\x00"):
                await nowhere(read_shared(link, database, AT_US))

    asyncio.run(story())


def test_what_was_deleted_can_be_had_back_for_a_while(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            one, two = [await asked(database, word, pictures=(PICTURE,), documents=(NOTE,)) for word in ("One", "Two")]
            for each in (one, two):
                await change_conversation(each.conversation.id, KIM, Change(is_deleted=True), database, AT_US)
                await nowhere(read_conversation(each.conversation.id, KIM, database, AT_US))
                await nowhere(open_picture(each.turn.id, 0, KIM, database))
                await nowhere(open_document(each.turn.id, 0, KIM, database))
            assert await list_conversations(KIM, "", 0, database) == []
            await change_conversation(one.conversation.id, KIM, Change(is_deleted=False), database, AT_US)
            later_us = AT_US + CONVERSATION_UNDO_S * US_PER_S + 1
            assert await forget_deleted(database, later_us - 1) == 0
            assert await forget_deleted(database, later_us) == 1
            await nowhere(
                change_conversation(two.conversation.id, KIM, Change(is_deleted=False), database, later_us)
            )  # fmt: skip
            assert await open_picture(one.turn.id, 0, KIM, database) == PICTURE
            assert await open_document(one.turn.id, 0, KIM, database) == NOTE
            for owner in OTHERS:
                await nowhere(open_document(one.turn.id, 0, owner, database))
            ids = [one.turn.id, two.turn.id]
            kept = await database.read(lambda connection: store.documents_of(connection, ids))
            assert kept == {one.turn.id: [NOTE]}, "what is gone for good is gone with its documents"
            found = await list_conversations(KIM, "of a note", 0, database)
            assert [each.id for each in found] == [one.conversation.id]

    asyncio.run(story())


def test_what_is_no_question_is_refused_and_nothing_is_kept(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with place.opened() as database:
            too_many = (PICTURE,) * 5
            for question in (" ", "x" * 100_001, "\x00"):
                with pytest.raises(Invalid):
                    await asked(database, question)
            for pictures in (too_many, (Picture("image/png", b"x" * 2_100_000),)):
                with pytest.raises(Invalid):
                    await asked(database, "x", pictures=pictures)
            asking = Asking(question="x", model_class="", model="", receipt=AnswerId("a"), pictures=(PICTURE,))
            with pytest.raises(Invalid) as blind:
                await begin_turn(asking, KIM, database, AT_US, lambda: 1, sees=False)
            assert blind.value.code == "pictures_not_seen"
            assert await list_conversations(KIM, "", 0, database) == []
            monkeypatch.setattr("solvent.talking.begin_turn.CONVERSATIONS_MAX", 1)
            monkeypatch.setattr("solvent.talking.begin_turn.CONVERSATION_TURNS_MAX", 1)
            one = await asked(database, "One")
            with pytest.raises(Refused):
                await asked(database, "Two")
            with pytest.raises(Refused):
                await asked(database, "Two", conversation=one.conversation.id, after=TurnId(one.turn.id))

    asyncio.run(story())
