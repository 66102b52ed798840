"""Closing a month: once, in its turn, with the same result however often, and everything adds up afterwards."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection
from tests.billing.months import (
    DEC_1,
    DECEMBER,
    JAN_1,
    KIM,
    LEE,
    NOV_1,
    NOVEMBER,
    OCTOBER,
    Teller,
    at,
    balance,
    close,
    nothing_used,
    one_of_everything,
    random_months,
    system,
)
from tests.db.opened import Place
from tests.invoicing.drafts import DAY_US

from solvent.audit.act import Act
from solvent.billing import close_store
from solvent.billing.close import Closing, Used
from solvent.billing.close_month import close_month
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.profile import Profile
from solvent.invoicing.statement import ModelUse, PotUse, Statement, Wallet
from solvent.invoicing.statement_store import statement_of, statements_of
from solvent.invoicing.store import set_profile
from solvent.invoicing.tax import Tax
from solvent.ledger import store
from solvent.ledger.account import REVENUE_ANSWERS, REVENUE_OVERAGE, VAT_PAYABLE, unbilled, wallet
from solvent.ledger.books import books_of
from solvent.pricing.exchange import exchange
from solvent.pricing.exchange_store import keep_exchanges
from solvent.values.errors import Conflict, Invalid
from solvent.values.ids import CustomerId


def test_a_statement_says_how_the_wallet_came_from_one_balance_to_the_next(place: Place) -> None:
    def used(_connection: Connection, customers: Sequence[str], from_day: int, until_day: int) -> list[Used]:
        assert (until_day - from_day, list(customers)) == (30, [KIM])
        return [(KIM, "large", 3, 900, 300, 75_000_000_000, 0), (KIM, "fast", 1, 10, 5, 15_000_000, 7)]

    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: one_of_everything(c, KIM))
            await close_month(NOVEMBER, "KRW", used, database, system(NOVEMBER, DEC_1 + DAY_US))
            (one,) = await database.read(lambda c: statement_of(c, KIM, NOVEMBER))
            used_grains = 75_000_000_000 + 15_000_000 - 10_000_000
            assert one.wallet == Wallet(
                opening=0, paid_in=20_000 * 10**7, gifts=1_000 * 10**7, used=used_grains, paid_out=2_000 * 10**7,
                expired=500 * 10**7, gifts_used=1_000 * 10**7, gifts_left=0,
            )  # fmt: skip
            assert one.wallet.closing == await database.read(lambda c: balance(c, wallet(KIM)))
            assert one.vat == 591 * 10**7  # 6,500.5 of paid money / 11 = 590.95
            assert one.vat_carried == round((used_grains - 10**10) / 11) - one.vat
            assert one.on_account == 333 * 10**7 + 5
            assert one.pots == (
                PotUse("allowance", "ANSWERS", 300, 3, 97, 200),
                PotUse("grant", "KRW", 5_000 * 10**7, 1_200 * 10**7, 0, 3_800 * 10**7),
            )
            assert one.models[1] == ModelUse("large", 3, 900, 300, 75_000_000_000, 0)
            assert await database.read(lambda c: balance(c, VAT_PAYABLE)) == one.vat + 30 * 10**7

    asyncio.run(live())


def test_usage_on_account_is_invoiced_in_the_month_it_was_used(place: Place) -> None:
    def used(_connection: Connection, customers: Sequence[str], _from: int, _until: int) -> list[Used]:
        return [(LEE, "large", 2, 9, 9, 1_000 * 10**7 + 5, 0), (LEE, "fast", 7, 9, 9, 100 * 10**7, 0)]

    def use(connection: Connection) -> None:
        Teller(connection).open_pot(f"overage:{LEE}:1", "overage", "KRW.ON-ACCOUNT", LEE, 10**13, NOV_1)
        one_of_everything(connection, KIM)
        teller = Teller(connection)
        teller.count = 500
        teller.book(unbilled(LEE), REVENUE_OVERAGE, 1_100 * 10**7 + 5, NOV_1 + 9)

    async def live() -> None:
        async with place.opened() as database:
            await database.write(use)
            now_us = DEC_1 + 3 * DAY_US
            closing = await close_month(NOVEMBER, "KRW", used, database, system(NOVEMBER, now_us), due_days=10)
            found = await database.read(lambda c: invoicing_store.invoices_between(c, 0, JAN_1))
            lee, kim = sorted((invoice for invoice, _ in found), key=lambda one: one.customer, reverse=True)
            assert [(one.text, one.quantity, one.total.grains) for one in lee.lines] == [
                ("fast", 7, 100 * 10**7), ("large", 2, 1_000 * 10**7),
            ]  # fmt: skip
            assert (lee.issued_us, lee.due_us) == (DEC_1 - 1, now_us + 10 * DAY_US)
            assert (lee.from_us, lee.until_us) == (NOV_1, DEC_1)
            assert [(one.text, one.total.grains) for one in kim.lines] == [("", 333 * 10**7)]
            kept = {one.account: one.closing for one in closing.accounts}
            assert kept["receivable:invoices"] == 1_433 * 10**7
            assert kept["receivable:unbilled"] == 10  # five grains each wait for the next invoice
            assert await close_month(NOVEMBER, "KRW", used, database, system(NOVEMBER, now_us)) == closing
            assert await database.read(lambda c: invoicing_store.invoices_between(c, 0, JAN_1)) == found

    asyncio.run(live())


def test_a_month_closes_twice_with_the_same_result(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: one_of_everything(c, KIM))
            await database.write(lambda c: Teller(c).subscribe(KIM, 29_000, NOV_1, NOV_1 + 31 * DAY_US, NOV_1 + 10))
            first = await close(database, NOVEMBER, DEC_1 + DAY_US)
            rows = await database.read(store.balances_by_month)
            by_hand = Act("key_1", "again", "", DEC_1 + 9 * DAY_US)
            assert await close_month(NOVEMBER, "KRW", nothing_used, database, by_hand) == first
            assert await close(database, NOVEMBER, DEC_1 + 9 * DAY_US) == first
            assert await database.read(store.balances_by_month) == rows
            assert first.chain == await database.read(lambda c: store.mark(c, store.CHAIN))

    asyncio.run(live())


def test_the_same_books_close_to_the_same_proof_however_they_are_stepped(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = [CustomerId(f"cus_{name}") for name in ("b", "a", "Z", "1", "_", "c")]

    async def live(where: Place, later_us: int) -> tuple[str, str]:
        async with where.opened() as database:
            await database.write(lambda c: random_months(c, customers, Random(7)))
            november = await close(database, NOVEMBER, DEC_1 + later_us)
            december = await close(database, DECEMBER, JAN_1 + later_us)
            return november.hash, december.hash

    whole = asyncio.run(live(place, DAY_US))
    monkeypatch.setattr(close_store, "CUSTOMERS_AT_ONCE", 1)
    monkeypatch.setattr(close_store, "SCHEDULES_AT_ONCE", 1)
    (tmp_path / "again").mkdir()
    assert asyncio.run(live(Place(tmp_path / "again"), 2 * DAY_US)) == whole
    assert whole[0] != whole[1]


@pytest.mark.parametrize("seed", range(6))
def test_statements_add_up_to_the_ledger_and_follow_each_other(place: Place, seed: int) -> None:
    customers = [CustomerId(f"cus_{n}") for n in range(8)]

    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: random_months(c, customers, Random(seed)))
            first = await database.read(close_store.next_to_close)
            if first is None:
                return
            for month, now_us in ((NOVEMBER, DEC_1 + DAY_US), (DECEMBER, JAN_1 + DAY_US)):
                if month >= first:
                    await close(database, month, now_us)
            vat = 0
            for customer in customers:
                made = await database.read(lambda c, customer=customer: statements_of(c, customer, 10))  # type: ignore[misc]
                held = await database.read(lambda c, customer=customer: balance(c, wallet(customer)))  # type: ignore[misc]
                assert (made[0].wallet.closing if made else 0) == held
                check_sequence(made)
                vat += sum(one.vat for one in made)
            assert await database.read(lambda c: balance(c, VAT_PAYABLE)) == vat
            rebuilt = await database.read(store.balances_rebuilt)
            assert await database.read(store.balances_by_month) == rebuilt

    def check_sequence(made: list[Statement]) -> None:
        opening = gifts = 0
        exact = 0
        for one in reversed(made):
            assert one.wallet.opening == opening
            assert 0 <= one.wallet.gifts_used <= max(0, one.wallet.used)
            assert 0 <= one.wallet.gifts_left <= one.wallet.closing
            assert one.wallet.gifts_left <= gifts + max(0, one.wallet.gifts)
            assert one.vat % 10**7 == 0
            assert 2 * abs(one.vat_carried) <= 10**7
            opening, gifts = one.wallet.closing, one.wallet.gifts_left
            exact += one.wallet.used - one.wallet.gifts_used
        # However many months: the VAT is that of all use, within half a won, and a grain a month.
        assert abs(sum(one.vat for one in made) * 11 - exact) <= 11 * (5 * 10**6 + len(made))

    asyncio.run(live())


def test_vat_stays_where_it_is_unless_prices_contain_it(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(
                lambda c: invoicing_store.set_profile(c, Profile(customer=KIM, tax=Tax("exclusive", 100)))
            )
            await database.write(lambda c: one_of_everything(c, KIM))
            await close(database, NOVEMBER, DEC_1 + DAY_US)
            (one,) = await database.read(lambda c: statement_of(c, KIM, NOVEMBER))
            assert (one.vat, one.vat_carried) == (0, 0)
            assert await database.read(lambda c: balance(c, VAT_PAYABLE)) == 33 * 10**7, "of 333 won on account"

    asyncio.run(live())


def test_a_subscription_is_recognised_over_its_period_and_sums_to_its_price(place: Place) -> None:
    start_us = at("2026-11-11T15:20:00")
    end_us = start_us + 30 * DAY_US

    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: Teller(c).subscribe(KIM, 29_000, start_us, end_us, start_us))
            await close(database, NOVEMBER, DEC_1 + DAY_US)
            account = f"deferred:sub_{KIM}"
            supply = 26_364 * 10**7
            earned = await database.read(lambda c: balance(c, "revenue:subscriptions"))
            assert earned == round(supply * (DEC_1 - start_us) / (30 * DAY_US))
            assert await database.read(lambda c: balance(c, account)) == supply - earned
            await close(database, DECEMBER, JAN_1 + DAY_US)
            assert await database.read(lambda c: balance(c, "revenue:subscriptions")) == supply
            assert await database.read(lambda c: balance(c, account)) == 0
            january = at("2027-02-01T00:00:00")
            closing = await close(database, 202701, january + DAY_US)
            assert [one for one in closing.accounts if one.debits or one.credits] == []

    asyncio.run(live())


def test_months_close_in_their_turn_and_after_their_end(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: one_of_everything(c, KIM))
            with pytest.raises(Conflict, match="has not ended"):
                await close(database, NOVEMBER, DEC_1 + 599 * 10**6)
            with pytest.raises(Conflict, match="close 202611 first"):
                await close(database, DECEMBER, JAN_1 + DAY_US)
            with pytest.raises(Conflict, match="close 202611 first"):
                await close(database, OCTOBER, JAN_1 + DAY_US)
            await close(database, NOVEMBER, DEC_1 + 600 * 10**6)
            await close(database, DECEMBER, JAN_1 + DAY_US)
            with pytest.raises(Invalid, match="months were closed in Asia/Seoul"):
                await database.write(lambda c: store.keep_months_in(c, "Europe/Berlin"))
            sealed = await database.read(store.balances_by_month)
            # As old books are, which say no zone.
            await database.write(lambda c: store.set_mark(c, store.TIME_ZONE, ""))
            with pytest.raises(Invalid, match='write time_zone = "Asia/Seoul"'):
                await database.write(lambda c: store.keep_months_in(c, "Europe/Berlin"))
            await database.write(lambda c: store.keep_months_in(c, "Asia/Seoul"))
            assert await database.read(lambda c: store.mark(c, store.TIME_ZONE)) == "Asia/Seoul"
            assert await database.read(store.balances_by_month) == sealed
            for wrong in (0, 2026, 202613, 202600, 1, -202611):
                with pytest.raises(Invalid, match="not a month"):
                    await close(database, wrong, JAN_1 + DAY_US)

    asyncio.run(live())


def test_what_comes_late_is_booked_into_the_open_month(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: one_of_everything(c, KIM))
            before = await close(database, NOVEMBER, DEC_1 + DAY_US)

            def late(connection: Connection) -> None:
                teller = Teller(connection)
                teller.count = 900
                teller.book("cash:bank", wallet(KIM), 700 * 10**7, NOV_1 + 99)

            await database.write(late)
            assert await close(database, NOVEMBER, DEC_1 + DAY_US) == before
            moved = await database.read(lambda c: store.month_movements(c, NOVEMBER, "cash:bank"))
            assert moved == {}
            await close(database, DECEMBER, JAN_1 + DAY_US)
            newest, oldest = await database.read(lambda c: statements_of(c, KIM, 10))
            assert (newest.month, newest.wallet.paid_in) == (DECEMBER, 700 * 10**7)
            assert newest.wallet.opening == oldest.wallet.closing
            rebuilt = await database.read(store.balances_rebuilt)
            assert await database.read(store.balances_by_month) == rebuilt

    asyncio.run(live())


def test_a_close_that_was_cut_short_goes_on_where_it_was(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(close_store, "CUSTOMERS_AT_ONCE", 2)
    monkeypatch.setattr(close_store, "SCHEDULES_AT_ONCE", 2)
    customers = [CustomerId(f"cus_{n}") for n in range(5)]

    def history(connection: Connection) -> None:
        random_months(connection, customers, Random(3))
        for customer in customers:
            Teller(connection).subscribe(customer, 29_000, NOV_1 + 5, NOV_1 + 30 * DAY_US, NOV_1 + 5)

    async def interrupted(steps: int) -> tuple[Closing, dict[tuple[str, str, int], object]]:
        async with place_of(steps).opened() as database:
            await database.write(history)
            left = steps

            class Dying:
                """A database that is gone after some transactions."""

                async def write(self, work: object) -> object:
                    nonlocal left
                    if left == 0:
                        raise ConnectionError
                    left -= 1
                    return await database.write(work)  # type: ignore[arg-type]

                read, append, append_later = database.read, database.append, database.append_later

            with suppress(ConnectionError):
                await close(Dying(), NOVEMBER, DEC_1 + DAY_US)  # type: ignore[arg-type]
            closing = await close(database, NOVEMBER, DEC_1 + DAY_US)
            return closing, dict(await database.read(store.balances_by_month))

    def place_of(steps: int) -> Place:
        if place.url:
            return place if steps == 99 else Place(place.directory / str(steps))
        return Place(place.directory / str(steps))

    for steps in (99, *range(9)):
        (place.directory / str(steps)).mkdir(exist_ok=True)
    whole = asyncio.run(interrupted(99))
    for steps in range(9):
        cut = asyncio.run(interrupted(steps))
        assert cut[0].hash == whole[0].hash, steps
        assert cut[1] == whole[1], steps


def test_two_who_close_at_once_close_once(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database, place.opened() as other:
            await database.write(lambda c: one_of_everything(c, KIM))
            await database.write(lambda c: Teller(c).subscribe(LEE, 29_000, NOV_1, DEC_1, NOV_1))
            both = await asyncio.gather(
                *(close(one, NOVEMBER, DEC_1 + DAY_US) for one in (database, other, database, other))
            )
            assert len({(closing.hash, closing.closed_us) for closing in both}) == 1
            rebuilt = await database.read(store.balances_rebuilt)
            assert await database.read(store.balances_by_month) == rebuilt

    asyncio.run(live())


def test_who_is_overtaken_in_closing_a_month_books_nothing_more_into_it(place: Place) -> None:
    """What can be invoiced and earned by now was not when the other closed it: it waits for the next month."""
    stopped, goes_on = threading.Event(), threading.Event()

    def slow(_connection: Connection, _customers: Sequence[str], _from: int, _until: int) -> list[Used]:
        stopped.set()
        assert goes_on.wait(60)
        return []

    async def live() -> None:
        async with place.opened() as database, place.opened() as other:
            await database.write(lambda c: one_of_everything(c, KIM))
            german = Profile(customer=KIM, country="DE", tax=Tax("exclusive", 190), vat_currency="EUR")
            await database.write(lambda c: set_profile(c, german))
            act = system(NOVEMBER, DEC_1 + DAY_US)
            overtaken = asyncio.create_task(close_month(NOVEMBER, "KRW", slow, database, act))
            await asyncio.to_thread(stopped.wait, 60)
            closing = await close(other, NOVEMBER, DEC_1 + DAY_US)
            rate = exchange("KRW", "EUR", "0.00062", "2026-05-01", "ECB", "here")
            await other.write(lambda c: keep_exchanges(c, [rate]))
            await other.write(lambda c: Teller(c).subscribe(LEE, 29_000, NOV_1, DEC_1, DEC_1 + DAY_US))
            rows = await other.read(store.balances_by_month)
            goes_on.set()
            assert await overtaken == closing
            assert await other.write(lambda c: close_store.recognise_some(c, NOVEMBER, " ")) == ""
            assert await other.read(store.balances_by_month) == rows
            assert await other.read(lambda c: balance(c, unbilled(KIM))) == -333 * 10**7 - 5
            assert (await close(other, DECEMBER, JAN_1 + DAY_US)).month == DECEMBER
            assert await other.read(lambda c: balance(c, f"deferred:sub_{LEE}")) == 0

    asyncio.run(live())


def test_the_books_of_a_closed_month_balance(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: one_of_everything(c, KIM))
            await database.write(lambda c: Teller(c).subscribe(LEE, 29_000, NOV_1, NOV_1 + 31 * DAY_US, NOV_1))
            closing = await close(database, NOVEMBER, DEC_1 + DAY_US)
            (won,) = books_of(NOVEMBER, closing.accounts, is_closed=True)
            sheet = {line.account: line.grains for line in won.balance_sheet}
            assert sheet["wallet"] == await database.read(lambda c: balance(c, wallet(KIM)))
            assert sheet["cash:bank"] == 29_000 * 10**7
            result = {line.account: line.grains for line in won.profit_and_loss}
            assert result[REVENUE_ANSWERS] == 75_000_000_000 + 5_000_000 + 1_200 * 10**7 - 591 * 10**7
            assert won.profit == won.profit_so_far

    asyncio.run(live())
