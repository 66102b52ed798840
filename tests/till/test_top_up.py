"""Topping up: one order a key, in the wallet's currency, with VAT where prices are without it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.db.opened import Place
from tests.till.tills import CUSTOMER, NOON_US, Till, act, opened_till, won

from solvent.billing import payment_store
from solvent.billing.asking import Asking
from solvent.billing.order import PaymentOrder
from solvent.db.port import Connection
from solvent.ledger import pot_store
from solvent.ledger.pot import Pot
from solvent.payments.fake import GOOD_CARD, FakeProcessor
from solvent.payments.port import Checkout
from solvent.till.begin_payment import begin_payment
from solvent.till.open_checkout import open_checkout
from solvent.till.save_method import save_method
from solvent.values.errors import Conflict, Invalid, NotFound, Refused, SolventError
from solvent.values.instant import NEVER_US
from solvent.values.money import money

Story = Callable[[Till, FakeProcessor], Coroutine[Any, Any, None]]


def live(place: Place, story: Story, **more: Any) -> None:
    async def run() -> None:
        fake = FakeProcessor()
        async with opened_till(place, fake, **more) as till:
            await story(till, fake)

    asyncio.run(run())


async def paid(till: Till, fake: FakeProcessor, order: PaymentOrder) -> PaymentOrder:
    """The customer pays, and the webhook comes."""
    fake.pay(order.id, order.amount)
    await till.take("fake", fake.webhook(f"evt_{order.id}", "paid", order.id, till.now_us, order.amount))
    return await till.order(order.id)


def test_a_top_up_opens_the_wallet_for_answers(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        opened = await till.top_up(10_000, "fake")
        assert opened.checkout == Checkout(opened.order.id, f"https://fake.example/{opened.order.id}")
        assert opened.order.return_url == f"https://shop.example/pay/{opened.order.id}"
        assert (await paid(till, fake, opened.order)).state == "paid"
        (pot,) = await till.database.read(lambda connection: pot_store.pots_of(connection, CUSTOMER))
        assert (pot.account, pot.unit, pot.kind, pot.expires_us) == ("wallet:cus_1", "KRW", "wallet", NEVER_US)

    live(place, story)


def test_a_wallet_that_is_there_keeps_its_alarm_and_is_looked_at_anew(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        known = Pot("wallet:cus_1", "KRW", CUSTOMER, "wallet", "", 5, NEVER_US, 77)
        await till.database.write(lambda connection: pot_store.open_pots(connection, [known]))
        await paid(till, fake, (await till.top_up(10_000, "fake")).order)

        def look(connection: Connection) -> tuple[list[Pot], set[Any]]:
            return pot_store.pots_of(connection, CUSTOMER), pot_store.customers_touched(connection, 1)[0]

        assert await till.database.read(look) == ([known], {CUSTOMER})
        with pytest.raises(Invalid, match="kept in KRW"):
            await till.top_up(money("10", "USD"), "fake")

    live(place, story)


def test_what_cannot_be_is_refused_before_anything_is_written(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        for wrong, kind in (
            (till.top_up(0, "fake"), Invalid),
            (till.top_up(10_000, "paypal"), NotFound),
            (till.top_up(money("10", "EUR"), "fake"), Refused),
            (_begin(till, "pack:gold"), Invalid),
            (_begin(till, "invoice:inv_none"), NotFound),
        ):
            with pytest.raises(SolventError) as refusal:
                await wrong
            assert isinstance(refusal.value, kind), refusal.value
        assert await till.database.read(lambda c: payment_store.orders_page(c, None, "", 9)) == []
        assert fake.calls == []

    live(place, story)


def test_a_purpose_of_somebody_else_is_booked_by_them_in_the_same_transaction(place: Place) -> None:
    booked: list[str] = []

    def on_paid(connection: Connection, order: PaymentOrder, at_us: int) -> None:
        booked.append(order.subject)

    async def story(till: Till, fake: FakeProcessor) -> None:
        order = (await _begin(till, "gift:gold")).order
        for _ in range(2):
            await paid(till, fake, order)
        assert booked == ["gold"]
        assert (await till.order(order.id)).state == "paid"

    live(place, story, on_paid={"gift": on_paid})


def test_a_checkout_is_opened_only_while_the_order_can_be_paid(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = (await till.top_up(10_000, "fake")).order
        await paid(till, fake, order)
        assert (await open_checkout(order.id, till.rails, till.database)).checkout is None
        with pytest.raises(NotFound):
            await open_checkout("ord_none", till.rails, till.database)

    live(place, story)


def test_an_order_that_nobody_pays_is_given_up(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = (await till.top_up(10_000, "fake")).order
        looks = 0
        while (await till.order(order.id)).state == "open":
            till.now_us += 3_600_000_000
            looks += (await till.resume()).looked
        assert (await till.order(order.id)).state == "expired"
        assert 10 < looks < 60, "asked about now and then, not all the time"
        # The money came all the same: it is the customer's.
        assert (await paid(till, fake, order)).state == "paid"
        assert await till.wallet() == 10_000

    live(place, story)


def test_a_card_is_saved_with_a_payment_or_without_one_and_kept_once(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        with_money = (await till.top_up(10_000, "fake", saves=True)).order
        await paid(till, fake, with_money)
        asking = act(NOON_US + 1)
        without = (await save_method(CUSTOMER, "KRW", "fake", till.rails, till.database, asking, till.entropy)).order
        await paid(till, fake, without)
        saved = await till.database.read(lambda connection: payment_store.methods_of(connection, CUSTOMER))
        assert [method.method for method in saved] == [GOOD_CARD]
        assert await till.wallet() == 10_000
        assert "card_good" not in repr(saved), "a handle is not shown"

    live(place, story)


def test_a_key_that_was_used_for_another_amount_is_refused(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        await till.top_up(10_000, "fake", "key")
        with pytest.raises(Conflict):
            await till.top_up(10_001, "fake", "key")

    live(place, story)


async def _begin(till: Till, purpose: str) -> Any:
    asking = Asking(customer=CUSTOMER, purpose=purpose, rail="fake", amount=won(5_000), name="Something")
    return await begin_payment(asking, till.rails, till.database, act(), till.entropy)
