"""Sums rows as they come, so that a million rows take the memory of their days and models; or tells their faults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from hashlib import sha256
from typing import Final

from solvent.reconciling.bill import ReadBill, Row
from solvent.reconciling.kind import LineKind
from solvent.values.errors import Invalid
from solvent.values.limits import BILL_DAYS_MAX, BILL_FAULTS_MAX, BILL_LINES_MAX, BILL_ROWS_MAX
from solvent.values.period import day_name

_TOLD: Final = 5


class Faults:
    """What is wrong with a file, as far as it is told."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, fault: str) -> None:
        """Raises Invalid when there are too many: the file is of another kind."""
        self._found.append(fault)
        if len(self._found) >= BILL_FAULTS_MAX:
            self.demand_none()

    def demand_none(self) -> None:
        """Raises Invalid, telling the first of them."""
        if self._found:
            more = len(self._found) - _TOLD
            rest = f"; and {more} more" if more > 0 else ""
            message = f"nothing was taken: {'; '.join(self._found[:_TOLD])}{rest}"
            raise Invalid("bad_bill", message, param="file")

    def __len__(self) -> int:
        return len(self._found)


def summed(
    rows: Iterable[Row | None], layout: str, faults: Faults, period: tuple[int | None, int | None],
    days: Sequence[int], told: str,
) -> ReadBill:  # fmt: skip
    """Rows by day, class and name. period: what the bill is said to be for, where that is said: a row outside is a
    fault. days: what else the file speaks of. told: what makes it the same file, read the same way.

    Raises Invalid telling every fault, or that there is nothing.
    """
    sums: dict[tuple[int, LineKind, str], tuple[Fraction, int]] = {}
    count = left_out = 0
    currency = ""
    since, until = period
    for row in rows:
        if row is None:
            left_out += 1
            continue
        count += 1
        if count > BILL_ROWS_MAX:
            raise Invalid("bill_too_large", f"{row.at}: more than {BILL_ROWS_MAX:,} rows; export fewer", param="file")
        currency = currency or row.currency
        if row.currency != currency:
            faults.add(f"{row.at} is in {row.currency}, and those before in {currency}: one bill has one currency")
        if (since is not None and row.day < since) or (until is not None and row.day >= until):
            faults.add(f"{row.at} is of {day_name(row.day)}, outside the days that the bill is said to be for")
        amount, rows_so_far = sums.get((row.day, row.kind, row.named), (Fraction(0), 0))
        sums[row.day, row.kind, row.named] = (amount + row.amount, rows_so_far + 1)
        if len(sums) > BILL_LINES_MAX:
            message = f"{row.at}: more than {BILL_LINES_MAX:,} days times models; export fewer days"
            raise Invalid("bill_too_large", message, param="file")
    faults.demand_none()
    if not sums:
        also = f"; {left_out} rows are of other services" if left_out else ""
        raise Invalid("bad_bill", f"the file has no rows that count{also}", param="file")
    spoken = [*(day for day, _, _ in sums), *days]
    first = min(spoken) if since is None else since
    after = max(spoken) + 1 if until is None else until
    if not 0 < after - first <= BILL_DAYS_MAX:
        message = f"from {day_name(first)} until {day_name(after)} are not 1 to {BILL_DAYS_MAX} days"
        raise Invalid("bad_bill_terms", message, param="until")
    digest = sha256(f"{first}\x1f{after}\x1f{told}".encode()).hexdigest()
    return ReadBill(layout, currency, sums, count, left_out, first, after, digest)
