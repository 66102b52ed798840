"""How a pledge is kept, and how its end is written: by whoever has seen in the same transaction that it has none."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Connection

from solvent.answering import store
from solvent.answering.pledge import Pledge
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Settlement
from solvent.billing.bill import Bill
from solvent.ledger import pot_store
from solvent.ledger import store as ledger_store
from solvent.ledger.transfer import Transfer
from solvent.margin.line import MarginKey, MarginSums


class _Way(msgspec.Struct, frozen=True):
    """A way to end as it is kept, so that a process of another release, before or after, can settle it too: members
    are never taken away, and new ones have a default. margin: asked for by releases that sum it anew in any case."""

    receipt: Receipt
    bill: Bill
    transfers: tuple[Transfer, ...]
    margin: tuple[MarginKey, MarginSums]


class _Kept(msgspec.Struct, frozen=True):
    done: _Way
    failed: _Way
    lost: _Way


_decoder: Final = msgspec.msgpack.Decoder(Pledge)
kept: Final = _decoder.decode


def keep(pledge: Pledge) -> bytes:
    """The pledge as it is written beside what it is for."""
    return msgspec.msgpack.encode(_Kept(_way(pledge.done), _way(pledge.failed), _way(pledge.lost)))


def _way(ended: Settlement) -> _Way:
    receipt = ended.receipt
    margin = (MarginKey(0, receipt.customer, receipt.plan, receipt.model), MarginSums())
    return _Way(receipt, ended.bill, ended.transfers, margin)


def settle_pledge(connection: Connection, ended: Settlement) -> None:
    """The holds end, the receipt is written, and whoever knows these pots looks at them again."""
    ledger_store.append(connection, list(ended.transfers))
    store.append(connection, [ended.receipt])
    pot_store.touch_accounts(connection, [row.debit for row in ended.transfers if row.resolves])
