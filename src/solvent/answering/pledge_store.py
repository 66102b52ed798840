"""How a pledge is kept, and how its end is written: by whoever has seen in the same transaction that it has none."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Connection

from solvent.answering import store
from solvent.answering.pledge import Pledge
from solvent.answering.settlement import Settlement
from solvent.ledger import pot_store
from solvent.ledger import store as ledger_store

_decoder: Final = msgspec.msgpack.Decoder(Pledge)
keep: Final = msgspec.msgpack.encode
kept: Final = _decoder.decode


def settle_pledge(connection: Connection, ended: Settlement) -> None:
    """The holds end, the receipt is written, and whoever knows these pots looks at them again."""
    ledger_store.append(connection, list(ended.transfers))
    store.append(connection, [ended.receipt])
    pot_store.touch_accounts(connection, [row.debit for row in ended.transfers if row.resolves])
