"""The journal in Beancount's language, so that another program can check every sum of ours.

Source of the language: Beancount Language Syntax, https://beancount.github.io/docs/beancount_language_syntax.html.
Holds are left out: they move nothing. What is counted and is no money is kept under Equity:Memo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

from solvent.ledger.balance import Key, Movement
from solvent.ledger.transfer import Transfer
from solvent.values.money import MINOR_DIGITS, Money, plain

Day = Callable[[int], str]  # the calendar day of an instant: 2026-11-24

_ROOTS: Final = {
    "cash": "Assets", "receivable": "Assets", "suspense": "Assets",
    "wallet": "Liabilities", "grant": "Liabilities", "deferred": "Liabilities", "vat": "Liabilities",
    "accrued": "Liabilities", "payable": "Liabilities",
    "revenue": "Income", "refunds": "Income", "fx": "Income",
    "cost": "Expenses", "expense": "Expenses",
    "memo": "Equity:Memo", "allowance": "Equity:Memo", "overage": "Equity:Memo", "budget": "Equity:Memo",
}  # fmt: skip
_SAID_BY_ROOT: Final = frozenset({"expense", "memo"})
_JOINTS: Final = frozenset("_-")


def account_name(account: str) -> str:
    """An account of ours as Beancount writes it, such as Liabilities:Wallet:Cus-1. No two of ours share one."""
    parts = account.split(":")
    root = _ROOTS.get(parts[0], "Equity:Other")
    if parts[0] in _SAID_BY_ROOT and len(parts) > 1 and parts[1] not in _ROOTS:
        del parts[0]
    return ":".join([root, *map(_component, parts)])


def _component(part: str) -> str:
    """Beancount's words begin with a capital or a digit and hold ASCII letters, digits and dashes.

    _ becomes -, and - becomes --; what else it does not know becomes its code point between two capital X.
    """
    if not part:
        return "0X"
    written = []
    for n, character in enumerate(part):
        beside = {part[n - 1] if n else "", part[n + 1] if n + 1 < len(part) else ""}
        if character in "abcdefghijklmnopqrstuvwxyz0123456789":
            written.append(character)
        elif character in _JOINTS and n and not beside & _JOINTS:
            written.append("-" if character == "_" else "--")
        else:
            written.append(f"X{ord(character):x}X")
    first = written[0]
    return "".join([first.upper() if len(first) == 1 else first, *written[1:]])


def amount(grains: int, unit: str) -> str:
    """An amount as Beancount writes it, exact: 12.5 KRW, 3 ANSWERS."""
    currency = unit.partition(".")[0]
    if currency in MINOR_DIGITS:
        return f"{plain(Money(grains, currency))} {unit}"
    return f"{grains} {unit}"


def opening(accounts: Iterable[Key], currency: str, first_day: str) -> Iterator[str]:
    """The lines before the first entry. accounts: every account with its unit. first_day: of the first entry."""
    yield 'option "title" "Solvent"\n'
    yield f'option "operating_currency" "{currency}"\n\n'
    by_account = sorted(set(accounts))
    for unit in sorted({unit for _, unit in by_account}):
        yield f"{first_day} commodity {unit}\n"
    yield "\n"
    for account, keys in groupby(by_account, key=lambda key: key[0]):
        yield f"{first_day} open {account_name(account)}  {','.join(unit for _, unit in keys)}\n"
    yield "\n"


def entries(rows: Iterable[Transfer], day: Day) -> Iterator[str]:
    """The postings, one entry for those of one cause that were written together. rows: in the order of the chain."""
    moving = (row for row in rows if row.state == "posted" and row.grains)
    for (at_us, reference), group in groupby(moving, key=lambda row: (row.at_us, row.reference)):
        lines = [f'{day(at_us)} * "{_quoted(reference)}"\n']
        for row in group:
            lines.append(f"  {account_name(row.debit)}  {amount(row.grains, row.currency)}\n")
            lines.append(f'    id: "{_quoted(row.id)}"\n')
            lines.append(f"  {account_name(row.credit)}  {amount(-row.grains, row.currency)}\n")
        yield "".join([*lines, "\n"])


def assertions(balances: Mapping[Key, Movement], next_day: str) -> Iterator[str]:
    """What our own balances say, for Beancount to compare with its sums. next_day: after the last entry."""
    for account, unit in sorted(balances):
        moved = balances[account, unit]
        number, _, commodity = amount(moved.debits - moved.credits, unit).partition(" ")
        yield f"{next_day} balance {account_name(account)}  {number} ~ 0 {commodity}\n"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
