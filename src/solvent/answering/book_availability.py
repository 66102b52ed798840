"""Book what an engine cost while nobody asked: every hour, and when it stops. Never a part of any answer."""

from __future__ import annotations

from solvent.answering.desk import Desk
from solvent.answering.route import Prices, Route, prices_at
from solvent.answering.watch import Watch, idle_transfer
from solvent.db.port import Connection
from solvent.ledger import store as ledger_store
from solvent.margin import availability_store
from solvent.values.errors import Invalid
from solvent.values.ids import new_id


async def book_availability(watch: Watch, route: Route, desk: Desk) -> None:
    """One row and its posting, in one transaction, once: a row whose writing failed is written again as it was.

    A model without a cost in force is not sold, and has no idle cost either until it has one.
    """
    now_us = desk.now_us()
    prices = _prices(route, desk, watch.from_us) or _prices(route, desk, now_us)
    if prices is None:
        return
    id = new_id("idle", now_us, desk.entropy())
    row = watch.next_row(id, route, prices, desk.day(now_us), now_us)

    def write(connection: Connection) -> None:
        if availability_store.add(connection, row) and row.idle_grains:
            ledger_store.append(connection, [idle_transfer(row)])

    await desk.database.write(write)
    watch.booked_row(row)


def _prices(route: Route, desk: Desk, at_us: int) -> Prices | None:
    try:
        return prices_at(route, desk.currency, desk.exchanges, at_us)
    except Invalid:
        return None
