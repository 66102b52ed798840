"""What is known of an answer decides what becomes of its line: it is lost, asked again, or not known yet."""

from __future__ import annotations

from sqlalchemy import Connection

from solvent.batching import store
from solvent.batching.asking import Booked
from solvent.batching.batch import Line
from solvent.batching.result import lost, unasked
from solvent.ledger.store import open_holds


def settle(connection: Connection, line: Line, booked: Booked) -> bool:
    """To be called for a line that nobody asks now. Whether it is known: a hold that is open ends within a while.

    An answer that is on the books is told as lost, and never asked again; what is not, waits to be asked.
    """
    booking = booked(connection, line.answer)
    if booking is not None and not booking.failed:
        text = unasked(line, lost(line.answer))
        store.end_lines(connection, [store.Result(line, "failed", text, booking.charge_grains)])
    elif booking is None and open_holds(connection, f"{line.answer}.", f"{line.answer}/"):
        return False
    else:
        store.put_back(connection, line)
    return True
