"""Filling a wallet with what was paid: the money, its VAT and its paper, in one transaction."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from solvent.billing import paper_store
from solvent.billing.asking_store import vat_within
from solvent.billing.order import TOP_UP, PaymentOrder, top_up_transfers
from solvent.ledger import pot_store
from solvent.ledger import store as ledger_store
from solvent.ledger.account import wallet
from solvent.ledger.pot import Pot
from solvent.ledger.transfer import posting
from solvent.values.ids import TransferId
from solvent.values.instant import NEVER_US
from solvent.values.money import Money


def fill_wallet(connection: Connection, order: PaymentOrder, at_us: int) -> PaymentOrder:
    """Book a paid top-up, or what was paid for something that cannot be had any more: money, VAT and its invoice.

    The VAT is as the customer is taxed now, like all that is in the wallet, whatever was so when they were asked.
    Answers can be drawn from it at once. Returns the order as the top-up that it is.
    """
    vat = vat_within(connection, order.customer, order.amount, at_us)
    filled = msgspec.structs.replace(order, purpose=TOP_UP, vat_grains=vat.grains)
    ledger_store.append(connection, top_up_transfers(filled, at_us))
    _open_wallet(connection, filled, at_us)
    paper_store.note_paid(connection, filled, at_us)
    return filled


def fill_with_rest(connection: Connection, order: PaymentOrder, rest: Money, at_us: int) -> None:
    """Book what an invoice does not ask for any more of its payment, where a wallet is filled without VAT."""
    row = posting(_rest_id(order), at_us, order.account, wallet(order.customer), rest, order.id)
    ledger_store.append(connection, [row])
    _open_wallet(connection, order, at_us)


def rest_of(connection: Connection, order: PaymentOrder) -> Money:
    """What of an invoice's payment was booked so; nothing of nearly all."""
    id = _rest_id(order)
    row = next((row for row in ledger_store.transfers_of(connection, id) if row.id == id), None)
    return Money(row.grains if row is not None else 0, order.currency)


def _rest_id(order: PaymentOrder) -> TransferId:
    return TransferId(f"{order.id}.rest")


def _open_wallet(connection: Connection, order: PaymentOrder, at_us: int) -> None:
    """See that answers can be drawn from the wallet, and that every process looks at it anew."""
    account = wallet(order.customer)
    if any(pot.account == account for pot in pot_store.pots_of(connection, order.customer)):
        pot_store.touch_customers(connection, [order.customer])
        return
    pot = Pot(account, order.currency, order.customer, "wallet", "", at_us, NEVER_US)
    pot_store.open_pots(connection, [pot])
