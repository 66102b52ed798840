"""What moved in pots beside answers is found by account, whatever way it was booked, and answers are not in it."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import Connection, event
from tests.billing.months import NOV_1, one_of_everything
from tests.db.opened import Place

from solvent.ledger import store
from solvent.ledger.account import BREAKAGE, CUSTOMER_GRANTS, REVENUE_ANSWERS, wallet
from solvent.ledger.beside_store import in_beside, moved_beside, out_beside
from solvent.ledger.spent_store import spent_beside
from solvent.ledger.transfer import hold, post
from solvent.values.ids import CustomerId, TransferId
from solvent.values.money import Money

KIM = CustomerId("cus_kim")


def test_refunds_and_expiry_leave_and_top_ups_and_gifts_come(place: Place) -> None:
    def story(connection: Connection) -> None:
        one_of_everything(connection, KIM)
        held = hold(TransferId("r.wallet"), NOV_1 + 9, wallet(KIM), "cash:bank", Money(70, "KRW"), NOV_1 + 99, "ord_1")
        store.append(connection, [held])
        store.append(connection, [post(held, Money(60, "KRW"), NOV_1 + 10)])
        out = out_beside(connection, [wallet(KIM)], NOV_1, NOV_1 + 10**13)
        assert sorted(row[1:] for row in out) == [
            ("cash:bank", "KRW", 60),
            ("receivable:processor:toss", "KRW", 2_000 * 10**7),
            (BREAKAGE, "KRW", 500 * 10**7),
        ]
        into = in_beside(connection, [wallet(KIM)], NOV_1, NOV_1 + 10**13)
        assert sorted(row[0] for row in into) == [CUSTOMER_GRANTS, "receivable:processor:toss", REVENUE_ANSWERS]
        assert out_beside(connection, [wallet(KIM)], NOV_1, NOV_1) == []
        assert in_beside(connection, ["wallet:nobody"], NOV_1, NOV_1 + 10**13) == []

    async def live() -> None:
        async with place.opened() as database:
            await database.write(story)

    asyncio.run(live())


def test_each_is_found_by_its_own_index(place: Place) -> None:
    """As they really ask, on SQLite, whose writer looks at the conditions of these indexes for every answer."""

    def story(connection: Connection) -> None:
        if connection.dialect.name != "sqlite":
            return
        asked: list[tuple[str, Any]] = []
        event.listen(connection, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
        out_beside(connection, ["wallet:a", "wallet:b"], 1, 9)
        in_beside(connection, ["wallet:a", "wallet:b"], 1, 9)
        moved_beside(connection, ["wallet:a"], "ans_1")
        spent_beside(connection, 1, 9)
        cursor = connection.connection.cursor()
        plans = [
            str(cursor.execute(f"EXPLAIN QUERY PLAN {words}", bound).fetchall())
            for words, bound in asked
            if words.startswith("SELECT")
        ]
        names = ("out_beside", "in_beside", "credit", "debit", "spent_debit", "spent_credit")
        assert [name for name, plan in zip(names, plans, strict=True) if f" ix_transfers_{name} (" not in plan] == []

    async def live() -> None:
        async with place.opened() as database:
            await database.read(story)

    asyncio.run(live())
