"""A conversation as a document: Markdown to read, or JSON to go on with elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from solvent.talking.context import as_text
from solvent.talking.conversation import Conversation
from solvent.talking.turn import Document, Turn
from solvent.values.ids import TurnId
from solvent.values.instant import iso


def as_markdown(
    conversation: Conversation, path: Sequence[Turn], documents: Mapping[TurnId, Sequence[Document]],
    asked: str, answered: str,
) -> bytes:  # fmt: skip
    """The branch that is shown. asked, answered: what questions and answers are called."""
    parts = [f"# {conversation.title}"]
    for turn in path:
        parts += [f"## {asked}", turn.question, *(as_text(each) for each in documents.get(turn.id, ()))]
        if turn.answer:
            parts += [f"## {answered}", turn.answer]
    return ("\n\n".join(parts) + "\n").encode()


def as_json(
    conversation: Conversation, turns: Sequence[Turn], documents: Mapping[TurnId, Sequence[Document]]
) -> bytes:  # fmt: skip
    """All branches. parent: of each turn, says how they hang together."""
    told = {
        "title": conversation.title,
        "created_at": iso(conversation.created_us),
        "shown": conversation.leaf or None,
        "turns": [
            {
                "id": turn.id, "parent": turn.parent or None, "at": iso(turn.at_us), "question": turn.question,
                "pictures": turn.pictures, "answer": turn.answer, "state": turn.state, "receipt": turn.receipt,
                "documents": documents.get(turn.id, ()),
            }
            for turn in turns
        ],
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(told), indent=2)
