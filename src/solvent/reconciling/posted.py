"""What is posted of a bill: each day's residual, between what we owe the provider and suspense; and its reversal."""

from __future__ import annotations

from collections.abc import Iterable

from solvent.ledger.account import api_payable, bill_suspense
from solvent.ledger.transfer import Transfer, posting
from solvent.reconciling.residual import ResidualLine
from solvent.values.ids import TransferId
from solvent.values.money import Money
from solvent.values.period import day_name

OWN = "on"  # in ids: a bill's own postings, not those that reverse another's


def residual_postings(
    bill: str, provider: str, currency: str, days: Iterable[ResidualLine], at_us: int
) -> list[Transfer]:
    """days: residuals by day. More billed than booked is owed, and nobody can explain it yet; less, the other way."""
    owed, suspense = api_payable(provider), bill_suspense(provider)
    rows = []
    for day in days:
        if day.grains:
            debit, credit = (suspense, owed) if day.grains > 0 else (owed, suspense)
            id = TransferId(f"{bill}.{OWN}.{day_name(day.day)}")
            rows.append(posting(id, at_us, debit, credit, Money(abs(day.grains), currency), bill))
    return rows


def reversal_postings(bill: str, replaced: Iterable[Transfer], at_us: int) -> list[Transfer]:
    """The postings of a bill that another replaces, the other way round."""
    return [
        posting(
            TransferId(f"{bill}.reverses.{row.id}"), at_us, row.credit, row.debit, Money(row.grains, row.currency), bill
        )
        for row in replaced
    ]
