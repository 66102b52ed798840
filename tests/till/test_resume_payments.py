"""The sweep over open payments: it finds out what it can, and a silent processor keeps nobody waiting."""

from __future__ import annotations

import asyncio

import msgspec
from tests.db.opened import Place
from tests.till.test_top_up import live, paid
from tests.till.tills import CUSTOMER, Till, act, opened_till, won

from solvent.payments.fake import FakeProcessor
from solvent.till.save_method import save_method
from solvent.till.settle_order import settle_order

HOUR_US = 3_600_000_000


def test_a_silent_processor_is_asked_once_a_sweep_and_the_others_go_on(place: Place) -> None:
    async def run() -> None:
        silent, other = FakeProcessor("silent"), FakeProcessor("other")
        async with opened_till(place, silent, other) as till:
            orders = [(await till.top_up(1_000 + n, rail)).order for n in range(3) for rail in ("silent", "other")]
            for order in orders:
                {"silent": silent, "other": other}[order.rail].pay(order.id, order.amount)
            till.now_us += HOUR_US
            silent.breaks_before = 10**6
            resumed = await till.resume()
            assert (resumed.looked, len(resumed.problems)) == (4, 1)
            assert await till.wallet() == 3_003
            silent.breaks_before = 0
            till.now_us += HOUR_US
            assert (await till.resume()).problems == ()
            assert await till.wallet() == 6_006
            assert (await till.resume()).looked == 0

    asyncio.run(run())


def test_a_fee_that_is_told_later_is_waited_for_and_then_left(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = (await till.top_up(10_000, "fake")).order
        fake.pay(order.id, won(10_000))
        fake.payments[order.id] = msgspec.structs.replace(fake.payments[order.id], fee_follows=True)
        await till.take("fake", fake.webhook("evt_1", "paid", order.id, till.now_us))
        looks = 0
        for _ in range(30):
            till.now_us += HOUR_US
            looks += (await till.resume()).looked
        assert 3 <= looks <= 8, "it asks for a while, and then leaves it to the webhook"
        fake.pay(order.id, won(10_000), won(340))
        await till.take("fake", fake.webhook("evt_2", "paid", order.id, till.now_us))
        assert await till.balance("expense:payment_fees:fake") == won(-340)
        await till.take("fake", fake.webhook("evt_3", "paid", order.id, till.now_us))
        assert await till.balance("expense:payment_fees:fake") == won(-340), "and booked once"

    live(place, story)


def test_a_method_that_was_saved_is_not_asked_about_again(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        asking = act()
        order = (await save_method(CUSTOMER, "KRW", "fake", till.rails, till.database, asking, till.entropy)).order
        assert (await paid(till, fake, order)).state == "paid"
        fake.payments.clear()
        assert (await settle_order(order.id, till.rails, till.database, till.now_us)).problem == ""

    live(place, story)
