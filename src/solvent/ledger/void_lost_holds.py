"""Void the holds that nobody will resolve any more, and end the leases of processes that are gone.

At start and then every minute: a hold is lost when its process is gone (nothing holds its place, `db.presence`) or its
time is over; a pledge, which nobody holds and no time ends, never is. The look is at a snapshot, so that no answer
waits for it; a mark in the journal, before the first hold that was open, keeps it from reading what it has seen.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from solvent.db.port import Connection, Database
from solvent.ledger import pot_store, store
from solvent.ledger.transfer import Transfer, void

MARK = "holds_seen_until_seq"
NOTHING_SEEN = "-1"
ANSWERS_END = "ans`"  # sorts after every id that begins with ans_


class Seen(msgspec.Struct, frozen=True):
    """mark: a place in the journal before which no hold is open. lost: the holds to void, by their places.
    gone: the processes whose leases end."""

    mark: int
    lost: dict[int, Transfer]
    gone: set[str]


async def void_lost_holds(database: Database, now_us: int, is_alive: Callable[[str], bool]) -> list[Transfer]:
    """Returns the holds that were voided. is_alive: whether the process that is named as a holder still runs."""
    seen = await database.read(lambda connection: _look(connection, now_us, is_alive))

    def work(connection: Connection) -> list[Transfer]:
        lost = list(seen.lost.values())
        if lost:  # but those that have ended since
            lost = store.open_at(connection, sorted(seen.lost))
            store.append(connection, [void(hold, now_us) for hold in lost])
        for holder in seen.gone:
            pot_store.end_leases(connection, holder)
        if seen.mark > _mark(connection):
            store.set_mark(connection, MARK, str(seen.mark))
        return lost

    return await database.write(work)


def _look(connection: Connection, now_us: int, is_alive: Callable[[str], bool]) -> Seen:
    holds = store.open_since(connection, _mark(connection), ANSWERS_END)
    known = {hold.holder for _, hold in holds} | pot_store.holders(connection)
    gone = {holder for holder in known if holder and not is_alive(holder)}
    lost = {seq: hold for seq, hold in holds if hold.holder in gone or _expired(hold, now_us)}
    return Seen(holds[0][0] - 1 if holds else store.last_seq(connection), lost, gone)


def _mark(connection: Connection) -> int:
    return int(store.mark(connection, MARK) or NOTHING_SEEN)


def _expired(hold: Transfer, now_us: int) -> bool:
    return hold.expires_us is not None and hold.expires_us <= now_us
