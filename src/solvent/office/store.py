"""What several acts of the office do to the tables of other rooms, inside a transaction they share."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from solvent.identity import store as identity_store
from solvent.identity.key import Key, NewKey, issue
from solvent.ledger.store import mark, set_mark

CALLERS: Final = "callers"  # the mark that counts changes of who may call


def touch_callers(connection: Connection) -> None:
    """Let every process look again at who may call."""
    set_mark(connection, CALLERS, str(int(mark(connection, CALLERS) or 0) + 1))


def add_key(connection: Connection, new: NewKey, now_us: int) -> Key:
    """Issue a key. Raises Invalid for a bad name, model, address or expiry."""
    key, digest = issue(new, now_us)
    identity_store.add_key(connection, key, digest)
    touch_callers(connection)
    return key
