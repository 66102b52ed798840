"""What an operator books by hand: payouts, fees known only then, other currencies, and what nobody can explain."""

from __future__ import annotations

import asyncio

import pytest
from tests.db.opened import Place
from tests.till.test_top_up import live, paid
from tests.till.tills import Till, act, opened_till, won

from solvent.payments.bank import open_processor
from solvent.payments.fake import FakeProcessor
from solvent.payments.port import Settings
from solvent.till.book_payout import book_payout
from solvent.till.book_suspense import book_suspense
from solvent.till.confirm_transfer import confirm_transfer
from solvent.values.errors import Invalid, NotFound, Refused
from solvent.values.money import Money, money

OWED = "receivable:processor:fake"


async def payout(till: Till, received: Money, cleared: Money, fee: Money, key: str = "") -> str:
    return await book_payout("fake", received, cleared, fee, till.rails, till.database, act(till.now_us, key))


def test_a_payout_clears_what_the_processor_owes(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        await paid(till, fake, (await till.top_up(10_000, "fake")).order)
        for _ in range(2):
            await payout(till, won(9_660), won(10_000), won(340), "payout of Monday")
        assert await till.balance(OWED) == won(0)
        assert await till.balance("cash:bank") == won(-9_660)
        assert await till.balance("expense:payment_fees:fake") == won(-340)
        with pytest.raises(Refused, match="holds 0 KRW"):
            await payout(till, won(1), won(1), won(0))

    live(place, story)


def test_a_payout_in_another_currency_leaves_the_exchange_between(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        await paid(till, fake, (await till.top_up(14_000, "fake")).order)
        await payout(till, money("9.65", "USD"), won(14_000), won(500))
        assert await till.balance(OWED) == won(0)
        assert await till.balance("cash:bank", "USD") == money("-9.65", "USD")
        assert await till.balance("fx:difference") == won(-13_500)
        assert await till.balance("fx:difference", "USD") == money("9.65", "USD")

    live(place, story)


@pytest.mark.parametrize(
    ("received", "cleared", "fee"),
    [
        (won(9_000), won(10_000), won(340)),
        (won(-1), won(10_000), won(10_001)),
        (won(0), won(0), won(0)),
        (money("1", "USD"), won(100), money("1", "USD")),
        (money("0.5", "KRW"), won(1), money("0.5", "KRW")),
        (money("1", "USD"), won(100), won(200)),
    ],
)
def test_a_payout_whose_parts_do_not_fit_is_refused(place: Place, received: Money, cleared: Money, fee: Money) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        await paid(till, fake, (await till.top_up(10_000, "fake")).order)
        with pytest.raises(Invalid):
            await payout(till, received, cleared, fee)

    live(place, story)


def test_money_that_nobody_can_explain_waits_in_suspense(place: Place) -> None:
    async def run() -> None:
        bank = open_processor(Settings("bank", ("KRW",), account="국민 123456-01-123456 솔벤트"))
        async with opened_till(place, bank) as till:
            order = (await till.top_up(10_000, "bank")).order
            with pytest.raises(Refused, match="0 KRW are in suspense"):
                await confirm_transfer(order.id, won(10_000), till.rails, till.database, act(), from_suspense=True)
            for _ in range(2):
                await book_suspense("bank", won(10_500), till.rails, till.database, act(key="line 7"), note="KIM?")
            assert await till.balance("suspense") == won(10_500)
            await confirm_transfer(order.id, won(10_000), till.rails, till.database, act(), from_suspense=True)
            assert await till.wallet() == 10_000
            await book_suspense("bank", won(500), till.rails, till.database, act(), goes_out=True)
            with pytest.raises(Refused, match="less than the"):
                await book_suspense("bank", won(99_999_999), till.rails, till.database, act(), goes_out=True)
            assert await till.balance("suspense") == won(0)
            assert await till.balance("cash:bank") == won(-10_000)
            with pytest.raises(Invalid):
                await book_suspense("bank", won(0), till.rails, till.database, act())
            with pytest.raises(NotFound):
                await book_suspense("paypal", won(1), till.rails, till.database, act())

    asyncio.run(run())


def test_only_transfers_are_confirmed_by_hand(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = (await till.top_up(10_000, "fake")).order
        with pytest.raises(Refused, match="says itself what was paid"):
            await confirm_transfer(order.id, won(10_000), till.rails, till.database, act())

    live(place, story)
