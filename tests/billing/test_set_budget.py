"""Budgets of one key, user, customer or plan: set, changed while in use, and taken away again."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection
from tests.billing.subscribers import KIM, Books, act, at, story, won
from tests.db.opened import Place

from solvent.billing import budget_store, standing_store
from solvent.billing.limits import Asker, Budget, Override, budgets_for
from solvent.billing.set_budget import set_budget
from solvent.identity.key import Key
from solvent.identity.store import add_key
from solvent.ledger import pot_store
from solvent.ledger import store as ledger_store
from solvent.ledger.account import MEMO_USED
from solvent.ledger.pot import Pot
from solvent.ledger.transfer import posting
from solvent.values.errors import Invalid, NotFound
from solvent.values.ids import CustomerId, KeyId, TransferId
from solvent.values.instant import NEVER_US
from solvent.values.money import Money
from solvent.values.period import zone

JUNE = at("2026-06-01T00:00:00")
DAY = 86_400 * 10**6
ASKER = Asker("plus", KIM, KeyId("key_1"), "min")
SEOUL = zone("Asia/Seoul")


def budget(scope: str, amount: int, hard: int = 1, alert: int = 0) -> Override:
    return Override(scope, "day", "money", amount, alert, hard)


def every_budget(connection: Connection) -> list[Override]:
    return budget_store.budgets_page(connection, ("", "", ""), 99)


async def in_force(books: Books, now_us: int) -> dict[str, tuple[Pot, int]]:
    """The budgets of an answer asked now, opened as admission opens them: their pots and what is left."""
    period = (await books.current()).period

    def work(connection: Connection) -> dict[str, tuple[Pot, int]]:
        own = budget_store.overrides_of(connection, KIM)
        budgets: tuple[Budget, ...] = budgets_for((), ASKER, own, "KRW", period, now_us, SEOUL)
        pots = standing_store.open_budgets(connection, budgets, now_us)
        kept = ledger_store.balances_at(connection, [pot.account for pot in pots])
        left = {key: moved.credits - moved.debits for key, moved in kept.items()}
        return {pot.account: (pot, left.get((pot.account, pot.unit), 0)) for pot in pots}

    return await books.database.write(work)


async def spend(books: Books, account: str, grains: int, now_us: int) -> None:
    row = posting(TransferId(f"ans_{now_us}"), now_us, account, MEMO_USED, Money(grains, "KRW.SPENDING"), "ans")
    await books.database.write(lambda connection: ledger_store.append(connection, [row]))


async def with_key(books: Books) -> None:
    await books.subscribe("plus", JUNE)
    key = Key(KeyId("key_1"), "customer", KIM, "abcd", 0, "", NEVER_US, 0)
    await books.database.write(lambda connection: add_key(connection, key, b"digest"))


def test_each_scope_has_its_own(place: Place) -> None:
    async def tell(books: Books) -> None:
        await with_key(books)
        for n, scope in enumerate(("key:key_1", f"user:{KIM}:min", f"customer:{KIM}"), start=1):
            _, is_new = await set_budget(budget(scope, n * 10), KIM, act(JUNE, scope), books.database)
            _, is_new_again = await set_budget(budget(scope, n * 10), KIM, act(JUNE, scope), books.database)
            assert (is_new, is_new_again) == (True, False)
        await set_budget(budget("plan:plus", 40), CustomerId(""), act(JUNE), books.database)
        await set_budget(budget("plan:pro", 50), CustomerId(""), act(JUNE), books.database)
        found = await in_force(books, JUNE)
        assert {account: left for account, (_, left) in found.items()} == {
            "budget:key:key_1:2026-06-01.money": 10,
            f"budget:user:{KIM}:min:2026-06-01.money": 20,
            f"budget:customer:{KIM}:2026-06-01.money": 30,
            "budget:plan:plus:2026-06-01.money": 40,
        }
        assert len(await books.database.read(every_budget)) == 5

    story(place, tell)


def test_what_was_used_stays_used_when_a_budget_changes(place: Place) -> None:
    async def tell(books: Books) -> None:
        await with_key(books)
        account = "budget:key:key_1:2026-06-01.money"

        async def change(grains: int, now_us: int, **rest: int) -> int:
            await set_budget(budget("key:key_1", grains, **rest), KIM, act(now_us), books.database)
            return (await in_force(books, now_us))[account][1]

        assert await change(1_000, JUNE) == 1_000
        await spend(books, account, 300, JUNE + 1)
        assert await change(500, JUNE + 2) == 200
        assert await change(250, JUNE + 3) == 0, "less than was used"
        assert await change(800, JUNE + 4) == 500
        assert await change(800, JUNE + 5, hard=0, alert=500) == 500
        pot, _ = (await in_force(books, JUNE + 5))[account]
        assert (pot.kind, pot.alert_grains) == ("watch", 400)
        tomorrow = await in_force(books, JUNE + DAY)
        assert [left for _, left in tomorrow.values()] == [800]

    story(place, tell)


def test_what_processes_lease_of_a_budget_is_called_in_before_it_is_lowered(place: Place) -> None:
    async def tell(books: Books) -> None:
        await with_key(books)
        account, unit = "budget:key:key_1:2026-06-01.money", "KRW.SPENDING"
        await set_budget(budget("key:key_1", 1_000), KIM, act(JUNE), books.database)
        await in_force(books, JUNE)
        await books.database.write(lambda c: pot_store.take_lease(c, "proc_1", account, unit, 900))

        async def give_back_when_asked() -> None:
            for _ in range(500):
                if await books.database.read(lambda c: pot_store.recalled(c, "proc_1")):
                    break
                await asyncio.sleep(0.01)
            await books.database.write(lambda c: pot_store.end_leases(c, "proc_1"))

        lowering = set_budget(budget("key:key_1", 50), KIM, act(JUNE + 1), books.database)
        await asyncio.wait_for(asyncio.gather(lowering, give_back_when_asked()), 5)
        assert (await in_force(books, JUNE + 1))[account][1] == 50

    story(place, tell)


def test_every_process_hears_of_a_plans_budget_that_nobody_has_used_yet(place: Place) -> None:
    async def tell(books: Books) -> None:
        await with_key(books)
        _, version = await books.database.read(lambda c: pot_store.customers_touched(c, 0))
        await set_budget(budget("plan:plus", 40), CustomerId(""), act(JUNE), books.database)
        touched, now = await books.database.read(lambda c: pot_store.customers_touched(c, version))
        assert CustomerId("") in touched
        await set_budget(budget(f"customer:{KIM}", 40), KIM, act(JUNE), books.database)
        touched, _ = await books.database.read(lambda c: pot_store.customers_touched(c, now))
        assert touched == {KIM}

    story(place, tell)


def test_without_it_the_plans_own_budget_holds_again(place: Place) -> None:
    async def tell(books: Books) -> None:
        await with_key(books)
        await set_budget(budget(f"customer:{KIM}", 10), KIM, act(JUNE), books.database)
        await set_budget(budget(f"customer:{KIM}", 10), KIM, act(JUNE), books.database, is_removed=True)
        assert await in_force(books, JUNE + DAY) == {}

    story(place, tell)


def test_nobody_sets_a_budget_of_anothers_key(place: Place) -> None:
    async def tell(books: Books) -> None:
        await with_key(books)
        lee = await books.customer(CustomerId("cus_lee"))
        for scope, error in (("key:key_1", NotFound), ("key:key_9", NotFound), (f"customer:{KIM}", Invalid)):
            with pytest.raises(error):
                await set_budget(budget(scope, 10), lee, act(JUNE), books.database)
        assert await books.database.read(every_budget) == []
        assert won(1).grains == 10**7

    story(place, tell)
