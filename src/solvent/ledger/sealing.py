"""A sealed month takes no more postings: what comes late is booked at the first instant of the open month.

Only the closing itself still books into the month that it closes; its rows say so in their reference.
"""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.ledger.transfer import Transfer

SEALED: Final = "sealed_us"  # the mark: before this instant nothing is booked any more
CLOSING: Final = "close/"  # how the reference of a closing entry begins


def into_open_month(rows: list[Transfer], sealed_us: int) -> list[Transfer]:
    """The same rows, none dated before `sealed_us` but closing entries."""
    if all(row.at_us >= sealed_us for row in rows):
        return rows
    return [
        row
        if row.at_us >= sealed_us or row.reference.startswith(CLOSING)
        else msgspec.structs.replace(row, at_us=sealed_us)
        for row in rows
    ]
