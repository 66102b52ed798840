"""A conversation: whose it is, what it is called, and which of its branches is shown."""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.values.errors import Invalid, NotFound
from solvent.values.ids import ConversationId, CustomerId, PersonId, TurnId
from solvent.values.limits import CONVERSATION_TITLE_CHARACTERS_MAX

_TITLE_CHARACTERS: Final = 48  # of one that is taken from a question


class Owner(msgspec.Struct, frozen=True):
    """Whose conversations: a person's, while they belong to that customer."""

    customer: CustomerId
    person: PersonId


class Conversation(msgspec.Struct, frozen=True):
    """Its fields are the columns of `conversations`, in their order.

    leaf: the last turn of the branch that is shown; "" while there is none. link: under which anybody may read it up
    to the turn `shared`; None for none. used_us: when it was last asked in. deleted_us: 0 while it was not.
    """

    id: ConversationId
    customer: CustomerId
    person: PersonId
    title: str
    created_us: int
    used_us: int
    leaf: TurnId = TurnId("")
    link: str | None = None
    shared: TurnId = TurnId("")
    deleted_us: int = 0


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different; None leaves a thing as it is. link: "" takes it back. is_deleted: False brings back."""

    title: str | None = None
    leaf: TurnId | None = None
    link: str | None = None
    is_deleted: bool | None = None


def clean_title(text: str) -> str:
    """A title on one line. Raises Invalid for an empty one, and one that is too long."""
    clean = " ".join(text.split())
    if not clean or len(clean) > CONVERSATION_TITLE_CHARACTERS_MAX or not clean.isprintable():
        words = f"a title has 1 to {CONVERSATION_TITLE_CHARACTERS_MAX} characters that can be printed"
        raise Invalid("bad_title", words, param="title")
    return clean


def title_of(question: str) -> str:
    """The beginning of a question, cut between words where it has some; "" of one without words."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in question[:400]).split())
    if len(clean) <= _TITLE_CHARACTERS:
        return clean
    cut = clean[: _TITLE_CHARACTERS - 1]
    at = cut.rfind(" ")
    return f"{cut[:at] if at > _TITLE_CHARACTERS // 2 else cut}…"


def no_such_conversation() -> NotFound:
    """There is none, or it is somebody else's: nobody is told which."""
    return NotFound("no_such_conversation", "there is no such conversation here; it may have been deleted")
