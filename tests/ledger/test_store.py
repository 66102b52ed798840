"""The journal on real SQLite: whatever is done to it, the books balance and can be rebuilt from their rows."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Connection, Engine, text
from tests.db.opened import opened

from solvent.db.engine import open_engine
from solvent.db.group_commit import GroupCommit
from solvent.ledger import store
from solvent.ledger.balance import Movement
from solvent.ledger.transfer import Transfer, hold, post, posting, void
from solvent.values.errors import Unavailable
from solvent.values.ids import TransferId
from solvent.values.money import Money

ACCOUNTS = st.sampled_from(["wallet:a", "wallet:b", "revenue:answers", "cost:api:x", "payable:x"])
AMOUNTS = st.builds(Money, st.integers(0, 10**15), st.sampled_from(["KRW", "USD"]))
CHOICE = st.integers(0, 10**6)


def kept(connection: Connection) -> dict[tuple[str, str], tuple[int, ...]]:
    return numbers(store.balances_of(connection))


def rebuilt(connection: Connection) -> dict[tuple[str, str], tuple[int, ...]]:
    return numbers(store.balances_rebuilt(connection))


def numbers(sums: dict[tuple[str, str], Movement]) -> dict[tuple[str, str], tuple[int, ...]]:
    return {key: (m.debits, m.credits, m.held_debits, m.held_credits) for key, m in sums.items()}


class Books(RuleBasedStateMachine):
    """Queues transfers, right and wrong ones, and writes them in batches of any size."""

    folder: TemporaryDirectory[str]
    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.engine.connect()
        for table in ("transfers", "balances"):
            with self.connection.begin():
                self.connection.execute(text(f"DELETE FROM {table}"))
        self.batch: list[Transfer] = []  # queued, not yet written
        self.rows: list[Transfer] = []  # written
        self.open: dict[str, Transfer] = {}
        self.count = 0

    @initialize()
    def begin(self) -> None:
        self.posting("wallet:a", "wallet:b", Money(5, "KRW"))

    def next_id(self) -> TransferId:
        self.count += 1
        return TransferId(f"t{self.count:06d}")

    @rule(debit=ACCOUNTS, credit=ACCOUNTS, amount=AMOUNTS)
    def posting(self, debit: str, credit: str, amount: Money) -> None:
        self.batch.append(posting(self.next_id(), self.count, debit, credit, amount, ""))

    @rule(debit=ACCOUNTS, credit=ACCOUNTS, amount=AMOUNTS)
    def hold(self, debit: str, credit: str, amount: Money) -> None:
        held = hold(self.next_id(), self.count, debit, credit, amount, 0, "")
        self.batch.append(held)
        self.open[held.id] = held

    @rule(which=CHOICE, share=st.integers(0, 100))
    def resolve(self, which: int, share: int) -> None:
        if not self.open:
            return
        held = self.open.pop(sorted(self.open)[which % len(self.open)])
        amount = Money(held.grains * share // 100, held.currency)
        self.batch.append(post(held, amount, self.count) if share % 7 else void(held, self.count))

    @rule()
    def write(self) -> None:
        if self.batch:
            with self.connection.begin():
                store.append(self.connection, self.batch)
        self.rows += self.batch
        self.batch = []

    @rule(which=CHOICE, kind=st.sampled_from(["same id", "post again", "void again"]), among=st.booleans())
    def write_wrong(self, which: int, kind: str, among: bool) -> None:
        """A row that must not be: it fails, and takes its whole batch with it."""
        self.write()
        resolved = {row.resolves for row in self.rows}
        holds = [row for row in self.rows if row.state == "pending" and row.id in resolved]
        if kind == "same id":
            wrong = self.rows[which % len(self.rows)]
        elif not holds:
            return
        else:
            held = holds[which % len(holds)]
            again = void(held, 1) if kind == "void again" else post(held, Money(held.grains, held.currency), 1)
            wrong = Transfer(**{f: getattr(again, f) for f in again.__struct_fields__ if f != "id"}, id=self.next_id())
        right = posting(self.next_id(), 1, "wallet:a", "revenue:answers", Money(3, "KRW"), "")
        before = kept(self.connection)
        self.connection.rollback()
        with pytest.raises(Exception, match="UNIQUE"), self.connection.begin():
            store.append(self.connection, [right, wrong] if among else [wrong])
        assert kept(self.connection) == before
        self.connection.rollback()

    @invariant()
    def balances_are_those_of_the_rows(self) -> None:
        found = kept(self.connection)
        assert found == rebuilt(self.connection)
        sums: Counter[tuple[str, int]] = Counter()
        for (_, currency), (debits, credited, held_debits, held_credits) in found.items():
            sums[currency, 0] += debits - credited
            sums[currency, 1] += held_debits - held_credits
            assert held_debits >= 0
            assert held_credits >= 0
        assert not any(sums.values())
        written = {row.id for row in self.rows}
        waiting = {row.resolves for row in self.batch}
        unresolved = {id for id in written if id in self.open or id in waiting}
        assert {row.id for row in store.open_holds(self.connection, "", "u")} == unresolved
        self.connection.rollback()

    def teardown(self) -> None:
        self.connection.close()


def test_whatever_is_written_the_books_balance_and_can_be_rebuilt() -> None:
    with TemporaryDirectory() as folder:
        Books.engine = open_engine(Path(folder))
        run = Books.TestCase
        run.settings = settings(deadline=None, max_examples=50, stateful_step_count=30)
        run("runTest").runTest()
        Books.engine.dispose()


def in_books(directory: Path, work: Callable[[GroupCommit], Any]) -> Any:
    async def story() -> Any:
        async with opened(directory) as database:
            return await work(database)

    return asyncio.run(story())


def test_two_resolutions_of_one_hold_in_one_commit_end_it_once(tmp_path: Path) -> None:
    async def story(database: GroupCommit) -> None:
        held = hold(TransferId("h"), 1, "wallet:a", "revenue", Money(100, "KRW"), 9, "")
        await database.append([(store.append, held)])
        both = [database.append([(store.append, row)]) for row in (post(held, Money(60, "KRW"), 2), void(held, 3))]
        first, second = await asyncio.gather(*both, return_exceptions=True)
        assert first is None
        assert isinstance(second, Unavailable)
        assert (await database.read(kept))["wallet:a", "KRW"] == (60, 0, 0, 0)
        assert await database.read(kept) == await database.read(rebuilt)

    in_books(tmp_path, story)


def test_a_hold_that_was_never_written_cannot_be_resolved(tmp_path: Path) -> None:
    """Its write may have failed: resolving it all the same would leave less than nothing held."""

    async def story(database: GroupCommit) -> None:
        lost = hold(TransferId("h"), 1, "wallet:a", "revenue", Money(100, "KRW"), 9, "")
        with pytest.raises(Unavailable):
            await database.append([(store.append, post(lost, Money(60, "KRW"), 2))])
        assert await database.read(kept) == {}

    in_books(tmp_path, story)


def test_a_hold_and_its_end_may_share_a_commit(tmp_path: Path) -> None:
    async def story(database: GroupCommit) -> None:
        held = hold(TransferId("h"), 1, "wallet:a", "revenue", Money(100, "KRW"), 9, "")
        database.append_later([(store.append, held)])
        await database.append([(store.append, post(held, Money(60, "KRW"), 2))])
        assert await database.read(kept) == {("wallet:a", "KRW"): (60, 0, 0, 0), ("revenue", "KRW"): (0, 60, 0, 0)}
        assert await database.read(lambda c: store.open_holds(c, "", "z")) == []

    in_books(tmp_path, story)


def test_balances_are_found_by_prefix_and_nothing_else(tmp_path: Path) -> None:
    async def story(database: GroupCommit) -> None:
        names = ["wallet:a", "wallet:a%", "wallet_a", "walletXa", "wallet:", "w"]
        rows = [posting(TransferId(n), 1, n, "x", Money(1, "KRW"), "") for n in names]
        await database.append([(store.append, row) for row in rows])
        found = await database.read(lambda c: store.balances_of(c, "wallet:"))
        assert {account for account, _ in found} == {"wallet:a", "wallet:a%", "wallet:"}

    in_books(tmp_path, story)


def test_the_transfers_of_one_answer_are_found_by_its_id(tmp_path: Path) -> None:
    async def story(database: GroupCommit) -> None:
        ids = ("ans_1.cost", "ans_1.hold", "ans_2.cost", "ansX1")
        rows = [posting(TransferId(id), 1, "a", "b", Money(1, "KRW"), "") for id in ids]
        await database.append([(store.append, row) for row in rows])
        assert await database.read(lambda c: store.transfers_of(c, "ans_1")) == rows[:2]

    in_books(tmp_path, story)


def test_a_mark_is_remembered_and_moved(tmp_path: Path) -> None:
    async def story(database: GroupCommit) -> None:
        assert await database.read(lambda c: store.mark(c, "seen")) == ""
        for value in ("ans_1", "ans_2"):
            await database.write(partial(store.set_mark, name="seen", value=value))
        assert await database.read(lambda c: store.mark(c, "seen")) == "ans_2"

    in_books(tmp_path, story)
