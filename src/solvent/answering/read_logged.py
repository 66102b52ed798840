"""Read one answer of the request log. Whoever reads is on record, before they have read a word."""

from __future__ import annotations

from solvent.answering import logged_store
from solvent.answering.logged import Logged
from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.values.errors import NotFound
from solvent.values.ids import CustomerId


async def read_logged(id: str, customer: CustomerId | None, act: Act, database: Database) -> Logged:
    """customer: whose it must be; anybody's for None. Raises NotFound for what is not in the log, or not any more."""

    def work(connection: Connection) -> Logged | None:
        found = logged_store.answer_logged(connection, id, customer, act.at_us)
        if found is not None:
            once(connection, act, "request_log.read", found.customer, lambda: {"answer": found.id}, dict)
        return found

    found = await database.write(work) if id.isprintable() else None
    if found is None:
        message = f"answer {id[:40]!r} is not in the request log, or not any more"
        raise NotFound("not_logged", message, param="id")
    return found
