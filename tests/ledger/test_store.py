"""The journal on real databases: whatever is done to it, the books balance and can be rebuilt from their rows."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec import structs
from sqlalchemy import Connection, Engine, text
from tests.db.opened import Place

from solvent.db.engine import WRITE
from solvent.db.group_commit import GroupCommit
from solvent.ledger import store
from solvent.ledger.balance import Key, MonthKey, Movement, all_months
from solvent.ledger.chain import Head, head_text, links
from solvent.ledger.sealing import SEALED
from solvent.ledger.transfer import Transfer, hold, post, posting, void
from solvent.values.errors import Unavailable
from solvent.values.ids import TransferId
from solvent.values.instant import instant
from solvent.values.money import Money

ACCOUNTS = st.sampled_from(["wallet:a", "wallet:b", "revenue:answers", "cost:api:x", "payable:x"])
AMOUNTS = st.builds(Money, st.integers(0, 10**15), st.sampled_from(["KRW", "USD", "ANSWERS"]))
CHOICE = st.integers(0, 10**6)
HOUR_US = 3_600_000_000


def kept(connection: Connection) -> dict[Key, tuple[int, ...]]:
    return {key: numbers(moved) for key, moved in store.balances_of(connection).items()}


def by_month(connection: Connection) -> dict[MonthKey, tuple[int, ...]]:
    return {key: numbers(moved) for key, moved in store.balances_by_month(connection).items()}


def rebuilt(connection: Connection) -> dict[MonthKey, tuple[int, ...]]:
    return {key: numbers(moved) for key, moved in store.balances_rebuilt(connection).items()}


def numbers(m: Movement) -> tuple[int, ...]:
    return m.debits, m.credits, m.held_debits, m.held_credits


class Books(RuleBasedStateMachine):
    """Queues transfers, right and wrong ones, and writes them in batches of any size, months apart."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.engine.connect()
        for table in ("transfers", "balances", "marks"):
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

    @property
    def now_us(self) -> int:
        """Every step is a week after the one before."""
        return self.count * 168 * HOUR_US

    @rule(debit=ACCOUNTS, credit=ACCOUNTS, amount=AMOUNTS)
    def posting(self, debit: str, credit: str, amount: Money) -> None:
        self.batch.append(posting(self.next_id(), self.now_us, debit, credit, amount, ""))

    @rule(debit=ACCOUNTS, credit=ACCOUNTS, amount=AMOUNTS)
    def hold(self, debit: str, credit: str, amount: Money) -> None:
        held = hold(self.next_id(), self.now_us, debit, credit, amount, 0, "")
        self.batch.append(held)
        self.open[held.id] = held

    @rule(which=CHOICE, share=st.integers(0, 100))
    def resolve(self, which: int, share: int) -> None:
        if not self.open:
            return
        held = self.open.pop(sorted(self.open)[which % len(self.open)])
        amount = Money(held.grains * share // 100, held.currency)
        self.batch.append(post(held, amount, self.now_us) if share % 7 else void(held, self.now_us))

    @rule()
    def write(self) -> None:
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
        with pytest.raises(Exception, match=r"UNIQUE|unique"), self.connection.begin():
            store.append(self.connection, [right, wrong] if among else [wrong])
        assert kept(self.connection) == before
        self.connection.rollback()

    @invariant()
    def balances_are_those_of_the_rows(self) -> None:
        found = by_month(self.connection)
        assert found == rebuilt(self.connection)
        whole = all_months({key: Movement(*moved) for key, moved in found.items()})
        assert kept(self.connection) == {key: numbers(moved) for key, moved in whole.items()}
        sums: Counter[tuple[str, int]] = Counter()
        for (_, unit), (debits, credited, held_debits, held_credits) in kept(self.connection).items():
            sums[unit, 0] += debits - credited
            sums[unit, 1] += held_debits - held_credits
            assert held_debits >= 0
            assert held_credits >= 0
        assert not any(sums.values())
        written = {row.id for row in self.rows}
        waiting = {row.resolves for row in self.batch}
        unresolved = {id for id in written if id in self.open or id in waiting}
        assert {row.id for row in store.open_holds(self.connection, "", "u")} == unresolved
        self.connection.rollback()

    @invariant()
    def the_chain_holds_every_row_in_its_order(self) -> None:
        heads = links(Head(), self.rows)
        assert list(store.chained(self.connection)) == list(zip(self.rows, heads, strict=True))
        assert store.mark(self.connection, store.CHAIN) == (head_text(heads[-1]) if heads else "")
        self.connection.rollback()

    def teardown(self) -> None:
        self.connection.close()


def test_whatever_is_written_the_books_balance_and_can_be_rebuilt(place: Place) -> None:
    Books.engine = place.engine()
    run = Books.TestCase
    run.settings = settings(deadline=None, max_examples=10 if place.url else 30, stateful_step_count=30)
    run("runTest").runTest()
    Books.engine.dispose()


def in_books(place: Place, work: Callable[[GroupCommit], Awaitable[None]]) -> None:
    async def story() -> None:
        async with place.opened() as database:
            await work(database)
            assert await database.read(by_month) == await database.read(rebuilt)

    asyncio.run(story())


def test_two_resolutions_of_one_hold_in_one_commit_end_it_once(place: Place) -> None:
    async def story(database: GroupCommit) -> None:
        held = hold(TransferId("h"), 1, "wallet:a", "revenue", Money(100, "KRW"), 9, "")
        await database.append([(store.append, held)])
        both = [database.append([(store.append, row)]) for row in (post(held, Money(60, "KRW"), 2), void(held, 3))]
        first, second = await asyncio.gather(*both, return_exceptions=True)
        assert first is None
        assert isinstance(second, Unavailable)
        assert (await database.read(kept))["wallet:a", "KRW"] == (60, 0, 0, 0)

    in_books(place, story)


def test_a_hold_that_was_never_written_cannot_be_resolved(place: Place) -> None:
    """Its write may have failed: resolving it all the same would leave less than nothing held."""

    async def story(database: GroupCommit) -> None:
        lost = hold(TransferId("h"), 1, "wallet:a", "revenue", Money(100, "KRW"), 9, "")
        with pytest.raises(Unavailable):
            await database.append([(store.append, post(lost, Money(60, "KRW"), 2))])
        assert await database.read(kept) == {}

    in_books(place, story)


def test_a_hold_and_its_end_may_share_a_commit(place: Place) -> None:
    async def story(database: GroupCommit) -> None:
        held = hold(TransferId("h"), 1, "wallet:a", "revenue", Money(100, "KRW"), 9, "")
        database.append_later([(store.append, held)])
        await database.append([(store.append, post(held, Money(60, "KRW"), 2))])
        assert await database.read(kept) == {("wallet:a", "KRW"): (60, 0, 0, 0), ("revenue", "KRW"): (0, 60, 0, 0)}
        assert await database.read(lambda c: store.open_holds(c, "", "z")) == []

    in_books(place, story)


def test_writing_no_transfers_at_all_changes_nothing(place: Place) -> None:
    async def story(database: GroupCommit) -> None:
        await database.append([(store.append, posting(TransferId("t"), 1, "a", "b", Money(1, "KRW"), ""))])
        head = await database.read(lambda c: store.mark(c, store.CHAIN))
        await database.write(lambda c: store.append(c, []))
        assert await database.read(lambda c: store.mark(c, store.CHAIN)) == head

    in_books(place, story)


def test_balances_are_found_by_prefix_and_nothing_else(place: Place) -> None:
    async def story(database: GroupCommit) -> None:
        names = ["wallet:a", "wallet:a%", "wallet_a", "walletXa", "wallet:", "w"]
        rows = [posting(TransferId(n), 1, n, "x", Money(1, "KRW"), "") for n in names]
        await database.append([(store.append, row) for row in rows])
        found = await database.read(lambda c: store.balances_of(c, "wallet:"))
        assert {account for account, _ in found} == {"wallet:a", "wallet:a%", "wallet:"}
        found = await database.read(lambda c: store.balances_at(c, ["wallet:a", "w", "nobody"]))
        assert {account for account, _ in found} == {"wallet:a", "w"}

    in_books(place, story)


def test_an_account_keeps_a_balance_for_each_thing_it_counts(place: Place) -> None:
    async def story(database: GroupCommit) -> None:
        units = ["KRW", "USD", "KRW.INCLUDED", "TOKENS", "ANSWERS"]
        rows = [posting(TransferId(unit), 1, "a", "b", Money(n, unit), "") for n, unit in enumerate(units)]
        await database.append([(store.append, row) for row in rows])
        assert await database.read(lambda c: store.balances_at(c, ["b"])) == {
            ("b", unit): Movement(credits=n) for n, unit in enumerate(units)
        }

    in_books(place, story)


def test_the_transfers_of_one_answer_are_found_by_its_id(place: Place) -> None:
    async def story(database: GroupCommit) -> None:
        ids = ("ans_1.cost", "ans_1.hold", "ans_2.cost", "ansX1")
        rows = [posting(TransferId(id), 1, "a", "b", Money(1, "KRW"), "") for id in ids]
        await database.append([(store.append, row) for row in rows])
        assert await database.read(lambda c: store.transfers_of(c, "ans_1")) == rows[:2]

    in_books(place, story)


def test_a_mark_is_remembered_and_moved(place: Place) -> None:
    async def story(database: GroupCommit) -> None:
        assert await database.read(lambda c: store.mark(c, "seen")) == ""
        for value in ("ans_1", "ans_2"):
            await database.write(partial(store.set_mark, name="seen", value=value))
        assert await database.read(lambda c: store.mark(c, "seen")) == "ans_2"

    in_books(place, story)


def test_what_was_known_of_the_books_is_known_anew_when_another_wrote_or_it_was_taken_back(place: Place) -> None:
    """A connection remembers the chain's head, the zone and the seal: each may have moved meanwhile."""
    engine, other = place.engine(), place.engine()
    rows = [posting(TransferId(f"t{n}"), NEW_YEAR_SEOUL, "a", "b", Money(n, "KRW"), "") for n in range(6)]
    with engine.connect().execution_options(**WRITE) as mine, other.connect().execution_options(**WRITE) as theirs:

        def book(connection: Connection, row: Transfer) -> None:
            with connection.begin():
                store.append(connection, [row])

        for connection, row in ((mine, rows[0]), (mine, rows[1]), (theirs, rows[2]), (mine, rows[3])):
            book(connection, row)
        with mine.begin() as taken_back:
            store.append(mine, [rows[5]])
            taken_back.rollback()
        book(mine, rows[4])
        with theirs.begin():
            store.keep_months_in(theirs, "UTC")
        book(mine, rows[5])
        with theirs.begin():
            store.set_mark(theirs, SEALED, str(NEW_YEAR_SEOUL + HOUR_US))
        late = posting(TransferId("late"), NEW_YEAR_SEOUL, "a", "b", Money(7, "KRW"), "")
        book(mine, late)
        rows.append(structs.replace(late, at_us=NEW_YEAR_SEOUL + HOUR_US))
        assert list(store.chained(mine)) == list(zip(rows, links(Head(), rows), strict=True))
        assert store.mark(mine, store.CHAIN) == head_text(links(Head(), rows)[-1])
        assert by_month(mine) == rebuilt(mine)
        assert {month for _, _, month in by_month(mine)} == {202612}
    engine.dispose()
    other.dispose()


NEW_YEAR_SEOUL = instant("2026-12-31T15:00:00Z", "edge")


def test_a_month_ends_at_midnight_of_the_books_own_zone(place: Place) -> None:
    """One microsecond decides the month; the balance up to a month is what was before its end."""

    async def story(database: GroupCommit) -> None:
        for n, at_us in enumerate((NEW_YEAR_SEOUL - 1, NEW_YEAR_SEOUL)):
            row = posting(TransferId(f"t{n}"), at_us, "wallet:a", "revenue", Money(10 + n, "KRW"), "")
            await database.append([(store.append, row)])
        for month, moved, until in ((202611, 0, 0), (202612, 10, 10), (202701, 11, 21), (202702, 0, 21)):
            found = await database.read(partial(store.month_movements, month=month, prefix="revenue"))
            assert found.get(("revenue", "KRW"), Movement()).credits == moved
            found = await database.read(partial(store.movements_until, month=month, prefix="revenue"))
            assert found.get(("revenue", "KRW"), Movement()).credits == until
        assert (await database.read(store.balances_of))["revenue", "KRW"].credits == 21

    in_books(place, story)


def test_books_that_move_to_another_zone_are_summed_again(place: Place) -> None:
    async def story(database: GroupCommit) -> None:
        held = hold(TransferId("h"), NEW_YEAR_SEOUL, "wallet:a", "revenue", Money(100, "KRW"), 9, "")
        await database.append([(store.append, held)])
        whole = await database.read(store.balances_of)
        for name, month in (("UTC", 202612), ("Asia/Seoul", 202701), ("Asia/Seoul", 202701), ("Asia/Tokyo", 202701)):
            await database.write(partial(store.keep_months_in, time_zone=name))
            assert {key[2] for key in await database.read(by_month)} == {month}
            assert await database.read(store.balances_of) == whole
        row = post(held, Money(1, "KRW"), NEW_YEAR_SEOUL + 1)
        await database.append([(store.append, row)])
        assert (await database.read(store.balances_of))["wallet:a", "KRW"] == Movement(debits=1)

    in_books(place, story)


def test_a_journal_of_thousands_is_read_back_in_its_order(place: Place) -> None:
    async def story(database: GroupCommit) -> None:
        rows = [posting(TransferId(f"t{n * 7919 % 12_007}"), n, "a", "b", Money(n, "KRW"), "") for n in range(12_000)]
        for start in range(0, len(rows), 5_000):
            await database.write(partial(store.append, rows=rows[start : start + 5_000]))
        found = await database.read(lambda c: list(store.chained(c)))
        assert found == list(zip(rows, links(Head(), rows), strict=True))

    in_books(place, story)
