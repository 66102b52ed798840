"""Refunds: what is refused before the processor is asked, and what others do at the processor."""

from __future__ import annotations

import pytest
from tests.db.opened import Place
from tests.till.test_top_up import live, paid
from tests.till.tills import CUSTOMER, NOON_US, Till, act, won

from solvent.billing import reversal_store
from solvent.ledger import pot_store
from solvent.ledger.account import REFUNDS, wallet
from solvent.payments.fake import FakeProcessor
from solvent.till.refund import refund
from solvent.values.errors import Conflict, Invalid, NotFound, Refused
from solvent.values.money import money


def test_what_cannot_go_back_is_refused_and_nothing_is_set_aside(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = (await till.top_up(10_000, "fake")).order
        with pytest.raises(Conflict, match="is open"):
            await till.refund(order.id, 1)
        await paid(till, fake, order)
        for amount, kind in ((won(0), Invalid), (won(-1), Invalid), (money("0.5", "KRW"), Invalid),
                             (money("1", "USD"), Invalid), (won(10_001), Refused)):  # fmt: skip
            with pytest.raises(kind):
                await refund(order.id, amount, till.rails, till.database, act(), till.entropy)
        with pytest.raises(NotFound):
            await till.refund("ord_none", 1)
        assert "refund" not in fake.calls
        assert await till.free() == 10_000

    live(place, story)


def test_two_refunds_are_two_and_a_repeated_one_is_one(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = await paid(till, fake, (await till.top_up(10_000, "fake")).order)
        one, again, two = [await till.refund(order.id, 2_000, key) for key in ("a", "a", "b")]
        assert one == again
        assert one.id != two.id
        assert [refund.key for refund in fake.payments[order.id].refunds] == [one.id, two.id]
        with pytest.raises(Conflict):
            await till.refund(order.id, 3_000, "a")
        kept = await till.database.read(lambda connection: reversal_store.refunds_of(connection, order.id))
        assert [refund.why for refund in kept] == ["asked for", "asked for"]

    live(place, story)


def test_money_that_processes_lease_is_not_free_until_they_give_it_back(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = await paid(till, fake, (await till.top_up(10_000, "fake")).order)
        account = wallet(CUSTOMER)
        lease = won(6_000).grains
        await till.database.write(lambda c: pot_store.take_lease(c, "proc_1", account, "KRW", lease))
        with pytest.raises(Refused, match="4000 KRW of the wallet"):
            await till.refund(order.id, 5_000)
        recalled = await till.database.read(lambda connection: pot_store.recalled(connection, "proc_1"))
        assert recalled == [(account, "KRW")], "whoever leases it was asked to give it back"
        await till.database.write(lambda connection: pot_store.end_leases(connection, "proc_1"))
        assert (await till.refund(order.id, 5_000)).state == "done"

    live(place, story)


def test_a_refund_by_others_takes_what_is_free_and_the_rest_is_our_loss(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = await paid(till, fake, (await till.top_up(10_000, "fake")).order)
        fake.give_back(order.id, won(4_000))
        await till.database.write(
            lambda c: pot_store.take_lease(c, "proc_1", wallet(CUSTOMER), "KRW", won(8_000).grains)
        )
        for n in range(2):
            await till.take("fake", fake.webhook(f"evt_r{n}", "refunded", order.id, NOON_US))
        assert await till.wallet() == 8_000
        assert await till.balance(f"{REFUNDS}:top_up") == won(-2_000)
        assert (await till.order(order.id)).state == "partly_refunded"

    live(place, story)


def test_a_refund_that_was_given_up_and_done_all_the_same_is_booked(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = await paid(till, fake, (await till.top_up(10_000, "fake")).order)
        fake.give_back(order.id, won(9_000))
        with pytest.raises(Refused, match="more than is left"):
            await till.refund(order.id, 5_000)
        (failed,) = await till.database.read(lambda connection: reversal_store.refunds_of(connection, order.id))
        assert failed.state == "failed"
        fake.payments[order.id] = fake.pay(order.id, won(10_000))
        fake.give_back(order.id, won(5_000), failed.id)
        await till.take("fake", fake.webhook("evt_r", "refunded", order.id, NOON_US))
        assert await till.wallet() == 5_000
        states = await till.database.read(lambda connection: reversal_store.refunds_of(connection, order.id))
        assert [refund.state for refund in states] == ["failed", "done"]

    live(place, story)


def test_a_refund_of_another_amount_than_was_asked_is_a_problem(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = await paid(till, fake, (await till.top_up(10_000, "fake")).order)
        fake.breaks_before = 1
        asked = await till.refund(order.id, 5_000)
        assert asked.state == "asked"
        fake.give_back(order.id, won(4_000), asked.id)
        told = await till.take("fake", fake.webhook("evt_r", "refunded", order.id, NOON_US))
        assert told.state == "mismatch"
        assert "is of 5000 KRW, and 4000 KRW went back" in told.why
        assert await till.wallet() == 10_000

    live(place, story)
