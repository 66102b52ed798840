"""End a claim: keep what was told for whoever asks again, or let the question be asked anew."""

from __future__ import annotations

from solvent.answering import repeat_store
from solvent.answering.repeat import Claim
from solvent.db.port import Connection, Database
from solvent.values.limits import REPEAT_STORED_BYTES_MAX


async def end_repeat(claim: Claim, told: bytes | None, database: Database) -> None:
    """told: the whole response; None for one that is no answer, and cost nothing."""

    def work(connection: Connection) -> None:
        if told is None:
            repeat_store.give_up(connection, claim)
        else:
            repeat_store.keep(connection, claim, told if len(told) <= REPEAT_STORED_BYTES_MAX else None)

    await database.write(work)
