"""The tables of conversations, their turns, and the pictures and documents that came with them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from solvent.db.tables import metadata
from solvent.talking.conversation import Conversation, Owner
from solvent.talking.turn import Document, Picture, Turn
from solvent.values.ids import ConversationId, TurnId

conversations = Table(
    "conversations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("customer", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=False),
    Column("leaf", Text, nullable=False),
    Column("link", Text),
    Column("shared", Text, nullable=False),
    Column("deleted_us", BigInteger, nullable=False),
    Index("ix_conversations_person_used_us", "person", "used_us"),
    Index("uq_conversations_link", "link", unique=True),
    Index("ix_conversations_deleted_us", "deleted_us"),
)
turns = Table(
    "turns",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation", Text, nullable=False),
    Column("parent", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("question", Text, nullable=False),
    Column("pictures", BigInteger, nullable=False),
    Column("model_class", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("fault", Text, nullable=False),
    Column("left_out", BigInteger, nullable=False),
    Index("ix_turns_conversation", "conversation", "id"),
)
turn_pictures = Table(
    "turn_pictures",
    metadata,
    Column("turn", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
turn_documents = Table(
    "turn_documents",
    metadata,
    Column("turn", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("pages", BigInteger, nullable=False),
    Column("pages_read", BigInteger, nullable=False),
    Column("is_cut", BigInteger, nullable=False),
)
_ITS = conversations.c


def add(connection: Connection, conversation: Conversation) -> None:
    """Keep a new conversation."""
    connection.execute(insert(conversations).values(**msgspec.structs.asdict(conversation)))


def count_of(connection: Connection, owner: Owner) -> int:
    """How many somebody has."""
    chosen = select(func.count()).select_from(conversations).where(*_whose(owner))
    return int(connection.execute(chosen).scalar_one())


def conversation(connection: Connection, id: str, owner: Owner, *, deleted: bool = False) -> Conversation | None:
    """One of theirs; None where they have none such. deleted: one that they deleted, too."""
    chosen = select(conversations).where(_ITS.id == id, *_whose(owner))
    row = connection.execute(chosen if deleted else chosen.where(_ITS.deleted_us == 0)).first()
    return Conversation(*row) if row else None


def linked(connection: Connection, link: str) -> Conversation | None:
    """What anybody may read under a link."""
    row = connection.execute(select(conversations).where(_ITS.link == link, _ITS.deleted_us == 0)).first()
    return Conversation(*row) if row else None


def newest(connection: Connection, owner: Owner, sought: str, before_us: int, count: int) -> list[Conversation]:
    """The last ones used, newest first. sought: words of a title, question, document or answer; "" for any.
    before_us: 0 for the newest."""
    chosen = select(conversations).where(*_whose(owner), _ITS.deleted_us == 0)
    if before_us:
        chosen = chosen.where(_ITS.used_us < before_us)
    if sought:
        there = select(turns.c.conversation).where(
            turns.c.conversation == _ITS.id,
            or_(_has(turns.c.question, sought), _has(turns.c.answer, sought)),
        )
        on = turns.c.id == turn_documents.c.turn
        attached = select(turns.c.conversation).join(turn_documents, on).where(
            turns.c.conversation == _ITS.id,
            or_(_has(turn_documents.c.name, sought), _has(turn_documents.c.text, sought)),
        )  # fmt: skip
        chosen = chosen.where(or_(_has(_ITS.title, sought), there.exists(), attached.exists()))
    rows = connection.execute(chosen.order_by(_ITS.used_us.desc(), _ITS.id.desc()).limit(count))
    return [Conversation(*row) for row in rows]


def change(connection: Connection, id: ConversationId, **columns: str | int | None) -> None:
    """Give a conversation another title, branch, link, use or end."""
    connection.execute(update(conversations).where(_ITS.id == id).values(**columns))


def add_turn(
    connection: Connection, turn: Turn, pictures: Sequence[Picture], documents: Sequence[Document]
) -> None:  # fmt: skip
    """Keep a question."""
    connection.execute(insert(turns).values(**msgspec.structs.asdict(turn)))
    for number, picture in enumerate(pictures):
        connection.execute(
            insert(turn_pictures).values(
                turn=turn.id, number=number, media_type=picture.media_type, data=picture.data
            )
        )  # fmt: skip
    if documents:
        rows = [
            {"turn": turn.id, "number": number, **msgspec.structs.asdict(one), "is_cut": int(one.is_cut)}
            for number, one in enumerate(documents)
        ]
        connection.execute(insert(turn_documents), rows)


def change_turn(connection: Connection, id: TurnId, **columns: str | int) -> None:
    """Keep what came of a question."""
    connection.execute(update(turns).where(turns.c.id == id).values(**columns))


def turn(connection: Connection, id: str, owner: Owner) -> Turn | None:
    """One turn of theirs."""
    its = conversations.c.id == turns.c.conversation
    chosen = select(turns).join(conversations, its).where(turns.c.id == id, *_whose(owner), _ITS.deleted_us == 0)
    row = connection.execute(chosen).first()
    return Turn(*row) if row else None


def turns_of(connection: Connection, conversation: ConversationId) -> dict[TurnId, Turn]:
    """All turns of a conversation, the oldest first."""
    rows = connection.execute(select(turns).where(turns.c.conversation == conversation).order_by(turns.c.id))
    return {row.id: Turn(*row) for row in rows}


def pictures_of(connection: Connection, ids: Sequence[TurnId]) -> dict[TurnId, list[Picture]]:
    """The pictures that came with some turns."""
    found: dict[TurnId, list[Picture]] = {}
    chosen = select(turn_pictures).where(turn_pictures.c.turn.in_(ids)).order_by(turn_pictures.c.number)
    for row in connection.execute(chosen):
        found.setdefault(row.turn, []).append(Picture(row.media_type, bytes(row.data)))
    return found


def documents_of(
    connection: Connection, ids: Sequence[TurnId], *, with_text: bool = True
) -> dict[TurnId, list[Document]]:  # fmt: skip
    """The documents that came with some turns; with_text: else their texts are ""."""
    its, found = turn_documents.c, dict[TurnId, list[Document]]()
    text = its.text if with_text else literal("").label("text")
    chosen = select(its.turn, its.name, its.size, text, its.pages, its.pages_read, its.is_cut)
    for row in connection.execute(chosen.where(its.turn.in_(ids)).order_by(its.number)):
        document = Document(row.name, row.size, row.text, row.pages, row.pages_read, bool(row.is_cut))
        found.setdefault(row.turn, []).append(document)
    return found


def forget_all(connection: Connection, owner: Owner) -> int:
    """Take all of somebody's conversations away, for the next `forget` to delete for good; how many there were."""
    return connection.execute(update(conversations).where(*_whose(owner)).values(deleted_us=1, link=None)).rowcount


def forget(connection: Connection, before_us: int, most: int) -> int:
    """Delete up to `most` conversations for good that were deleted before an instant; how many there were."""
    over = select(_ITS.id).where(_ITS.deleted_us > 0, _ITS.deleted_us < before_us).limit(most)
    ids = [row[0] for row in connection.execute(over)]
    theirs = select(turns.c.id).where(turns.c.conversation.in_(ids))
    connection.execute(delete(turn_pictures).where(turn_pictures.c.turn.in_(theirs)))
    connection.execute(delete(turn_documents).where(turn_documents.c.turn.in_(theirs)))
    connection.execute(delete(turns).where(turns.c.conversation.in_(ids)))
    connection.execute(delete(conversations).where(_ITS.id.in_(ids)))
    return len(ids)


def _whose(owner: Owner) -> tuple[ColumnElement[bool], ...]:
    return _ITS.customer == owner.customer, _ITS.person == owner.person


def _has(column: Column[str], sought: str) -> ColumnElement[bool]:
    return func.lower(column).contains(sought.lower(), autoescape=True)
