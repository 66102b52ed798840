"""The profit and loss of a month, and what is owned and owed at its end: from the ledger, for each currency."""

from __future__ import annotations

from solvent.billing import close_store
from solvent.db.port import Connection, Database
from solvent.ledger.books import Books, books_of


async def month_books(month: int, database: Database) -> list[Books]:
    """month: such as 202611. Of a closed month as it was closed; of an open one as it stands now, with VAT still in
    the revenue of what was used, and subscriptions not recognised yet.
    """

    def work(connection: Connection) -> list[Books]:
        closing = close_store.closing_of(connection, month)
        if closing is not None:
            return books_of(month, closing.accounts, is_closed=True)
        return books_of(month, close_store.accounts_until(connection, month), is_closed=False)

    return await database.read(work)
