"""Withdrawing: what waited for an order waits no longer, and what is paid after all is the customer's."""

from __future__ import annotations

import asyncio

import pytest
from tests.db.opened import Place
from tests.till.tills import CUSTOMER, Till, act, opened_till

from solvent.payments.bank import Bank
from solvent.payments.fake import FakeProcessor
from solvent.payments.port import Settings
from solvent.till.confirm_transfer import confirm_transfer
from solvent.till.withdraw_order import withdraw_order
from solvent.values.errors import Conflict, NotFound
from solvent.values.ids import CustomerId


def bank() -> Bank:
    return Bank(Settings("bank", ("KRW",), account="123-45"))


async def withdraw(till: Till, id: str, key: str = "w", customer: CustomerId = CUSTOMER) -> str:
    return (await withdraw_order(id, customer, till.rails, act(till.now_us, key, id), till.database)).state


def test_a_transfer_is_waited_for_no_longer_and_counts_all_the_same_when_it_comes(place: Place) -> None:
    async def live() -> None:
        async with opened_till(place, bank()) as till:
            order = (await till.top_up(10_000, "bank")).order
            assert await withdraw(till, order.id) == "expired"
            assert await withdraw(till, order.id) == "expired"  # the same act again
            with pytest.raises(Conflict):
                await withdraw(till, order.id, "x")
            await confirm_transfer(order.id, order.amount, till.rails, till.database, act(till.now_us))
            assert await till.wallet() == 10_000

    asyncio.run(live())


def test_a_checkout_stays_open_at_its_processor_and_nobody_withdraws_for_others(place: Place) -> None:
    async def live() -> None:
        fake = FakeProcessor()
        async with opened_till(place, fake) as till:
            order = (await till.top_up(10_000, "fake")).order
            for id, customer in ((order.id, CustomerId("cus_2")), ("ord_none", CUSTOMER)):
                with pytest.raises(NotFound):
                    await withdraw(till, id, customer=customer)
            assert await withdraw(till, order.id) == "open"
            fake.pay(order.id, order.amount)
            await till.take("fake", fake.webhook("evt_1", "paid", order.id, till.now_us, order.amount))
            assert await till.wallet() == 10_000

    asyncio.run(live())
