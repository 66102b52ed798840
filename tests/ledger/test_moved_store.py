"""What is behind a figure is all of it: the rows of its accounts and days sum to it, page by page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from random import Random

from sqlalchemy import Connection
from tests.db.opened import Place

from solvent.ledger.balance import Movement
from solvent.ledger.journal_store import Row
from solvent.ledger.moved_store import rows_beside, rows_moved, sums_moved
from solvent.ledger.spent_store import spent_beside
from solvent.ledger.store import append
from solvent.ledger.transfer import Transfer, hold, post, posting
from solvent.margin.waterfall import BESIDE, VAT, beside_named, beside_of
from solvent.values.ids import TransferId
from solvent.values.money import Money
from solvent.values.period import month_number, next_month, start_of_month, zone

SEOUL = zone("Asia/Seoul")
START_US = 1_767_193_200_000_000  # 2026-01-01 in Seoul
DAY_US = 86_400_000_000
ACCOUNTS = (
    "wallet:cus_1", "wallet:cus_2", "walletless", "cash:bank", "vat:payable", "expense:payment_fees:toss",
    "expense:grants", "expense:tea", "cost:api:acme", "cost:engine:idle", "cost:edge", "cost:other", "deferred:sub_1",
    "revenue:answers", "revenue:packs", "expense:bad_debt", "expense:chargebacks", "receivable:invoices:cus_1",
)  # fmt: skip


def some_books(connection: Connection) -> None:
    draw = Random(5)
    rows: list[Transfer] = []
    for n in range(400):
        debit, credit = draw.sample(ACCOUNTS, 2)
        is_answer = debit.startswith(("wallet:", "cost:api")) and credit == "revenue:answers"
        cause = f"ans_{n}" if is_answer else f"act/{n}"
        at_us, unit = START_US + n * DAY_US // 4, draw.choice(("KRW", "KRW", "USD"))
        if draw.random() < 0.1:
            held = hold(TransferId(f"t{n:03}.hold"), at_us, debit, credit, Money(n + 9, unit), at_us + DAY_US, cause)
            rows += [held, post(held, Money(n // 2 + 1, unit), at_us + 1)]
        else:
            rows.append(posting(TransferId(f"t{n:03}"), at_us, debit, credit, Money(n + 1, unit), cause))
    for row in rows:
        append(connection, [row])


def _all(look: Callable[[int, int], list[Row]], size: int) -> list[Row]:
    found: list[Row] = []
    before = 2**62
    while page := look(before, size):
        assert len(page) <= size
        found += page
        before = page[-1][0]
    assert len({row[0] for row in found}) == len(found)
    return found


def _sum(rows: list[Row], names: set[str]) -> dict[tuple[str, str], Movement]:
    found: dict[tuple[str, str], Movement] = {}
    for _, row in rows:
        for account, debits, credits_ in ((row.debit, row.grains, 0), (row.credit, 0, row.grains)):
            if account in names:
                was = found.get((account, row.currency), Movement())
                found[account, row.currency] = Movement(was.debits + debits, was.credits + credits_)
    return found


def test_the_rows_of_accounts_sum_to_what_the_months_have_of_them(place: Place) -> None:
    def story(connection: Connection) -> None:
        some_books(connection)
        first = month_number(START_US, SEOUL)
        for accounts in (*ACCOUNTS, "wallet", "receivable:invoices", "expense", "cost:engine", "nothing"):
            names = {one for one in ACCOUNTS if f"{one}:".startswith(f"{accounts}:")}
            for span in ((first, first), (first + 1, first + 2), (197001, first + 1)):
                from_us, until_us = (
                    start_of_month(span[0], SEOUL), start_of_month(next_month(span[1]), SEOUL)
                )  # fmt: skip
                look = partial(rows_moved, connection, accounts, from_us, until_us)
                rows = _all(look, 7)
                kept = sums_moved(connection, accounts, *span)
                sums = {
                    key: Movement(one.debits, one.credits) for key, one in kept.items() if one.debits or one.credits
                }
                assert _sum(rows, names) == sums, (accounts, span)

    _live(place, story)


def test_the_rows_of_a_step_sum_to_it(place: Place) -> None:
    def story(connection: Connection) -> None:
        some_books(connection)
        seen = set[str]()
        for span in ((START_US, START_US + 20 * DAY_US), (START_US + 20 * DAY_US, START_US + 100 * DAY_US)):
            spent = spent_beside(connection, *span)
            steps = beside_of(spent, "KRW")
            seen |= set(steps)
            for step in (*BESIDE, VAT):
                names = {account for (account, _) in spent if beside_named(account) == step}
                rows = _all(partial(rows_beside, connection, sorted(names), "KRW", *span), 5)
                left = sum(one.debits - one.credits for one in _sum(rows, names).values())
                assert (-left if step == VAT else left) == steps.get(step, 0), step
        assert seen == {*BESIDE, VAT}

    _live(place, story)


def _live(place: Place, story: Callable[[Connection], None]) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(story)

    asyncio.run(live())
