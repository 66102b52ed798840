"""Verify the books: the chain, the sums, every hold's end, and the projections kept of the journal."""

from __future__ import annotations

from solvent.db.port import Connection, Database
from solvent.ledger import pot_store, store
from solvent.ledger.balance import Calendar
from solvent.ledger.chain import Head
from solvent.ledger.verdict import Verdict, Verification
from solvent.values.period import zone


async def verify_books(database: Database, known_head: Head | None = None) -> Verdict:
    """known_head: of the chain, kept elsewhere earlier. Reads one snapshot, also while answers are booked."""

    def work(connection: Connection) -> Verdict:
        head = store.mark(connection, store.CHAIN)  # the first read: the snapshot begins with it
        calendar = Calendar(zone(store.mark(connection, store.TIME_ZONE) or store.DEFAULT_TIME_ZONE))
        verification = Verification(calendar, known_head)
        for transfer, written in store.chained(connection):
            verification.add(transfer, written)
        return verification.verdict(head, store.balances_by_month(connection), pot_store.all_leased(connection))

    return await database.read(work)
