"""The real books beside the reference: pots after each step, every account and every document now and then."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from sqlalchemy import Connection, select
from tests.money.paying import Paying

from solvent.answering.fold_store import fold
from solvent.app.fall import read_fall
from solvent.app.report import Span
from solvent.billing.recognition_store import schedules
from solvent.invoicing.invoice import Invoice, Standing, due_grains
from solvent.invoicing.store import invoices, numbers
from solvent.ledger.pot_store import leases, pots
from solvent.ledger.store import balances_at, balances_of
from solvent.margin import store as margin_store
from solvent.margin.line import total
from solvent.margin.store import DAY_MAX
from solvent.values.ids import CustomerId
from solvent.values.period import zone

PotRow = tuple[str, str, str, int, int, int, int]  # kind, unit, classes, opens, usable until, left, held
FEES = "expense:payment_fees:"
PAYING = ("wallet", "grant", "allowance", "overage")


def real_pots(connection: Connection, customer: CustomerId) -> list[PotRow]:
    """What is in each pot of a customer, and how much of it is set aside."""
    chosen = select(pots).where(pots.c.customer == customer, pots.c.kind.in_(PAYING))
    rows = connection.execute(chosen).all()
    moved = balances_at(connection, [row.account for row in rows])
    found = []
    for row in rows:
        movement = moved.get((row.account, row.unit))
        if movement is not None and movement.credits != movement.debits:
            left = movement.credits - movement.debits
            key = (row.kind, row.unit, row.classes, row.opens_us if row.kind != "wallet" else 0, row.expires_us)
            found.append((*key, left, movement.held_debits))
    return sorted(found)


def told_pots(reference: Paying, customer: str) -> list[PotRow]:
    """The same, as the reference has it."""
    mine = [pot for pot in reference.pots if pot.owner == customer and pot.left]
    return sorted((pot.kind, pot.unit, " ".join(pot.classes), pot.opens, pot.until, pot.left, pot.held) for pot in mine)


def real_accounts(connection: Connection) -> dict[tuple[str, str], int]:
    """Credits less debits of every account; those that there are many of are summed as the reference does."""
    sums: Counter[tuple[str, str]] = Counter()
    for (account, unit), moved in balances_of(connection).items():
        parts = account.split(":")
        name = account
        if parts[0] in PAYING:
            name = ":".join(parts[:2])
        elif parts[0] == "deferred":
            name = "deferred"
        elif parts[0] == "budget":
            name = "budget:"
        sums[name, unit] += moved.credits - moved.debits
    return {key: grains for key, grains in sums.items() if grains}


def told_accounts(reference: Paying) -> dict[tuple[str, str], int]:
    """The same, as the reference has it."""
    return {key: grains for key, grains in reference.books.items() if grains}


def differences(real: dict[Any, int], told: dict[Any, int]) -> list[str]:
    """Where two sums of accounts differ, in words."""
    return [
        f"{key}: the books say {real.get(key, 0)}, the reference {told.get(key, 0)}"
        for key in sorted(real.keys() | told.keys())
        if real.get(key, 0) != told.get(key, 0)
    ]


def check_documents(connection: Connection) -> None:
    """Documents add up, are numbered without gaps, and what they deferred is where it should be."""
    by_series: dict[tuple[str, int], list[int]] = {}
    asked: Counter[str] = Counter()
    for row in connection.execute(select(invoices)):
        document = msgspec.json.decode(bytes(row.document), type=Invoice)
        for amount in (document.supply, document.vat, *(line.total for line in document.lines)):
            assert amount.grains % 10**7 == 0, f"{document.number}: {amount} is not whole"
        assert document.supply.grains == sum(line.supply.grains for line in document.lines), document.number
        assert document.vat.grains == sum(line.vat.grains for line in document.lines), document.number
        by_series.setdefault((document.number.series, document.number.year), []).append(document.number.sequence)
        if document.kind == "invoice":
            standing = Standing(row.paid_grains, row.returned_grains, row.credited_grains)
            asked[document.customer] += due_grains(document.total.grains, standing)
    for (series, year), taken in by_series.items():
        last = connection.execute(select(numbers.c.last).where(numbers.c.series == series, numbers.c.year == year))
        assert sorted(taken) == list(range(1, int(last.scalar_one()) + 1)), f"{series} {year} has gaps"
    kept = balances_of(connection, "receivable:invoices:")
    owed = {account.rpartition(":")[2]: moved.debits - moved.credits for (account, _), moved in kept.items()}
    assert {key: grains for key, grains in owed.items() if grains} == {k: g for k, g in asked.items() if g}
    waiting: Counter[str] = Counter()
    for row in connection.execute(select(schedules)):
        waiting[row.account] += row.grains - row.recognised_grains
    deferred = {a: moved.credits - moved.debits for (a, _), moved in balances_of(connection, "deferred:").items()}
    assert {key: g for key, g in deferred.items() if g} == {key: g for key, g in waiting.items() if g}


def check_margins(connection: Connection, currency: str) -> None:
    """From what was paid to what is left adds up, ends at the margin, and its costs are those of the ledger."""
    span, books = Span(0, DAY_MAX >> 16), fold(connection)
    steps = read_fall(books, span, currency, zone("Asia/Seoul")).steps
    named = {step.name: step.grains for step in steps}
    run = 0
    for step in steps:
        run = run if step.is_total else run + step.grains
        assert step.grains == run or not step.is_total, step
    lines = margin_store.lines(books, "plan", 0, currency)
    assert named["margin"] == total(lines, currency).margin.grains
    assert named["revenue"] - named["margin"] == sum(
        moved.debits - moved.credits
        for (account, unit), moved in balances_of(connection, "cost:").items()
        if unit == currency
    )
    vat = balances_of(connection, "vat:payable").get(("vat:payable", currency))
    assert named.get("vat_paid", 0) == (vat.credits - vat.debits if vat else 0)
    fees = [
        moved.debits - moved.credits for (_, unit), moved in balances_of(connection, FEES).items() if unit == currency
    ]
    assert -named.get("fees", 0) == sum(fees)
    assert "unsplit" not in named


def check_leases(connection: Connection, purses: dict[tuple[str, str], int]) -> None:
    """Each process has in memory what the database says it leases. purses: spare grains, by holder and account."""
    kept = {(row.holder, row.account): row.grains for row in connection.execute(select(leases)) if row.grains}
    assert kept == {key: grains for key, grains in purses.items() if grains}
