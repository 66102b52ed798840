"""The books of a month as two statements: what was earned and spent in it, and what is owned and owed at its end.

Customers' accounts are summed into one line each. The two reconcile: what is owned, less what is owed, is all that
was ever earned less all that was ever spent; to the grain.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from solvent.ledger.account import INVOICES_RECEIVABLE, SUSPENSE
from solvent.ledger.unit import is_money

# Accounts that there are many of, one for each customer, subscription or key; the others stand for themselves.
CLASSES: Final = (
    "wallet", "grant", "deferred", INVOICES_RECEIVABLE, "receivable:unbilled", "allowance", "overage", "budget",
)  # fmt: skip
Section = Literal["owned", "owed", "earned", "spent", "between"]
_SECTIONS: Final[dict[str, Section]] = {
    "cash": "owned", "receivable": "owned", SUSPENSE: "owned",
    "wallet": "owed", "grant": "owed", "deferred": "owed", "vat": "owed", "payable": "owed", "accrued": "owed",
    "revenue": "earned", "refunds": "earned", "cost": "spent", "expense": "spent",
    "fx": "between",
}  # fmt: skip


class AccountSum(msgspec.Struct, frozen=True):
    """One account, or all accounts of a class, in one unit. opening: debits less credits before the month."""

    account: str
    unit: str
    opening: int
    debits: int
    credits: int

    @property
    def closing(self) -> int:
        """Debits less credits at the end of the month."""
        return self.opening + self.debits - self.credits


class BooksLine(msgspec.Struct, frozen=True):
    """A line of either statement. What is owned, spent or between counts debits up; what is owed or earned, credits."""

    section: Section
    account: str
    grains: int


class Books(msgspec.Struct, frozen=True):
    """Both statements of one month in one currency, in grains.

    profit: earned less spent, with differences, in the month; profit_so_far: since the beginning.
    """

    month: int
    currency: str
    is_closed: bool
    profit_and_loss: tuple[BooksLine, ...]
    balance_sheet: tuple[BooksLine, ...]
    profit: int
    profit_so_far: int


def books_of(month: int, sums: Iterable[AccountSum], *, is_closed: bool) -> list[Books]:
    """The statements of each currency. Amounts that are not money (allowances, budgets) stand in none.

    A sheet that did not balance would be a broken ledger, and asserts.
    """
    by_currency: dict[str, list[AccountSum]] = {}
    for one in sums:
        if is_money(one.unit) and not one.account.startswith("memo:"):
            by_currency.setdefault(one.unit, []).append(one)
    return [_books(month, currency, kept, is_closed=is_closed) for currency, kept in sorted(by_currency.items())]


def section_of(account: str) -> Section:
    """Where an account stands. An account of no known kind is between, so that nothing is left out."""
    return _SECTIONS.get(account.partition(":")[0], "between")


def class_of(account: str) -> str:
    """The class an account is summed in, or itself."""
    return next((name for name in CLASSES if account.startswith(f"{name}:")), account)


def carried(sums: Iterable[AccountSum], moved: Iterable[AccountSum]) -> list[AccountSum]:
    """The sums of the next month: what closed one opens the other. moved: with no opening of its own."""
    opening = {(one.account, one.unit): one.closing for one in sums}
    month = {(one.account, one.unit): one for one in moved}
    return [
        AccountSum(*key, opening.get(key, 0), *((month[key].debits, month[key].credits) if key in month else (0, 0)))
        for key in sorted(opening.keys() | month.keys())
    ]


def _books(month: int, currency: str, sums: list[AccountSum], *, is_closed: bool) -> Books:
    result, sheet = [], []
    profit = so_far = owned = owed = 0
    for one in sums:
        section = section_of(one.account)
        up = 1 if section in ("owned", "spent", "between") else -1
        if section in ("owned", "owed"):
            sheet.append(BooksLine(section, one.account, up * one.closing))
            owned, owed = (owned + one.closing, owed) if section == "owned" else (owned, owed - one.closing)
        else:
            result.append(BooksLine(section, one.account, up * (one.debits - one.credits)))
            profit -= one.debits - one.credits
            so_far -= one.closing
    assert owned - owed == so_far, f"the books of {month} in {currency} do not balance"
    shown = [line for line in result if line.grains]
    return Books(month, currency, is_closed, _in_order(shown), _in_order(sheet), profit, so_far)


def _in_order(lines: list[BooksLine]) -> tuple[BooksLine, ...]:
    sections = ("earned", "spent", "between", "owned", "owed")
    return tuple(sorted(lines, key=lambda line: (sections.index(line.section), line.account)))
