"""Books of an earlier version: every row is kept, chained as if it always had been, and answers go on from it."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, text
from tests.db.opened import Place
from tests.db.postgres import Postgres

import solvent.db.engine
from solvent.db.engine import FILE_NAME, open_engine
from solvent.ledger import pot_store, store
from solvent.ledger.balance import all_months
from solvent.ledger.pot import Pot
from solvent.ledger.transfer import Transfer, hold, post, posting, void
from solvent.ledger.verify_books import verify_books
from solvent.values.ids import CustomerId, TransferId, new_id
from solvent.values.instant import NEVER_US, US_PER_S, instant
from solvent.values.money import Money

START_US = instant("2026-11-24T12:00:00Z", "start")
CUSTOMERS = ("cus_a", "cus_b", "cus_한")
OLD = ("id", "at_us", "state", "debit", "credit", "grains", "currency", "resolves", "held_grains", "expires_us",
       "reference")  # fmt: skip


@pytest.fixture
def old_place(place: Place, request: pytest.FixtureRequest) -> Place:
    """A place where nothing is yet, on either database."""
    if not place.url:
        (place.directory / FILE_NAME).unlink()
        return place
    cluster: Postgres = request.getfixturevalue("postgres")
    return Place(place.directory, cluster.empty_database())


def plain_engine(place: Place) -> Engine:
    file = place.directory / FILE_NAME
    return create_engine(place.url.replace("postgresql:", "postgresql+pg8000:") or f"sqlite:///{file}")


def upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(solvent.db.engine.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def old_journal(answers: int) -> list[Transfer]:
    """As the first version wrote it: gifts, and answers that were charged, voided or cut off by a crash."""
    random = Random(2)
    rows = [
        posting(TransferId(f"grant_{name}_welcome"), START_US, "expense:grants", f"wallet:{name}",
                Money(10**12, "KRW"), "welcome")
        for name in CUSTOMERS
    ]  # fmt: skip
    for n in range(answers):
        at_us = START_US + n * 86_400 * US_PER_S
        answer = new_id("ans", at_us, random.getrandbits(50))
        amount = Money(random.randrange(10**6), "KRW")
        account = f"wallet:{random.choice(CUSTOMERS)}"
        held = hold(TransferId(f"{answer}.hold"), at_us, account, "revenue:answers", amount, at_us + 9, answer)
        rows.append(held)
        if random.random() < 0.1:
            continue
        spent = Money(random.randrange(amount.grains + 1), "KRW")
        rows.append(post(held, spent, at_us + 5) if random.random() < 0.9 else void(held, at_us + 5))
        rows.append(
            posting(TransferId(f"{answer}.cost"), at_us + 5, "cost:api:x", "payable:x", Money(7, "KRW"), answer)
        )
    return rows


def write_old(place: Place, rows: list[Transfer]) -> None:
    """Books of the first version, balances and all."""
    engine = plain_engine(place)
    with engine.connect() as connection, connection.begin():
        upgrade(connection, "0001")
        marks = ", ".join(f":{name}" for name in OLD)
        for row in rows:
            values = {name: getattr(row, name) for name in OLD}
            connection.execute(text(f"INSERT INTO transfers ({', '.join(OLD)}) VALUES ({marks})"), values)
        for account in sorted({row.debit for row in rows} | {row.credit for row in rows}):
            connection.execute(text("INSERT INTO balances VALUES (:account, 'KRW', 1, 2, 3, 4)"), {"account": account})
    engine.dispose()


def columns_of_old(engine: Engine) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        chosen = text(f"SELECT {', '.join(OLD)} FROM transfers ORDER BY id")
        return [tuple(row) for row in connection.execute(chosen)]


def test_rows_of_the_first_version_are_kept_chained_and_answered_from(old_place: Place) -> None:
    rows = old_journal(400)
    write_old(old_place, rows)
    engine = old_place.engine()
    assert columns_of_old(engine) == sorted(tuple(getattr(row, name) for name in OLD) for row in rows)
    engine.dispose()

    async def live() -> None:
        async with old_place.opened() as database:
            await database.write(lambda c: store.keep_months_in(c, "Asia/Seoul"))
            verdict = await verify_books(database)
            assert verdict.problems == ()
            resolved = Counter(row.resolves for row in rows if row.resolves)
            assert verdict.transfers == len(rows)
            assert verdict.open_holds == sum(row.state == "pending" and row.id not in resolved for row in rows) > 0
            kept = await database.read(store.balances_of)
            assert kept == all_months(await database.read(store.balances_rebuilt))
            for name in CUSTOMERS:
                id, account = CustomerId(name), f"wallet:{name}"
                pots = await database.read(lambda c, id=id: pot_store.pots_of(c, id))  # type: ignore[misc]
                assert pots == [Pot(account, "KRW", id, "wallet", "", 0, NEVER_US)]
                moved = kept[account, "KRW"]
                left = moved.credits - moved.debits - moved.held_debits
                taken = await database.write(
                    lambda c, a=account: pot_store.take_lease(c, "proc", a, "KRW", 10**18)  # type: ignore[misc]
                )
                assert taken == left > 0
            more = posting(TransferId("ans_z"), START_US, "a", "b", Money(1, "KRW"), "")
            await database.append([(store.append, more)])
            assert (await verify_books(database)).is_clean

    asyncio.run(live())


def test_holds_of_the_first_version_name_nobody_and_wait_for_their_time(old_place: Place) -> None:
    write_old(old_place, old_journal(40))

    async def live() -> None:
        async with old_place.opened() as database:
            holds = await database.read(lambda c: store.open_holds(c, "", "z"))
            assert holds
            assert {row.holder for row in holds} == {""}

    asyncio.run(live())


def test_the_place_before_which_no_hold_is_open_is_taken_over(old_place: Place) -> None:
    rows = old_journal(40)
    write_old(old_place, rows)
    engine = plain_engine(old_place)
    with engine.connect() as connection, connection.begin():
        upgrade(connection, "0036")
        asked = connection.execute(text("SELECT seq, id FROM transfers WHERE id LIKE 'ans_%'"))
        ids = {int(seq): str(id) for seq, id in asked}
        middle = sorted(ids.values())[len(ids) // 2]
        connection.execute(text("INSERT INTO marks VALUES ('holds_seen_until', :id)"), {"id": middle})
        upgrade(connection, "0037")
        mark = connection.execute(text("SELECT value FROM marks WHERE name = 'holds_seen_until_seq'")).scalar_one()
    engine.dispose()
    assert all(seq > int(mark) for seq, id in ids.items() if id >= middle)
    assert any(seq <= int(mark) for seq in ids)


def test_books_in_which_nothing_was_ever_written_have_an_empty_chain(old_place: Place) -> None:
    write_old(old_place, [])

    async def live() -> None:
        async with old_place.opened() as database:
            verdict = await verify_books(database)
            assert (verdict.transfers, verdict.problems) == (0, ())
            await database.append([(store.append, old_journal(0)[0])])
            assert (await verify_books(database)).is_clean

    asyncio.run(live())


def test_each_step_can_be_taken_by_itself(old_place: Place) -> None:
    """Whichever version wrote the books, the next ones find what they expect."""
    rows = old_journal(20)
    write_old(old_place, rows)
    versions = Path(solvent.db.engine.__file__).parent / "migrations" / "versions"
    for number in sorted(path.name[:4] for path in versions.glob("0*.py"))[1:]:
        engine = plain_engine(old_place)
        with engine.connect() as connection, connection.begin():
            upgrade(connection, number)
        assert len(columns_of_old(engine)) == len(rows)
        engine.dispose()
    open_engine(old_place.directory, old_place.url).dispose()


def test_migrations_stand_in_one_line() -> None:
    """Each follows the one before it, and its file bears its number: so that two never take one place."""
    files = sorted((Path(solvent.db.engine.__file__).parent / "migrations" / "versions").glob("0*.py"))
    said = [re.findall(r'revision = (?:"(\d+)"|None)', file.read_text()) for file in files]
    assert said == [[f"{n:04}", f"{n - 1:04}" if n > 1 else ""] for n in range(1, len(files) + 1)]
    assert [file.name[:4] for file in files] == [own for own, _ in said]
