"""Open a document that came with a question of one's own."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.talking import store
from solvent.talking.conversation import Owner, no_such_conversation
from solvent.talking.turn import Document
from solvent.values.ids import TurnId


async def open_document(turn: str, number: int, owner: Owner, database: Database) -> Document:
    """number: from 0 on. Raises NotFound for another's, and where there is none."""

    def work(connection: Connection) -> Document:
        found = store.turn(connection, turn, owner) if turn.isprintable() else None
        documents = store.documents_of(connection, [TurnId(turn)]).get(TurnId(turn), []) if found is not None else []
        if not 0 <= number < len(documents):
            raise no_such_conversation()
        return documents[number]

    return await database.read(work)
