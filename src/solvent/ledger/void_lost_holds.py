"""Void the holds that nobody will resolve any more, and end the leases of processes that are gone.

Runs at start and then every minute. A process is gone when nothing holds its place any more (`db.presence`); a
hold is lost when its process is gone or its time is over. A mark in the journal keeps it from reading what it
has seen.
"""

from __future__ import annotations

from collections.abc import Callable

from solvent.db.port import Connection, Database
from solvent.ledger import pot_store, store
from solvent.ledger.transfer import Transfer, void
from solvent.values.ids import new_id
from solvent.values.instant import US_PER_S
from solvent.values.limits import HOLD_S_MAX, REQUEST_BODY_WHOLE_S_MAX

MARK = "holds_seen_until"
ANSWERS_END = "ans`"  # sorts after every id that begins with ans_


async def void_lost_holds(database: Database, now_us: int, is_alive: Callable[[str], bool]) -> list[Transfer]:
    """Returns the holds that were voided. is_alive: whether the process that is named as a holder still runs."""

    def work(connection: Connection) -> list[Transfer]:
        holds = store.open_holds(connection, store.mark(connection, MARK), ANSWERS_END)
        known = {hold.holder for hold in holds} | pot_store.holders(connection)
        gone = {holder for holder in known if holder and not is_alive(holder)}
        lost = [hold for hold in holds if hold.holder in gone or _expired(hold, now_us)]
        if lost:
            store.append(connection, [void(hold, now_us) for hold in lost])
        for holder in gone:
            pot_store.end_leases(connection, holder)
        # Every hold that old has expired, so it was voided above if it was still open.
        # An id is born before its question's body is read, and the hold's time runs from after that.
        seen_us = now_us - (HOLD_S_MAX + int(REQUEST_BODY_WHOLE_S_MAX) + 60) * US_PER_S
        store.set_mark(connection, MARK, new_id("ans", seen_us, 0))
        return lost

    return await database.write(work)


def _expired(hold: Transfer, now_us: int) -> bool:
    return hold.expires_us is not None and hold.expires_us <= now_us
