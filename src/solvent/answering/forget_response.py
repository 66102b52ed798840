"""Forget a kept response, because its customer says so."""

from __future__ import annotations

from functools import partial

from solvent.answering import kept_store
from solvent.db.port import Database
from solvent.values.errors import NotFound
from solvent.values.ids import CustomerId


async def forget_response(id: str, customer: CustomerId, database: Database) -> None:
    """Delete it; what went on from it cannot be gone on from any more. Raises NotFound where they have none such."""
    found = id.isprintable() and await database.write(partial(kept_store.forget, id=id, customer=customer))
    if not found:
        raise NotFound("no_such_response", f"response {id[:40]!r} is not kept, or not any more", param="id")
