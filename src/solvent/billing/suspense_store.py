"""What is in suspense: money that came and nobody could explain yet. No more leaves it than is there."""

from __future__ import annotations

from sqlalchemy import Connection

from solvent.billing.order import words_of
from solvent.ledger.account import SUSPENSE
from solvent.ledger.balance import Movement
from solvent.ledger.store import balances_at
from solvent.values.errors import Refused
from solvent.values.money import Money


def demand_in_suspense(connection: Connection, amount: Money) -> None:
    """Raises Refused when less than an amount is there."""
    kept = balances_at(connection, (SUSPENSE,)).get((SUSPENSE, amount.currency), Movement())
    there = Money(kept.credits - kept.debits, amount.currency)
    if there.grains < amount.grains:
        message = f"{words_of(there)} are in suspense, less than the {words_of(amount)} that are to leave it"
        raise Refused("suspense_short", message, param="amount")
