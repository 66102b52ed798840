"""Balances are projections of the journal: nothing but a fold over transfers, kept by month for speed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

import msgspec

from solvent.ledger.transfer import Transfer
from solvent.values.period import month_number, next_month, start_of_month

Key = tuple[str, str]  # account, unit
MonthKey = tuple[str, str, int]  # account, unit, month such as 202611


class Movement(msgspec.Struct):
    """How one account moved, in grains. `held_*` are pending and may still return."""

    debits: int = 0
    credits: int = 0
    held_debits: int = 0
    held_credits: int = 0

    def add(self, other: Movement) -> None:
        """Take in another movement of the same account."""
        self.debits += other.debits
        self.credits += other.credits
        self.held_debits += other.held_debits
        self.held_credits += other.held_credits


class Calendar:
    """Tells the month of an instant in one zone; quick while instants stay in one month.

    The writer's thread and those that read the books may share one.
    """

    __slots__ = ("_known", "_zone")

    def __init__(self, in_zone: ZoneInfo) -> None:
        self._zone = in_zone
        self._known = (0, 0, 0)  # from, until, month: swapped whole, so that no thread sees half of it

    def month(self, at_us: int) -> int:
        """The month an instant falls in, such as 202611."""
        start_us, end_us, month = self._known
        if not start_us <= at_us < end_us:
            month = month_number(at_us, self._zone)
            self._known = (
                start_of_month(month, self._zone),
                start_of_month(next_month(month), self._zone),
                month,
            )
        return month


def movements(transfers: Iterable[Transfer], month: Callable[[int], int]) -> dict[MonthKey, Movement]:
    """The sum of what transfers do to each account in each month."""
    sums: dict[MonthKey, Movement] = {}
    for transfer in transfers:
        at = month(transfer.at_us)
        debit = sums.get((transfer.debit, transfer.currency, at))
        if debit is None:
            debit = sums[transfer.debit, transfer.currency, at] = Movement()
        credit = sums.get((transfer.credit, transfer.currency, at))
        if credit is None:
            credit = sums[transfer.credit, transfer.currency, at] = Movement()
        if transfer.state == "pending":
            debit.held_debits += transfer.grains
            credit.held_credits += transfer.grains
        else:
            debit.held_debits -= transfer.held_grains
            credit.held_credits -= transfer.held_grains
            debit.debits += transfer.grains
            credit.credits += transfer.grains
    return sums


def all_months(by_month: dict[MonthKey, Movement]) -> dict[Key, Movement]:
    """The movements of all months added up."""
    sums: dict[Key, Movement] = {}
    for (account, unit, _), moved in by_month.items():
        sums.setdefault((account, unit), Movement()).add(moved)
    return sums
