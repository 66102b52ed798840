"""A turn: a question and what was answered. Turns with the same parent are other ways to go on from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from solvent.values.errors import Invalid
from solvent.values.ids import AnswerId, ConversationId, TurnId
from solvent.values.instant import US_PER_S
from solvent.values.limits import (
    ANSWER_S_MAX,
    COUNT_MAX,
    DOCUMENTS_MAX,
    FILE_NAME_CHARACTERS_MAX,
    QUESTION_CHARACTERS_MAX,
    TALK_PICTURES_BYTES_MAX,
    TALK_PICTURES_MAX,
)

# asked: its answer is on its way. stopped: whoever asked left or said stop. failed: with a fault; what was told until
# then is kept all the same.
State = Literal["asked", "answered", "stopped", "failed"]


class Turn(msgspec.Struct, frozen=True):
    """Its fields are the columns of `turns`, in their order.

    parent: the turn that it goes on from; "" at the beginning. pictures: how many came with the question. model_class:
    that was asked for, and model: that was asked. receipt: under which the answer is on the books. fault: the code of
    what went wrong. left_out: how many turns before it the model was not shown.
    """

    id: TurnId
    conversation: ConversationId
    parent: TurnId
    at_us: int
    question: str
    pictures: int
    model_class: str
    model: str
    receipt: AnswerId
    answer: str = ""
    state: State = "asked"
    fault: str = ""
    left_out: int = 0


class Picture(msgspec.Struct, frozen=True):
    """One that came with a question. media_type: such as image/png."""

    media_type: str
    data: bytes


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The text of a file that came with a question; of a PDF, of its first `pages_read` pages. size: of the file, in
    bytes. pages: 0 for a file that has none. is_cut: whether the file has more than this."""

    name: str
    size: int
    text: str
    pages: int = 0
    pages_read: int = 0
    is_cut: bool = False


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be asked. conversation: "" for a new one.

    after: the turn that it goes on from; "" at the beginning. instead_of: a turn beside which it is to stand; then
    `after` is that one's, and so are its pictures and documents, and its question where `question` is "".
    """

    question: str
    model_class: str
    model: str
    receipt: AnswerId
    conversation: ConversationId = ConversationId("")
    after: TurnId = TurnId("")
    instead_of: TurnId = TurnId("")
    pictures: tuple[Picture, ...] = ()
    documents: tuple[Document, ...] = ()


def check_asking(asking: Asking) -> None:
    """Raises Invalid for a question that is none, or too much."""
    if len(asking.question) + sum(len(each.text) for each in asking.documents) > QUESTION_CHARACTERS_MAX:
        words = f"a question has at most {QUESTION_CHARACTERS_MAX:,} characters; ask it in parts"
        raise Invalid("question_too_long", words, param="question")
    if not asking.question.strip() and not asking.instead_of and not asking.documents:
        raise Invalid("question_empty", "write a question first", param="question")
    if "\x00" in asking.question:
        raise Invalid("bad_question", "the question has a character that cannot be kept", param="question")
    _check_documents(asking.documents)
    if len(asking.pictures) > TALK_PICTURES_MAX:
        words = f"at most {TALK_PICTURES_MAX} pictures come with a question"
        raise Invalid("too_many_pictures", words, param="pictures")
    if sum(len(picture.data) for picture in asking.pictures) > TALK_PICTURES_BYTES_MAX:
        words = f"the pictures of a question have at most {TALK_PICTURES_BYTES_MAX // 1024} KiB together"
        raise Invalid("pictures_too_large", words, param="pictures")


def _check_documents(documents: Sequence[Document]) -> None:
    if len(documents) > DOCUMENTS_MAX:
        raise Invalid("too_many_documents", f"at most {DOCUMENTS_MAX} files come with a question", param="documents")
    for each in documents:
        is_named = 0 < len(each.name) <= FILE_NAME_CHARACTERS_MAX and each.name.isprintable()
        is_told = all(0 <= number <= COUNT_MAX for number in (each.size, each.pages, each.pages_read))
        if not is_named or not is_told or not each.text.strip() or "\x00" in each.text:
            words = "a file of a question has a name and a text; attach it again"
            raise Invalid("bad_document", words, param="documents")


def settled(turn: Turn, now_us: int) -> Turn:
    """The turn as it is to be read: one whose answer cannot be on its way any more was cut off with its process."""
    if turn.state == "asked" and now_us > turn.at_us + (int(ANSWER_S_MAX) + 120) * US_PER_S:
        return msgspec.structs.replace(turn, state="failed", fault="upstream_cut_off")
    return turn


def path_to(turns: Mapping[TurnId, Turn], leaf: TurnId) -> list[Turn]:
    """The branch that ends in a turn, from the beginning; empty for ""."""
    path = []
    at = turns.get(leaf)
    while at is not None:
        path.append(at)
        at = turns.get(at.parent)
    return path[::-1]


def beside(turns: Iterable[Turn], parent: TurnId) -> list[TurnId]:
    """The ways to go on from a turn, the oldest first."""
    return sorted(turn.id for turn in turns if turn.parent == parent)


def leaf_under(turns: Sequence[Turn], id: TurnId) -> TurnId:
    """Where the newest branch under a turn ends."""
    newest: dict[TurnId, TurnId] = {}
    for turn in turns:
        newest[turn.parent] = max(turn.id, newest.get(turn.parent, TurnId("")))
    while id in newest:
        id = newest[id]
    return id
