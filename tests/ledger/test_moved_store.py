"""What is behind a figure is all of it: the rows of its accounts and days sum to it, page by page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from random import Random

from sqlalchemy import Connection, event
from tests.db.opened import Place

from solvent.ledger.balance import Movement
from solvent.ledger.journal_store import Row
from solvent.ledger.moved_store import _places, rows_beside, rows_moved, sums_moved
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
                look = partial(rows_moved, connection, accounts, *span)
                rows = _all(look, 7)
                kept = sums_moved(connection, accounts, *span)
                sums = {
                    key: Movement(one.debits, one.credits) for key, one in kept.items() if one.debits or one.credits
                }
                assert _sum(rows, names) == sums, (accounts, span)

    _live(place, story)


def test_the_journal_is_read_only_where_it_tells_of_months_in_which_the_accounts_moved(place: Place) -> None:
    """Of a year in which a customer asked in two months, and of one who never did."""

    def story(connection: Connection) -> None:
        rows = [_answer(n, "wallet:cus_1" if n % 365 in (40, 41, 200) else "wallet:cus_2") for n in range(365)]
        late = posting(TransferId("late"), START_US + 41 * DAY_US, "cash:bank", "wallet:cus_1", Money(5, "KRW"), "by")
        append(connection, [*rows, late])  # written last of all, and of a day long past

        def read(accounts: str, first: int, last: int) -> tuple[int, list[str]]:
            asked = set[str]()

            def see(_: object, __: object, statement: str, given: object, ___: object, ____: object) -> None:
                asked.add(statement)

            event.listen(connection, "before_cursor_execute", see)
            found = _all(partial(rows_moved, connection, accounts, first, last), 2)
            event.remove(connection, "before_cursor_execute", see)
            return sum("transfers" in statement for statement in asked), [row.id for _, row in found]

        assert read("wallet:cus_9", 202601, 202612) == (0, [])
        assert read("wallet:cus_1", 202603, 202606) == (0, [])
        assert read("wallet:cus_1", 202601, 202612)[1] == ["late", "ans_200.hold", "ans_041.hold", "ans_040.hold"]
        assert read("wallet:cus_1", 202602, 202602)[1] == ["late", "ans_041.hold", "ans_040.hold"]
        february, july = (_places(connection, [_span(month)]) for month in (202602, 202607))
        assert (february, july) == ([(30, 62)], [(180, 215)]), "two days more on each side, and no other month"

    _live(place, story)


def test_what_answers_wrote_late_or_by_a_clock_that_ran_back_is_found(place: Place) -> None:
    def story(connection: Connection) -> None:
        draw = Random(11)
        rows = [_answer(n, "wallet:cus_1", draw.randrange(-86_399, 86_400) * 1_000_000) for n in range(200)]
        for row in rows:
            append(connection, [row])
        for month in range(202601, 202608):
            from_us, until_us = _span(month)
            mine = [row.id for row in reversed(rows) if from_us <= row.at_us < until_us]
            assert [row.id for _, row in _all(partial(rows_moved, connection, "wallet", month, month), 3)] == mine

    _live(place, story)


def _answer(n: int, account: str, off_us: int = 0) -> Transfer:
    """What the answer of a day of the year took out of a wallet."""
    at_us, id = START_US + n * DAY_US + off_us, f"ans_{n:03}"
    return posting(TransferId(f"{id}.hold"), at_us, account, "revenue:answers", Money(n + 1, "KRW"), id)


def _span(month: int) -> tuple[int, int]:
    return start_of_month(month, SEOUL), start_of_month(next_month(month), SEOUL)


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
