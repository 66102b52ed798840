"""Removing a saved card: charged no more at once, forgotten by its processor sooner or later, and not brought back."""

from __future__ import annotations

import asyncio

import pytest
from tests.db.opened import Place
from tests.office.acts import opened_customer
from tests.till.test_top_up import live, paid
from tests.till.tills import CUSTOMER, Till, act, opened_till, won

from solvent.audit import store as audit_store
from solvent.billing import payment_store
from solvent.office.change_customer import CustomerChange, change_customer
from solvent.payments.fake import GOOD_CARD, FakeProcessor
from solvent.till.charge_order import charge_order
from solvent.till.remove_method import remove_method
from solvent.till.save_method import save_method
from solvent.till.settle_order import settle_order
from solvent.values.errors import NotFound
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US
from solvent.values.limits import METHOD_FORGET_LOOKS_MAX

HOUR_US = 3_600_000_000


async def saved(till: Till, fake: FakeProcessor) -> str:
    """A customer tops up with leave to keep the card: the card's id."""
    order = (await till.top_up(10_000, "fake", saves=True)).order
    assert (await paid(till, fake, order)).state == "paid"
    (method,) = await till.database.read(lambda connection: payment_store.methods_of(connection, CUSTOMER))
    return method.id


def test_a_removed_card_is_charged_no_more_and_its_processor_forgets_it(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        id = await saved(till, fake)
        asking = act(till.now_us, "remove", id)
        for _ in range(2):
            await remove_method(CUSTOMER, id, till.rails, asking, till.database)
        assert fake.forgotten == {GOOD_CARD.handle}
        assert fake.calls.count("forget") == 1
        changes = await till.database.read(lambda c: audit_store.changes_between(c, 0, NEVER_US, subject=CUSTOMER))
        (removed,) = [change for change in changes if change.action == "payment.remove_method"]
        assert GOOD_CARD.handle.encode() not in removed.result
        with pytest.raises(NotFound):
            await charge_order(
                CUSTOMER, "top_up", won(5_000), "again", till.rails, till.database, act(till.now_us), till.entropy
            )
        with pytest.raises(NotFound):
            await remove_method(CUSTOMER, id, till.rails, act(till.now_us), till.database)

    live(place, story)


def test_whoever_closes_their_account_leaves_no_card_behind(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        kim = (await opened_customer(till.database)).customer.id
        order = (await till.top_up(10_000, "fake", saves=True, customer=kim)).order
        await paid(till, fake, order)
        beside = await save_method(kim, "KRW", "fake", till.rails, till.database, act(till.now_us), till.entropy)
        till.now_us += 1
        await change_customer(kim, CustomerChange(state="closed"), act(till.now_us, "close"), till.database)
        assert await till.database.read(lambda connection: payment_store.methods_of(connection, kim)) == []
        with pytest.raises(NotFound):
            await charge_order(
                kim, "top_up", won(5_000), "x", till.rails, till.database, act(till.now_us), till.entropy
            )
        await till.resume()
        assert fake.forgotten == {GOOD_CARD.handle}
        till.now_us += HOUR_US
        await paid(till, fake, beside.order)  # a window that stood open meanwhile
        assert await till.database.read(lambda connection: payment_store.methods_of(connection, kim)) == []
        till.now_us += HOUR_US
        await till.resume()
        assert await till.database.read(lambda c: payment_store.methods_to_forget(c, NEVER_US, 9)) == []

    live(place, story)


def test_nobody_removes_anothers_card_nor_one_without_a_name(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        id = await saved(till, fake)
        for customer, named in ((CustomerId("cus_2"), id), (CUSTOMER, ""), (CUSTOMER, "pm_none")):
            with pytest.raises(NotFound):
                await remove_method(customer, named, till.rails, act(till.now_us), till.database)
        assert fake.forgotten == set()

    live(place, story)


def test_looking_at_what_it_paid_does_not_bring_it_back_but_saving_it_again_does(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        id = await saved(till, fake)
        (order,) = fake.payments
        till.now_us += 1
        await remove_method(CUSTOMER, id, till.rails, act(till.now_us), till.database)
        till.now_us += 1
        await settle_order(order, till.rails, till.database, till.now_us)
        assert await till.database.read(lambda connection: payment_store.methods_of(connection, CUSTOMER)) == []
        again = await save_method(CUSTOMER, "KRW", "fake", till.rails, till.database, act(till.now_us), till.entropy)
        await paid(till, fake, again.order)
        (method,) = await till.database.read(lambda connection: payment_store.methods_of(connection, CUSTOMER))
        assert (method.id, method.removed_us, method.look_us) == (id, 0, 0)
        assert (await till.resume()).looked == 0, "what is good again is not forgotten"

    live(place, story)


def test_a_silent_processor_is_told_later_and_one_that_never_answers_is_left(place: Place) -> None:
    async def run() -> None:
        fake = FakeProcessor()
        async with opened_till(place, fake) as till:
            id = await saved(till, fake)
            fake.breaks_before = 10**6
            assert not await remove_method(CUSTOMER, id, till.rails, act(till.now_us), till.database)
            for _ in range(METHOD_FORGET_LOOKS_MAX + 5):
                till.now_us += HOUR_US
                await till.resume()
            assert fake.calls.count("forget") == METHOD_FORGET_LOOKS_MAX
            again = await till.database.read(lambda connection: payment_store.method_by_id(connection, id))
            assert (again.removed_us > 0, again.forgotten_us, again.look_us) == (True, 0, 0)

    asyncio.run(run())


def test_a_charge_that_is_under_way_ends_before_its_card_is_forgotten(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        id = await saved(till, fake)
        fake.breaks_after = 1
        charged = await charge_order(
            CUSTOMER, "top_up", won(5_000), "more", till.rails, till.database, act(till.now_us), till.entropy
        )
        assert charged.state == "open", "nobody knows yet how it ended"
        assert not await remove_method(CUSTOMER, id, till.rails, act(till.now_us), till.database)
        assert fake.forgotten == set()
        till.now_us += HOUR_US
        await till.resume()
        till.now_us += HOUR_US
        await till.resume()
        assert await till.wallet() == 15_000
        assert fake.forgotten == {GOOD_CARD.handle}

    live(place, story)
