"""Open a picture of what somebody shares: for whoever has the link, while it leads anywhere."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.talking import store
from solvent.talking.conversation import no_such_conversation
from solvent.talking.turn import Picture, path_to


async def open_shared_picture(link: str, place: int, number: int, database: Database) -> Picture:
    """place: of the turn in the branch that was shared, number: of its picture; both from 0 on.

    Raises NotFound for a link that leads nowhere, or no more, and for what is not in that branch.
    """

    def work(connection: Connection) -> Picture:
        found = store.linked(connection, link) if link.isprintable() else None
        path = path_to(store.turns_of(connection, found.id), found.shared) if found is not None else []
        if not 0 <= place < len(path):
            raise no_such_conversation()
        pictures = store.pictures_of(connection, [path[place].id]).get(path[place].id, [])
        if not 0 <= number < len(pictures):
            raise no_such_conversation()
        return pictures[number]

    return await database.read(work)
