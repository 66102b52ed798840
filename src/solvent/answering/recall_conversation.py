"""Recall the conversation that a question goes on from."""

from __future__ import annotations

from solvent.answering import kept_store
from solvent.db.port import Connection, Database
from solvent.values.errors import Invalid, NotFound
from solvent.values.ids import CustomerId
from solvent.values.limits import CONVERSATION_BYTES_MAX, CONVERSATION_RESPONSES_MAX


async def recall_conversation(id: str, customer: CustomerId, database: Database, now_us: int) -> list[str]:
    """The items of all its responses up to this one, oldest first: a JSON array each.

    Raises NotFound("no_such_response") where one of them is not kept for this customer, and Invalid for too many.
    """

    def read(connection: Connection) -> list[str]:
        found: list[str] = []
        left, at = CONVERSATION_BYTES_MAX, id
        while at:
            kept = kept_store.response(connection, at, customer, now_us)
            if kept is None:
                raise _not_kept(at)
            left -= len(kept.items.encode())
            if left < 0 or len(found) == CONVERSATION_RESPONSES_MAX:
                raise _too_long()
            found.append(kept.items)
            at = kept.previous
        return found[::-1]

    if not id.isprintable():  # a database may refuse to look for what is not
        raise _not_kept(id)
    return await database.read(read)


def _not_kept(id: str) -> NotFound:
    message = f"previous_response_id: response {id[:40]!r} is not kept, or not any more; send the conversation as input"
    return NotFound("no_such_response", message, param="previous_response_id")


def _too_long() -> Invalid:
    message = (
        f"previous_response_id: the conversation has grown past {CONVERSATION_RESPONSES_MAX} responses or "
        f"{CONVERSATION_BYTES_MAX:,} bytes; begin another, with what matters of it as input"
    )
    return Invalid("bad_request", message, param="previous_response_id")
