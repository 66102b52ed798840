"""Taking bills, on both databases: once, whole or not at all, and by reversal where a newer one replaces an older."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from tests.db.opened import Place
from tests.reconciling.answered import UTC, answered, usd

from solvent.answering.provider_cost_store import provider_costs
from solvent.audit import alarm_store
from solvent.audit.act import Act, fingerprint
from solvent.db.group_commit import GroupCommit
from solvent.db.port import Connection
from solvent.ledger import store as ledger_store
from solvent.ledger.account import ENGINE_ACCRUED, api_cost, api_payable, bill_suspense, lost_cost
from solvent.ledger.transfer import posting
from solvent.ledger.verify_books import verify_books
from solvent.pricing.exchange import exchange
from solvent.pricing.exchange_store import keep_exchanges
from solvent.reconciling import store
from solvent.reconciling import take_bill as taking
from solvent.reconciling.compare_bill import compare_bill
from solvent.reconciling.compared import Compared
from solvent.reconciling.reading import Terms, read_bill
from solvent.reconciling.residual import Limit
from solvent.reconciling.take_bill import Taken, take_bill
from solvent.values.errors import Conflict, Invalid, NotFound
from solvent.values.ids import TransferId
from solvent.values.period import start_of_day, zone

DAY = 20_758  # 2026-11-01
NOW_US = start_of_day(DAY + 20, UTC)
TERMS = Terms(columns="date=Day; amount=Cost; model=Model; kind=Kind", currency="USD")


def csv(*rows: str) -> str:
    return "Day,Model,Cost,Kind\n" + "".join(f"2026-11-{row}\n" for row in rows)


def act(key: str) -> Act:
    return Act("key_1", key, fingerprint(key), NOW_US)


@asynccontextmanager
async def books(place: Place) -> AsyncIterator[GroupCommit]:
    """Two days of gpt-4o on them."""
    async with place.opened() as database:

        def work(connection: Connection) -> None:
            answered(connection, DAY, "gpt-4o", "1")
            answered(connection, DAY, "gpt-4o", "0.5", 86_399)
            answered(connection, DAY + 1, "gpt-4o", "2")

        await database.write(work)
        yield database
        assert (await verify_books(database)).is_clean


async def held(database: GroupCommit, text: str, terms: Terms = TERMS, currency: str = "USD") -> Compared:
    return await compare_bill("openai", read_bill(text, terms), terms, None, currency, provider_costs, database, NOW_US)


async def take(database: GroupCommit, text: str, key: str, *, again: bool = False, permille: int = 5) -> Taken:
    limit = Limit(permille, usd("0.01").grains)
    return await take_bill(await held(database, text), limit, database, act(key), again=again)


async def suspense(database: GroupCommit) -> int:
    account = bill_suspense("openai")
    moved = await database.read(lambda connection: ledger_store.balances_at(connection, (account,)))
    return sum(movement.debits - movement.credits for movement in moved.values())


FIRST = csv("01,openai/gpt-4o,1.5,Usage", "02,GPT-4o,2.5,Usage", "02,,0.4,Tax", "02,gpt-9,0.1,Usage")
NEWER = csv("01,gpt-4o,1.5,Usage", "02,gpt-4o,2,Usage", "03,gpt-4o,0.004,Usage")


def test_a_bill_is_taken_once_and_its_residual_is_in_suspense(place: Place) -> None:
    async def live() -> None:
        async with books(place) as database:
            first = await take(database, FIRST, "a")
            assert first.is_new
            assert await take(database, FIRST, "a") == first, "the same act"
            assert await take(database, FIRST, "b") == Taken(first.bill, is_new=False), "the same file"
            assert await suspense(database) == usd("0.6").grains
            bill = await database.read(lambda connection: store.bill_by_id(connection, first.bill))
            assert (bill.billed_grains, bill.booked_grains) == (usd("4.1").grains, usd("3.5").grains)
            assert bill.beside_grains == usd("0.4").grains
            owed = await database.read(lambda c: ledger_store.balances_at(c, (api_payable("openai"),)))
            movement = owed[api_payable("openai"), "USD"]
            assert movement.credits - movement.debits == bill.billed_grains, "what we owe is what is billed"
            alarms = await database.read(lambda c: alarm_store.newest_alarms(c, 0))
            assert [(one.kind, one.subject) for one in alarms] == [("bill_residual", "openai")]
            words = msgspec.json.decode(alarms[0].words)
            assert (words["amount"], words["share"], words["bill"]) == ("0.6", "14.63 %", first.bill)
            lines = await database.read(lambda c: store.lines_of_bill(c, first.bill))
            assert [(line.named, line.model) for line in lines if line.kind == "usage"] == [
                ("openai/gpt-4o", "gpt-4o"), ("GPT-4o", "gpt-4o"), ("gpt-9", ""),
            ]  # fmt: skip

    asyncio.run(live())


def test_a_newer_bill_reverses_the_older_and_the_older_does_not_come_back_unasked(place: Place) -> None:
    async def live() -> None:
        async with books(place) as database:
            first = await take(database, FIRST, "a")
            newer = await take(database, NEWER, "b")
            assert newer.replaced == (first.bill,)
            assert await suspense(database) == usd("0.004").grains
            assert len(await database.read(lambda c: alarm_store.newest_alarms(c, 0))) == 1, "within the limit"
            with pytest.raises(Conflict, match=f"taken as {first.bill}, and {newer.bill} has replaced it"):
                await take(database, FIRST, "c")
            assert await suspense(database) == usd("0.004").grains, "nothing was posted"
            with pytest.raises(Conflict, match="covers only some of that time"):
                await take(database, FIRST.replace("2.5", "2.6"), "d", again=True)
            back = await take(database, FIRST + "2026-11-03,gpt-4o,0,Usage\n", "e")
            assert back.replaced == (newer.bill,)
            again = await take(database, NEWER, "f", again=True)
            assert (again.replaced, await suspense(database)) == ((back.bill,), usd("0.004").grains)
            in_force = await database.read(lambda c: store.bills_in_force(c, "openai", DAY, DAY + 30))
            assert [bill.id for bill in in_force] == [again.bill]

    asyncio.run(live())


def test_bills_of_two_time_zones_may_not_overlap_by_some_hours(place: Place) -> None:
    async def live() -> None:
        async with books(place) as database:
            first = await take(database, csv("01,gpt-4o,1.5,Usage"), "a")
            seoul = msgspec.structs.replace(TERMS, zone="Asia/Seoul")  # whose November 2 begins nine hours earlier
            found = await held(database, csv("02,gpt-4o,2,Usage"), seoul)
            with pytest.raises(Conflict, match=rf"2026-11-01.* \(UTC\) is in the books as {first.bill}.*Asia/Seoul"):
                await take_bill(found, Limit(5), database, act("b"))
            after = await take_bill(await held(database, csv("03,gpt-4o,2,Usage"), seoul), Limit(5), database, act("c"))
            assert after.replaced == ()
            with pytest.raises(Conflict, match="covers only some of that time"):
                await take_bill(await held(database, csv("01,gpt-4o,1,Usage"), seoul), Limit(5), database, act("d"))
            whole = await held(database, csv("01,gpt-4o,1,Usage", "03,gpt-4o,2,Usage"), seoul)
            assert (await take_bill(whole, Limit(5), database, act("e"))).replaced == (first.bill, after.bill)

    asyncio.run(live())


def test_a_day_that_differs_rings_though_the_sum_does_not(place: Place) -> None:
    async def live() -> None:
        async with books(place) as database:
            await take(database, csv("01,gpt-4o,1.6,Usage", "02,gpt-4o,1.9,Usage"), "a")
            (one,) = await database.read(lambda c: alarm_store.newest_alarms(c, 0))
            words = msgspec.json.decode(one.words)
            assert (words["days"], words["amount"], words["share"]) == ("2026-11-01", "0.1", "6.25 %")

    asyncio.run(live())


def test_books_that_were_corrected_since_are_compared_anew_when_it_is_asked_for(place: Place) -> None:
    async def live() -> None:
        async with books(place) as database:
            await take(database, FIRST, "a")
            await database.write(lambda connection: answered(connection, DAY, "gpt-9", "0.1"))
            assert not (await take(database, FIRST, "b")).is_new
            await take(database, FIRST, "c", again=True)
            assert await suspense(database) == usd("0.5").grains

    asyncio.run(live())


def test_two_imports_at_once_take_one_bill(place: Place) -> None:
    async def live() -> None:
        async with books(place) as one, place.opened() as other:
            done = await asyncio.gather(*(take((one, other)[n % 2], FIRST, f"race-{n}") for n in range(6)))
            assert len({taken.bill for taken in done}) == 1
            assert sum(taken.is_new for taken in done) == 1
            assert await suspense(one) == usd("0.6").grains

    asyncio.run(live())


@pytest.mark.parametrize("broken", ["store.add_bill", "ledger_store.append", "alarm_store.raise_alarms"])
def test_a_crash_at_any_step_takes_nothing_and_the_next_try_takes_all(
    place: Place, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, _, name = broken.partition(".")

    async def live() -> None:
        async with books(place) as database:
            await take(database, NEWER, "a")
            before = await database.read(lambda c: (ledger_store.balances_by_month(c), store.count_of(c)))
            found = await held(database, NEWER.replace("0.004", "5"))
            kept = getattr(getattr(taking, module), name)

            def breaks(*given: object) -> None:
                kept(*given)
                raise RuntimeError("the power went")

            with monkeypatch.context() as broke:
                broke.setattr(getattr(taking, module), name, breaks)
                with pytest.raises(RuntimeError):
                    await take_bill(found, Limit(5), database, act("b"))
            assert await database.read(lambda c: (ledger_store.balances_by_month(c), store.count_of(c))) == before
            assert (await take_bill(found, Limit(5), database, act("b"))).is_new
            assert await suspense(database) == usd("5").grains

    asyncio.run(live())


def test_what_cannot_be_compared_is_refused(place: Place) -> None:
    async def live() -> None:
        async with books(place) as database:
            with pytest.raises(NotFound, match="no answers of a provider 'opnai'; there are openai"):
                await compare_bill(
                    "opnai", read_bill(FIRST, TERMS), TERMS, None, "USD", provider_costs, database, NOW_US
                )
            with pytest.raises(Invalid, match="is not over"):
                await held(database, csv("21,gpt-4o,1,Usage"))
            with pytest.raises(Invalid, match="with no rate for 2026-11-01"):
                await held(database, FIRST, currency="KRW")
            won = exchange("USD", "KRW", "1400", "2026-11-01", "bank", "here")
            await database.write(lambda connection: keep_exchanges(connection, [won]))
            found = await held(database, FIRST, currency="KRW")
            assert found.bill.rates == "1 USD = 1400 KRW since 2026-11-01 (bank)"

    asyncio.run(live())


def test_what_answers_cost_is_read_off_the_journal_by_day_asked_and_model(place: Place) -> None:
    async def live() -> None:
        async with books(place) as database:

            def work(connection: Connection) -> None:
                id = answered(connection, DAY + 1, "gpt-5", "1")
                owed, others = api_payable("openai"), api_payable("other")
                moves = {
                    f"{id}.correction.cost.1": (owed, api_cost("openai"), "0.4", id),
                    f"{id}.lost1": (lost_cost("openai"), owed, "0.2", id),
                    f"{id}.lost2": (lost_cost("other"), others, "9", id),
                    f"{id}.energy": ("cost:energy", ENGINE_ACCRUED, "9", id),
                    "pay_1.debt": (owed, "cash:bank", "3", "provider/openai"),
                }
                rows = [
                    posting(TransferId(name), NOW_US, debit, credit, usd(amount), cause)
                    for name, (debit, credit, amount, cause) in moves.items()
                ]
                ledger_store.append(connection, rows)

            await database.write(work)
            found = await database.read(lambda c: provider_costs(c, "openai", DAY, DAY + 3, UTC))
            assert [(one.day - DAY, one.model, one.sold_as, one.grains, one.answers) for one in found] == [
                (0, "gpt-4o", "our-gpt-4o", usd("1.5").grains, 2),
                (1, "", "", usd("0.2").grains, 1),
                (1, "gpt-4o", "our-gpt-4o", usd("2").grains, 1),
                (1, "gpt-5", "our-gpt-5", usd("0.6").grains, 1),
            ]
            seoul = await database.read(lambda c: provider_costs(c, "openai", DAY, DAY + 3, zone("Asia/Seoul")))
            assert [one.grains for one in seoul if one.model == "gpt-4o"] == [usd("1").grains, usd("2.5").grains]

    asyncio.run(live())
