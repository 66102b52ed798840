"""The journal read in pages: each row once, in order, also while more are written."""

from __future__ import annotations

import asyncio
from functools import partial

from sqlalchemy import Connection, text
from tests.db.opened import Place

from solvent.ledger import journal_store
from solvent.ledger.journal_store import rows_after
from solvent.ledger.store import BESIDE_ANSWERS, append
from solvent.ledger.transfer import Transfer, hold, post, posting
from solvent.values.ids import TransferId
from solvent.values.money import Money


def won(grains: int) -> Money:
    return Money(grains, "KRW")


def row(n: int, debit: str = "cash:bank", credit: str = "wallet:cus_1", reference: str = "top_up/1") -> Transfer:
    return posting(TransferId(f"t_{n:04}"), n, debit, credit, won(n), reference)


def test_an_accounts_rows_come_newest_first_each_once(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            rows = [row(n, *(("a", "b") if n % 2 else ("b", "c"))) for n in range(1, 21)]
            await database.write(lambda c: append(c, rows))

            def pages(connection: Connection, account: str, size: int) -> list[int]:
                seen: list[int] = []
                before = 2**62
                while page := journal_store.rows_of_account(connection, account, before, size):
                    assert len(page) <= size
                    seen += [transfer.grains for _, transfer in page]
                    before = page[-1][0]
                return seen

            for size in (1, 3, 20, 50):
                assert await database.read(partial(pages, account="b", size=size)) == list(range(20, 0, -1))
                assert await database.read(partial(pages, account="a", size=size)) == list(range(19, 0, -2))
            assert await database.read(partial(pages, account="nobody", size=5)) == []

    asyncio.run(live())


def test_rows_of_answers_are_left_out_unless_asked_for(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            rows = [row(n, "wallet:cus_1", "revenue:answers", f"ans_{n}") for n in range(1, 6)]
            await database.write(lambda c: append(c, [*rows, row(6)]))

            def grains(connection: Connection, *, with_answers: bool) -> list[int]:
                found = journal_store.rows_of_account(connection, "wallet:cus_1", 2**62, 9, with_answers=with_answers)
                return [transfer.grains for _, transfer in found]

            assert await database.read(lambda c: grains(c, with_answers=False)) == [6]
            assert await database.read(lambda c: grains(c, with_answers=True)) == [6, 5, 4, 3, 2, 1]

    asyncio.run(live())


def test_an_account_is_found_by_an_index_that_answers_are_not_in(place: Place) -> None:
    """What makes it quick in books of any size: the plan of the query names the index."""

    async def live() -> str:
        async with place.opened() as database:
            rows = [row(n, "wallet:cus_1", "revenue:answers", f"ans_{n}") for n in range(1, 2_000)]
            await database.write(lambda c: append(c, [*rows, *(row(n) for n in range(3_000, 3_010))]))

            def plan(connection: Connection) -> str:
                is_sqlite = connection.dialect.name == "sqlite"
                how = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
                asked = (
                    f"{how} SELECT seq FROM transfers WHERE seq < 4000 AND {BESIDE_ANSWERS[connection.dialect.name]} "
                    "AND credit = 'wallet:cus_1' ORDER BY seq DESC LIMIT 5"
                )
                if not is_sqlite:
                    connection.execute(text("ANALYZE transfers"))
                return "\n".join(str(row) for row in connection.execute(text(asked)))

            return await database.write(plan)

    assert "ix_transfers_credit" in asyncio.run(live())


def test_a_cause_shows_every_row_it_made(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            held = hold(TransferId("ans_1.hold"), 1, "wallet:cus_1", "revenue:answers", won(9), 99, "ans_1")
            cost = posting(TransferId("ans_1.cost"), 2, "cost:api:x", "payable:x", won(2), "ans_1")
            await database.write(lambda c: append(c, [held]))
            await database.write(lambda c: append(c, [post(held, won(5), 2), cost]))
            found = await database.read(lambda c: journal_store.rows_of_cause(c, "ans_1", "", 9))
            assert [transfer.id for _, transfer in found] == ["ans_1.cost", "ans_1.hold", "ans_1.hold.posted"]
            rest = await database.read(lambda c: journal_store.rows_of_cause(c, "ans_1", "ans_1.cost", 1))
            assert [transfer.id for _, transfer in rest] == ["ans_1.hold"]
            assert await database.read(lambda c: journal_store.rows_of_cause(c, "ans_%", "", 9)) == []

    asyncio.run(live())


def test_accounts_come_in_pages_by_name(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            rows = [row(n, "cash:bank", f"wallet:cus_{n}") for n in range(1, 6)]
            gift = posting(TransferId("t_g"), 9, "memo:issued", "wallet:cus_3", Money(7, "ANSWERS"), "gift")
            await database.write(lambda c: append(c, [*rows, gift]))

            def pages(connection: Connection, prefix: str, size: int) -> list[tuple[str, str, int]]:
                seen: list[tuple[str, str, int]] = []
                after = ("", "")
                while page := journal_store.accounts_page(connection, prefix, after, size):
                    seen += [(*key, moved.credits - moved.debits) for key, moved in page]
                    after = page[-1][0]
                return seen

            wallets = [("wallet:cus_1", "KRW", 1), ("wallet:cus_2", "KRW", 2), ("wallet:cus_3", "ANSWERS", 7),
                       ("wallet:cus_3", "KRW", 3), ("wallet:cus_4", "KRW", 4), ("wallet:cus_5", "KRW", 5)]  # fmt: skip
            for size in (1, 2, 9):
                assert await database.read(partial(pages, prefix="wallet:", size=size)) == wallets
                everything = await database.read(partial(pages, prefix="", size=size))
                assert everything == [("cash:bank", "KRW", -15), ("memo:issued", "ANSWERS", -7), *wallets]
            assert await database.read(partial(pages, prefix="%", size=9)) == []

    asyncio.run(live())


def test_the_whole_journal_is_read_up_to_a_head_while_more_is_written(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            assert await database.read(journal_store.first_instant) is None
            await database.write(lambda c: append(c, [row(n) for n in range(1, 11)]))
            head, balances = await database.read(journal_store.head_and_balances)
            assert head.seq == 10
            assert balances["wallet:cus_1", "KRW"].credits == 55
            seen: list[int] = []
            seq = 0
            while page := await database.read(partial(rows_after, seq=seq, until_seq=head.seq, count=3)):
                seen += [transfer.grains for _, transfer in page]
                seq = page[-1][0]
                await database.write(partial(append, rows=[row(100 + len(seen))]))
            assert seen == list(range(1, 11))
            assert await database.read(journal_store.first_instant) == 1

    asyncio.run(live())
