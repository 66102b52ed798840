"""What a verification of the books found: a fold over the chained journal, without I/O."""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.ledger.balance import Calendar, MonthKey, Movement, all_months, movements
from solvent.ledger.chain import Head, head_text, link
from solvent.ledger.transfer import Transfer

PROBLEMS_MAX: Final = 100  # after so many the books are known to be wrong
DRAWN: Final = ("wallet:", "grant:", "allowance:", "overage:", "budget:")  # pots: never below zero


class Verdict(msgspec.Struct, frozen=True):
    """problems: in words, empty for books that are right. head: of the chain, to be kept somewhere else."""

    transfers: int
    open_holds: int
    head: str
    problems: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


class Verification:
    """Takes the journal in the order of its chain, then the projections that are kept of it."""

    def __init__(self, calendar: Calendar, known_head: Head | None = None) -> None:
        """known_head: kept from earlier; the chain must go through it."""
        self._month = calendar.month
        self._known = known_head
        self._head = Head()
        self._holds: dict[str, Transfer] = {}
        self._ended: set[str] = set()
        self._sums: dict[MonthKey, Movement] = {}
        self._problems: list[str] = []

    def add(self, transfer: Transfer, written: Head) -> None:
        """One row of the journal, and the link that was written with it."""
        head = link(self._head, transfer)
        if written != head:
            self._find(f"row {written.seq}, {transfer.id}: its hash does not follow from the row before it")
        self._head = written  # one broken link is one problem, not one for every row after it
        if self._known is not None and written.seq == self._known.seq and written.hash != self._known.hash:
            self._find(f"row {written.seq}: the hash kept elsewhere is another one, so rows before it were changed")
        self._check(transfer)
        for key, moved in movements((transfer,), self._month).items():
            self._sums.setdefault(key, Movement()).add(moved)

    def _check(self, transfer: Transfer) -> None:
        if transfer.grains < 0 or transfer.held_grains < 0:
            self._find(f"{transfer.id}: an amount below zero")
        if transfer.state == "pending":
            self._holds[transfer.id] = transfer
        elif transfer.resolves is not None:
            held = self._holds.pop(transfer.resolves, None)
            if held is None:
                ended = transfer.resolves in self._ended
                self._find(
                    f"{transfer.id}: resolves {transfer.resolves}, which {'ended before' if ended else 'is no hold'}"
                )
            elif (held.debit, held.credit, held.currency, held.grains) != _ending(transfer):
                self._find(f"{transfer.id}: is not the end of the hold {held.id}")
            elif transfer.grains > held.grains:
                self._find(f"{transfer.id}: takes more than the hold {held.id} set aside")
            self._ended.add(transfer.resolves)

    def verdict(self, head: str, kept: dict[MonthKey, Movement], leased: dict[tuple[str, str], int]) -> Verdict:
        """head: the mark of the chain's end. kept: the balances by month. leased: grains, by account and unit."""
        if head_text(self._head) != (head or head_text(Head())):
            self._find(f"the chain ends at row {self._head.seq}, the books say {head}: rows are missing at the end")
        if self._known is not None and self._known.seq > self._head.seq:
            self._find(f"the chain ends at row {self._head.seq}, before the kept head {self._known.seq}")
        for key in sorted(kept.keys() | self._sums.keys()):
            if kept.get(key, Movement()) != self._sums.get(key, Movement()):
                account, unit, month = key
                self._find(f"{account} in {unit}, {month}: the kept balance is not the sum of its transfers")
        self._check_sums(leased)
        return Verdict(self._head.seq, len(self._holds), head_text(self._head), tuple(self._problems))

    def _check_sums(self, leased: dict[tuple[str, str], int]) -> None:
        totals: dict[str, int] = {}
        sums = all_months(self._sums)
        for account, unit in sorted(sums.keys() | leased.keys()):
            moved = sums.get((account, unit), Movement())
            totals[unit] = totals.get(unit, 0) + moved.debits - moved.credits
            free = moved.credits - moved.debits - moved.held_debits - leased.get((account, unit), 0)
            if account.startswith(DRAWN) and free < 0:
                self._find(f"{account} in {unit}: {free} grains, but a pot never goes below zero")
        for unit, total in sorted(totals.items()):
            if total:
                self._find(f"debits and credits in {unit} differ by {total} grains")

    def _find(self, problem: str) -> None:
        if len(self._problems) < PROBLEMS_MAX:
            self._problems.append(problem)


def _ending(transfer: Transfer) -> tuple[str, str, str, int]:
    return transfer.debit, transfer.credit, transfer.currency, transfer.held_grains
