"""Verifying: books that are right are found so, also while they grow; whatever is done behind our back is found too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from tests.db.opened import Place

from solvent.db.group_commit import GroupCommit
from solvent.ledger import pot_store, store
from solvent.ledger.balance import Calendar, Movement, movements
from solvent.ledger.chain import Head, head_text, links, read_head
from solvent.ledger.transfer import Transfer, hold, post, posting, void
from solvent.ledger.verdict import PROBLEMS_MAX, Verdict, Verification
from solvent.ledger.verify_books import verify_books
from solvent.values.ids import TransferId
from solvent.values.money import Money
from solvent.values.period import zone

MONTH_US = 31 * 86_400 * 1_000_000
COLUMNS = Transfer.__struct_fields__


def journal(seed: int, count: int) -> list[Transfer]:
    """Money paid in, holds, and their ends; some holds stay open."""
    random = Random(seed)
    rows: list[Transfer] = []
    open_holds: list[Transfer] = []
    rows.append(posting(TransferId("t0000"), 0, "cash:bank", "wallet:a", Money(10**12, "KRW"), "start"))
    for n in range(1, count):
        id, at_us = TransferId(f"t{n:04d}"), n * MONTH_US // 7
        if open_holds and random.random() < 0.5:
            held = open_holds.pop(random.randrange(len(open_holds)))
            spent = Money(random.randrange(held.grains + 1), "KRW")
            rows.append(post(held, spent, at_us) if random.random() < 0.8 else void(held, at_us))
        elif random.random() < 0.6:
            amount = Money(1 + random.randrange(10**6), "KRW")
            rows.append(hold(id, at_us, "wallet:a", "revenue:answers", amount, at_us + 9, id, "proc_1"))
            open_holds.append(rows[-1])
        else:
            rows.append(posting(id, at_us, "cost:api:x", "payable:x", Money(random.randrange(10**6), "KRW"), id))
    return rows


def verdict_on(rows: list[Transfer], heads: list[Head], known: Head | None = None, **changed: Any) -> Verdict:
    """Of rows with the links that were written beside them."""
    verification = Verification(Calendar(zone("Asia/Seoul")), known)
    for row, head in zip(rows, heads, strict=True):
        verification.add(row, head)
    kept = changed.get("kept", movements(rows, Calendar(zone("Asia/Seoul")).month))
    end = changed.get("end", head_text(heads[-1]) if heads else "")
    return verification.verdict(end, kept, changed.get("leased", {}))


@given(st.integers(0, 10**6), st.integers(1, 40))
@settings(deadline=None, max_examples=80)
def test_books_that_are_right_are_found_so(seed: int, count: int) -> None:
    rows = journal(seed, count)
    heads = links(Head(), rows)
    found = verdict_on(rows, heads, heads[count // 2])
    assert (found.problems, found.transfers, found.head) == ((), count, head_text(heads[-1]))
    ended = {row.resolves for row in rows}
    assert found.open_holds == sum(row.state == "pending" and row.id not in ended for row in rows)


def test_empty_books_are_right() -> None:
    assert verdict_on([], []).is_clean


@given(st.integers(0, 10**6), st.integers(2, 30), st.data())
@settings(deadline=None, max_examples=150)
def test_a_row_that_is_dropped_doubled_or_moved_is_found(seed: int, count: int, data: st.DataObject) -> None:
    rows = journal(seed, count)
    heads = links(Head(), rows)
    n = data.draw(st.integers(0, count - 1))
    written = list(zip(rows, heads, strict=True))
    other = data.draw(st.integers(0, count - 1).filter(lambda m: m != n))
    swapped = list(rows)
    swapped[n], swapped[other] = swapped[other], swapped[n]
    for wrong in (written[:n] + written[n + 1 :], [*written[: n + 1], written[n], *written[n + 1 :]],
                  list(zip(swapped, heads, strict=True))):  # fmt: skip
        found = verdict_on([row for row, _ in wrong], [head for _, head in wrong], end=head_text(heads[-1]))
        assert not found.is_clean


def test_rows_that_are_cut_off_with_their_mark_are_only_found_by_a_head_kept_elsewhere() -> None:
    """Who can write everything can also write a shorter chain: therefore the closing of a month keeps the head."""
    rows = journal(3, 30)
    heads = links(Head(), rows)
    assert verdict_on(rows[:20], heads[:20]).is_clean
    assert not verdict_on(rows[:20], heads[:20], heads[25]).is_clean
    again = links(Head(), [rows[1], rows[0], *rows[2:]])
    assert not verdict_on([rows[1], rows[0], *rows[2:]], again, heads[25]).is_clean
    assert "kept" in verdict_on(rows[:20], heads[:20], heads[25]).problems[0]


def test_each_kind_of_damage_is_named() -> None:
    start = posting(TransferId("t"), 1, "cash:bank", "wallet:a", Money(100, "KRW"), "")
    held = hold(TransferId("h"), 1, "wallet:a", "revenue", Money(100, "KRW"), 9, "")
    other = hold(TransferId("h"), 1, "wallet:b", "revenue", Money(100, "KRW"), 9, "")
    half = post(held, Money(60, "KRW"), 2)
    more = msgspec.structs.replace(half, grains=150)
    negative = msgspec.structs.replace(start, grains=-5)
    cases: list[tuple[list[Transfer], str]] = [
        ([start, half], "is no hold"),
        ([start, held, half, void(held, 3)], "ended before"),
        ([start, other, half], "is not the end of"),
        ([start, held, more], "takes more than"),
        ([negative], "below zero"),
        ([held], "a pot never goes below zero"),
        ([start, held, half, posting(TransferId("x"), 1, "wallet:a", "cash", Money(41, "KRW"), "")], "below zero"),
    ]
    for rows, words in cases:
        found = verdict_on(rows, links(Head(), rows))
        assert any(words in problem for problem in found.problems), (words, found.problems)


def test_kept_balances_and_leases_are_held_against_the_journal() -> None:
    rows = journal(5, 30)
    heads = links(Head(), rows)
    kept = movements(rows, Calendar(zone("Asia/Seoul")).month)
    for key in kept:
        wrong = {**kept, key: Movement(1, 2, 3, 4)}
        assert key[0] in verdict_on(rows, heads, kept=wrong).problems[0]
        missing = verdict_on(rows, heads, kept={other: kept[other] for other in kept if other != key})
        assert missing.is_clean == (kept[key] == Movement())
    assert not verdict_on(rows, heads, kept={**kept, ("wallet:b", "KRW", 197001): Movement(credits=5)}).is_clean
    assert verdict_on(rows, heads, leased={("wallet:a", "KRW"): 5}).is_clean
    assert not verdict_on(rows, heads, leased={("wallet:a", "KRW"): 10**13}).is_clean
    assert not verdict_on(rows, heads, leased={("wallet:nobody", "KRW"): 1}).is_clean


def test_a_long_list_of_problems_ends_somewhere() -> None:
    rows = journal(7, 300)
    assert len(verdict_on(rows, [Head()] * len(rows)).problems) == PROBLEMS_MAX


def in_books(place: Place, work: Callable[[GroupCommit], Awaitable[None]], rows: list[Transfer]) -> None:
    async def story() -> None:
        async with place.opened() as database:
            await database.write(lambda c: store.append(c, rows))
            assert (await verify_books(database)).is_clean
            await work(database)

    asyncio.run(story())


def sql(statement: str, **values: Any) -> Callable[[Connection], Any]:
    return lambda connection: connection.execute(text(statement), values).rowcount


async def found_after(
    database: GroupCommit, change: Callable[[Connection], Any], undo: Callable[[Connection], Any]
) -> Verdict:
    """The verdict on books that somebody changed; they are put right again."""
    assert await database.write(change) == 1
    found = await verify_books(database)
    assert await database.write(undo) == 1
    return found


def test_a_change_of_any_column_of_any_row_is_found(place: Place) -> None:
    rows = journal(11, 12)
    values: dict[str, Any] = {
        "id": "other", "at_us": 77, "state": "other", "debit": "wallet:thief", "credit": "wallet:thief", "grains": 3,
        "currency": "USD", "resolves": None, "held_grains": 4, "expires_us": 5, "reference": "another",
        "holder": "proc_9", "seq": 1_000, "hash": bytes(32),
    }  # fmt: skip
    assert values.keys() == {*COLUMNS, "seq", "hash"}
    resolved = {row.resolves for row in rows}

    async def work(database: GroupCommit) -> None:
        kept = await database.read(
            lambda c: {row.id: row._asdict() for row in c.execute(text("SELECT * FROM transfers"))}
        )
        for row in rows:
            for column, value in values.items():
                if kept[row.id][column] == value or (column == "id" and row.id in resolved):
                    continue  # another row names a hold that was resolved, so the database itself refuses
                change = f"UPDATE transfers SET {column} = :value WHERE id = :id"
                renamed = value if column == "id" else row.id
                found = await found_after(
                    database, sql(change, value=value, id=row.id),
                    sql(change, value=kept[row.id][column], id=renamed),
                )  # fmt: skip
                assert not found.is_clean, (row.id, column)
        assert (await verify_books(database)).is_clean

    in_books(place, work, rows)


def test_rows_that_are_added_or_taken_out_are_found(place: Place) -> None:
    rows = journal(13, 40)

    async def work(database: GroupCommit) -> None:
        names = ", ".join((*COLUMNS, "seq", "hash"))
        copy = f"INSERT INTO transfers ({names}) SELECT "
        added = ", ".join(
            {"id": "'new'", "resolves": "NULL", "seq": "seq + 1000"}.get(name, name) for name in names.split(", ")
        )
        last = rows[-1].id
        found = await found_after(
            database,
            sql(f"{copy}{added} FROM transfers WHERE id = 't0000'"),
            sql("DELETE FROM transfers WHERE id = 'new'"),
        )
        assert not found.is_clean
        await database.write(sql("CREATE TABLE aside AS SELECT * FROM transfers"))
        resolved = {row.resolves for row in rows}
        for gone in [row.id for row in rows if row.id not in resolved]:
            back = f"{copy}{names} FROM aside WHERE id = :id"
            found = await found_after(
                database, sql("DELETE FROM transfers WHERE id = :id", id=gone), sql(back, id=gone)
            )
            assert not found.is_clean, gone
            assert gone != last or "missing at the end" in found.problems[0]
        await database.write(sql("DROP TABLE aside"))
        assert (await verify_books(database)).is_clean

    in_books(place, work, rows)


def test_projections_that_are_changed_are_found(place: Place) -> None:
    async def work(database: GroupCommit) -> None:
        for change, undo in (
            ("UPDATE balances SET credits = credits + 1 WHERE account = 'payable:x' AND month = 197001",
             "UPDATE balances SET credits = credits - 1 WHERE account = 'payable:x' AND month = 197001"),
            ("INSERT INTO leases VALUES ('wallet:a', 'KRW', 'proc_9', 2000000000000, 0)", "DELETE FROM leases"),
            ("UPDATE marks SET value = '7:00' WHERE name = 'chain'", ""),
        ):  # fmt: skip
            head = await database.read(lambda c: store.mark(c, store.CHAIN))
            put_back = sql(undo) if undo else sql("UPDATE marks SET value = :head WHERE name = 'chain'", head=head)
            assert not (await found_after(database, sql(change), put_back)).is_clean, change
        assert (await verify_books(database)).is_clean

    in_books(place, work, journal(17, 60))


def test_the_head_of_an_earlier_verdict_proves_everything_up_to_it(place: Place) -> None:
    async def work(database: GroupCommit) -> None:
        head = read_head((await verify_books(database)).head)
        more = posting(TransferId("u"), 1, "cash:bank", "wallet:a", Money(1, "KRW"), "")
        await database.append([(store.append, more)])
        assert (await verify_books(database, head)).is_clean
        assert not (await verify_books(database, Head(head.seq, bytes(32)))).is_clean
        assert not (await verify_books(database, Head(head.seq + 5, head.hash))).is_clean

    in_books(place, work, journal(19, 30))


def test_books_are_found_right_while_they_grow(place: Place) -> None:
    """One moment is looked at, whatever is booked meanwhile: head, rows, balances and leases belong together."""

    async def work(database: GroupCommit) -> None:
        done = asyncio.Event()

        async def book() -> int:
            n = 0
            while not done.is_set():
                n += 1
                held = hold(TransferId(f"h{n:06d}"), n, "wallet:a", "revenue", Money(5, "KRW"), 9, "", "proc_1")
                await database.write(lambda c: pot_store.take_lease(c, "proc_1", "wallet:a", "KRW", 10))
                database.append_later(
                    [(store.append, held), (pot_store.shift_leases, ("wallet:a", "KRW", "proc_1", -5))]
                )
                await database.append([(store.append, post(held, Money(3, "KRW"), n))])
            return n

        booking = asyncio.create_task(book())
        sizes = []
        for _ in range(12):
            found = await verify_books(database)
            assert found.problems == ()
            sizes.append(found.transfers)
        done.set()
        assert await booking > 0
        assert sizes == sorted(sizes)
        assert len(set(sizes)) > 3, "nothing was booked meanwhile"

    in_books(place, work, journal(23, 400))


@pytest.mark.parametrize("count", [0, 1])
def test_the_smallest_books(place: Place, count: int) -> None:
    async def work(database: GroupCommit) -> None:
        assert (await verify_books(database)).transfers == count

    in_books(place, work, journal(1, 1)[:count])
