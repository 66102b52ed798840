"""Begin a turn: keep a question before it is asked, in a new conversation or further on in one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from solvent.db.port import Connection, Database
from solvent.talking import store
from solvent.talking.context import Context, context_of
from solvent.talking.conversation import Conversation, Owner, no_such_conversation, title_of
from solvent.talking.turn import Asking, Document, Picture, Turn, check_asking, path_to
from solvent.values.errors import Invalid, Refused
from solvent.values.ids import ConversationId, TurnId, new_id
from solvent.values.limits import CONVERSATION_TURNS_MAX, CONVERSATIONS_MAX

_UNTITLED: Final = "…"  # of a question without words


class Begun(msgspec.Struct, frozen=True):
    """A turn that is about to be asked, where it stands, and what the model gets to read."""

    conversation: Conversation
    turn: Turn
    context: Context


async def begin_turn(
    asking: Asking, owner: Owner, database: Database, now_us: int, entropy: Callable[[], int], *, sees: bool
) -> Begun:
    """sees: whether the model can be shown pictures.

    Raises NotFound for another's conversation or turn, Invalid for what is no question, and Refused where there are
    too many already.
    """
    check_asking(asking)

    def work(connection: Connection) -> Begun:
        conversation, turns = _where(connection, asking, owner, now_us, entropy)
        asked, pictures, documents = _beside(connection, asking, turns)
        if asked.after and asked.after not in turns:
            raise no_such_conversation()
        if len(turns) >= CONVERSATION_TURNS_MAX:
            raise Refused("conversation_full", "this conversation is as long as one can be; begin another")
        if pictures and not sees:
            raise Invalid("pictures_not_seen", "this model sees no pictures; choose another, or take them away")
        id = TurnId(new_id("turn", now_us, entropy()))
        turn = Turn(
            id, conversation.id, asked.after, now_us, asked.question, len(pictures), asked.model_class, asked.model,
            asked.receipt,
        )  # fmt: skip
        path = [*path_to(turns, asked.after), turn]
        shown = store.pictures_of(connection, [each.id for each in path if each.pictures])
        read = store.documents_of(connection, [each.id for each in path])
        context = context_of(path, {**shown, id: pictures}, {**read, id: documents}, sees=sees)
        turn = msgspec.structs.replace(turn, left_out=context.left_out)
        store.add_turn(connection, turn, pictures, documents)
        store.change(connection, conversation.id, leaf=id, used_us=now_us)
        return Begun(msgspec.structs.replace(conversation, leaf=id, used_us=now_us), turn, context)

    return await database.write(work)


def _where(
    connection: Connection, asking: Asking, owner: Owner, now_us: int, entropy: Callable[[], int]
) -> tuple[Conversation, dict[TurnId, Turn]]:  # fmt: skip
    if asking.conversation:
        found = store.conversation(connection, asking.conversation, owner)
        if found is None:
            raise no_such_conversation()
        return found, store.turns_of(connection, found.id)
    if store.count_of(connection, owner) >= CONVERSATIONS_MAX:
        raise Refused("too_many_conversations", "there are as many conversations as can be kept; delete some first")
    id = ConversationId(new_id("con", now_us, entropy()))
    title = title_of(asking.question or next((each.name for each in asking.documents), "")) or _UNTITLED
    made = Conversation(id, owner.customer, owner.person, title, now_us, now_us)
    store.add(connection, made)
    return made, {}


def _beside(
    connection: Connection, asking: Asking, turns: dict[TurnId, Turn]
) -> tuple[Asking, list[Picture], list[Document]]:  # fmt: skip
    if not asking.instead_of:
        return asking, list(asking.pictures), list(asking.documents)
    former = turns.get(asking.instead_of)
    if former is None:
        raise no_such_conversation()
    question = asking.question if asking.question.strip() else former.question
    pictures = store.pictures_of(connection, [former.id]).get(former.id, []) if former.pictures else []
    documents = store.documents_of(connection, [former.id]).get(former.id, [])
    return msgspec.structs.replace(asking, after=former.parent, question=question), pictures, documents
