"""Balances are projections of the journal: nothing but a fold over transfers, kept for speed."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from solvent.ledger.transfer import Transfer

Key = tuple[str, str]  # account, currency


class Movement(msgspec.Struct):
    """How one account moved, in grains. `held_*` are pending and may still return."""

    debits: int = 0
    credits: int = 0
    held_debits: int = 0
    held_credits: int = 0


def movements(transfers: Iterable[Transfer]) -> dict[Key, Movement]:
    """The sum of what transfers do to each account."""
    sums: dict[Key, Movement] = {}
    for transfer in transfers:
        debit = sums.get((transfer.debit, transfer.currency))
        if debit is None:
            debit = sums[transfer.debit, transfer.currency] = Movement()
        credit = sums.get((transfer.credit, transfer.currency))
        if credit is None:
            credit = sums[transfer.credit, transfer.currency] = Movement()
        if transfer.state == "pending":
            debit.held_debits += transfer.grains
            credit.held_credits += transfer.grains
        else:
            debit.held_debits -= transfer.held_grains
            credit.held_credits -= transfer.held_grains
            debit.debits += transfer.grains
            credit.credits += transfer.grains
    return sums


class Purse:
    """The money of one wallet that this process may promise, decided in memory without waiting.

    Today a process has the whole wallet; later it leases a slice. `available` never goes below zero.
    """

    __slots__ = ("held", "posted")

    def __init__(self, posted: int) -> None:
        assert posted >= 0, "a wallet is never below zero"
        self.posted = posted
        self.held = 0

    @property
    def available(self) -> int:
        """Grains that are neither spent nor set aside."""
        return self.posted - self.held

    def hold(self, grains: int) -> None:
        """Set grains aside. The caller has seen that they are available."""
        assert 0 <= grains <= self.available, "a hold never exceeds what is available"
        self.held += grains

    def settle(self, held: int, spent: int) -> None:
        """End a hold: `spent` of it is gone, the rest is available again."""
        assert 0 <= spent <= held <= self.held, "a hold ends once, for at most what was held"
        self.held -= held
        self.posted -= spent

    def add(self, grains: int) -> None:
        """Put money in."""
        assert grains >= 0, "money is put in, never taken out here"
        self.posted += grains
