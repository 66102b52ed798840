"""A customer's people are told of their own limit: once for each threshold and month, whoever looks how often."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

import msgspec
from tests.db.opened import Place
from tests.office.acts import NOW_US, opened_customer

from solvent.audit.act import Act
from solvent.billing import budget_store
from solvent.billing.limits import Asker, budgets_for
from solvent.db.group_commit import GroupCommit
from solvent.db.port import Connection
from solvent.identity import person_store
from solvent.identity.caller import Customer
from solvent.identity.news import News
from solvent.identity.person import Person
from solvent.ledger import store as ledger_store
from solvent.ledger.account import MEMO_ISSUED
from solvent.ledger.pot_store import open_pots
from solvent.ledger.transfer import posting
from solvent.office.limit_spending import limit_spending
from solvent.office.tell_spending import tell_spending
from solvent.values.ids import KeyId, PersonId, TransferId
from solvent.values.instant import DAY_US
from solvent.values.limits import NEWS_OF_SPENDING_A_DAY_MAX
from solvent.values.money import Money, money
from solvent.values.period import Period

SEOUL = ZoneInfo("Asia/Seoul")


async def limited(database: GroupCommit, kim: Customer, won: str, permille: int, key: str) -> None:
    await limit_spending(kim, money(won, "KRW"), permille, Act("psn_kim", key, "", NOW_US), database)


async def used(database: GroupCommit, kim: Customer, won: int, at_us: int = NOW_US) -> None:
    """So much of the month's limit is used, as answers use it."""
    own = await database.read(lambda c: budget_store.overrides_of(c, kim.id))
    asker = Asker("plain", kim.id, KeyId("key_1"))
    (budget,) = budgets_for((), asker, own, "KRW", Period(1, at_us, at_us + DAY_US), at_us, SEOUL)
    pot = budget.pot

    def spend(connection: Connection) -> None:
        open_pots(connection, [pot])
        rows = []
        if not ledger_store.balances_at(connection, [pot.account]):
            filled = Money(budget.amount, pot.unit)
            rows.append(
                posting(TransferId(f"{pot.account}.open"), at_us, MEMO_ISSUED, pot.account, filled, pot.account)
            )
        number = len(ledger_store.transfers_of(connection, "spent."))
        spent = Money(won * 10**7, pot.unit)
        rows.append(posting(TransferId(f"spent.{number}"), at_us, pot.account, "memo:answered", spent, "r"))
        ledger_store.append(connection, rows)

    await database.write(spend)


async def told(database: GroupCommit, at_us: int = NOW_US) -> list[tuple[str, str, int, int]]:
    def short(one: News) -> tuple[str, str, int, int]:
        about = msgspec.json.decode(one.about)
        return one.person, one.kind, about["used"] // 10**7, about["limit"] // 10**7

    return sorted(map(short, await tell_spending("KRW", SEOUL, database, at_us)))


def test_each_threshold_is_told_once_a_month_to_everybody_of_the_customer(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database, place.opened() as other:
            kim = (await opened_customer(database)).customer
            for name, closed_us in (("kim", 0), ("lee", 0), ("park", 0), ("moon", NOW_US)):
                person = Person(
                    PersonId(f"psn_{name}"),
                    f"{name}@x.com",
                    name,
                    "customer",
                    kim.id,
                    "ko",
                    NOW_US,
                    closed_us,
                    confirmed_us=0 if name == "park" else NOW_US,
                )
                await database.write(lambda c, person=person: person_store.add(c, person, ""))  # type: ignore[misc]
            await limited(database, kim, "10000", 800, "a")
            assert await told(database) == []
            await used(database, kim, 7_999)
            assert await told(database) == []
            await used(database, kim, 1)
            both = await asyncio.gather(told(database), told(other))
            assert [("psn_kim", "spending_near", 8_000, 10_000), ("psn_lee", "spending_near", 8_000, 10_000)] in both
            assert await told(other) == []
            await limited(database, kim, "20000", 800, "b")  # what was used stays used: less than four fifths now
            assert await told(database) == []
            await limited(database, kim, "20000", 300, "c")  # another threshold, which is passed
            assert await told(database) == [
                ("psn_kim", "spending_near", 8_000, 20_000), ("psn_lee", "spending_near", 8_000, 20_000),
            ]  # fmt: skip
            await limited(database, kim, "9000", 900, "d")  # lowered: what was left went, nothing more was used
            assert await told(database) == []
            await used(database, kim, 1_000)
            assert [one[:3] for one in await told(database)] == [
                ("psn_kim", "spending_reached", 9_000), ("psn_lee", "spending_reached", 9_000),
            ]  # fmt: skip
            assert await told(database) == []
            december = NOW_US + 31 * DAY_US
            assert await told(database, december) == []
            await used(database, kim, 8_500, december)
            assert [one[1] for one in await told(database, december)] == ["spending_near"] * 2
            await limited(database, kim, "9000", 0, "e")  # nobody wants to be told any more
            await used(database, kim, 500, december)
            assert await told(database, december) == []

    asyncio.run(story())


def test_a_limit_set_anew_again_and_again_fills_nobodys_mailbox(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            kim = (await opened_customer(database)).customer
            who = Person(PersonId("psn_kim"), "kim@x.com", "kim", "customer", kim.id, "ko", NOW_US, confirmed_us=NOW_US)
            await database.write(lambda c: person_store.add(c, who, ""))
            await limited(database, kim, "10000", 800, "a")
            await used(database, kim, 5_000)
            letters = []
            for n in range(30):  # each amount is another, each a minute later
                await limited(database, kim, str(5_001 + n), 900, f"near{n}")
                letters += await told(database, NOW_US + n)
            assert letters == [("psn_kim", "spending_near", 5_000, 5_001)]
            await limited(database, kim, "5000", 900, "reached")
            letters += await told(database)
            for n in range(30):  # a threshold that was passed then is not told of anew
                await limited(database, kim, str(5_000 - n), 900, f"reached{n}")
                letters += await told(database, NOW_US + n)
            assert [one[1] for one in letters] == ["spending_near", "spending_reached"]
            for n in range(9):  # one that lay ahead is; but whoever spends on and raises on is told a few times a day
                await limited(database, kim, str(6_000 + 1_000 * n), 900, f"on{n}")
                await used(database, kim, 1_000)
                letters += await told(database, NOW_US + n)
            assert len(letters) == NEWS_OF_SPENDING_A_DAY_MAX
            assert len(await told(database, NOW_US + 2 * DAY_US)) == 1

    asyncio.run(story())
