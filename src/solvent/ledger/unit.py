"""What an account counts: a currency in grains, or something else in whole pieces, with the same exactness.

A plan's allowance, a key's budget and a credit line are accounts too, in units that no money hides in; so one
journal, one kind of hold and one kind of lease keep them all (docs/decisions/0008-the-ledger-counts-anything.md).
"""

from __future__ import annotations

from typing import Final

ANSWERS: Final = "ANSWERS"  # whole answers
TOKENS: Final = "TOKENS"  # whole tokens, read and written


def included(currency: str) -> str:
    """Answers at list price that a plan includes, in grains of a currency."""
    return f"{currency}.INCLUDED"


def spending(currency: str) -> str:
    """What answers come to at list price, whoever pays: the unit of budgets, in grains."""
    return f"{currency}.SPENDING"


def on_account(currency: str) -> str:
    """What may be used before it is invoiced: the unit of credit lines, in grains."""
    return f"{currency}.ON-ACCOUNT"


def is_money(unit: str) -> bool:
    """Whether an account in this unit holds money."""
    return len(unit) == 3
