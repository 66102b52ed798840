"""Subscribing: once for each key, with what the plan gives and asks for; by card, only when it is paid."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import Connection
from tests.billing.subscribers import FREE, KIM, PLUS, PRO, Books, act, at, story, totals, won
from tests.db.opened import Place

from solvent.billing import subscription_store
from solvent.billing.add_coupon import add_coupon
from solvent.billing.asking import Asking
from solvent.billing.cancel import cancel
from solvent.billing.coupon import Coupon
from solvent.billing.included import Included
from solvent.billing.order import PaymentOrder
from solvent.billing.plan import Plan, Seats, Trial
from solvent.billing.proposal_store import begin_paid, invoice_paid
from solvent.billing.rails import Rails
from solvent.billing.subscribe import subscribe
from solvent.billing.subscription import Subscription, Wish
from solvent.ledger.account import invoiced, wallet
from solvent.payments.fake import GOOD_CARD, FakeProcessor
from solvent.till.begin_payment import begin_payment
from solvent.till.charge_order import charge_order
from solvent.till.collect_due import collect_due
from solvent.till.save_method import save_method
from solvent.till.settle_order import settle_order
from solvent.values.errors import Conflict, Invalid, NotFound
from solvent.values.ids import CustomerId
from solvent.values.money import Money

START = at("2026-06-01T00:00:00")
DAY = 86_400 * 10**6


class Till:
    """A good card, and what is told of payments with it."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.processor = FakeProcessor()
        self.rails = Rails({"fake": self.processor}, {"subscription": begin_paid, "invoice": invoice_paid})

    async def save_card(self, handle: str = GOOD_CARD.handle, now_us: int = START) -> None:
        """The card that is charged from now on."""
        opened = await save_method(KIM, "KRW", "fake", self.rails, self.books.database, act(now_us), now_us % 2**50)
        paid = self.processor.pay(opened.order.id, won(0))
        method = msgspec.structs.replace(GOOD_CARD, handle=handle)
        self.processor.payments[opened.order.id] = msgspec.structs.replace(paid, method=method)
        await settle_order(opened.order.id, self.rails, self.books.database, now_us)

    async def open_checkout(self, waiting: Subscription, due: Money, now_us: int) -> PaymentOrder:
        """A page of the processor's that somebody may pay on."""
        purpose = f"subscription:{waiting.id}"
        asking = Asking(customer=KIM, purpose=purpose, rail="fake", amount=due, name="Plan")
        opened = await begin_payment(asking, self.rails, self.books.database, act(now_us), now_us % 2**50)
        return opened.order

    async def pay(self, waiting: Subscription, due: Money, now_us: int) -> PaymentOrder:
        purpose = f"subscription:{waiting.id}"
        return await charge_order(
            KIM, purpose, due, "Plan", self.rails, self.books.database, act(now_us), now_us % 2**50
        )


def test_a_repeated_request_subscribes_once(place: Place) -> None:
    async def tell(books: Books) -> None:
        wish = Wish(customer=KIM, plan="plus", pays="invoice")
        first, is_new = await subscribe(wish, act(START, "k"), books.database)
        again, is_new_again = await subscribe(wish, act(START, "k"), books.database)
        assert (is_new, is_new_again) == (True, False)
        assert again == first
        assert totals(await books.invoices()) == [9_900]
        assert await books.left() == {"answers": 300}
        assert await books.plan_name() == "plus"
        assert await books.balance(invoiced(KIM)) == -won(9_900).grains

    story(place, tell)


def test_what_cannot_be_subscribed_to_is_told_and_changes_nothing(place: Place) -> None:
    async def tell(books: Books) -> None:
        for wish, error, param in (
            (Wish(customer=KIM, plan="gold"), Invalid, "plan"),
            (Wish(customer=KIM, plan="plus", seats=3), Invalid, "seats"),
            (Wish(customer=KIM, plan="plus", coupon="nope"), NotFound, "code"),
            (Wish(customer=CustomerId("cus_nobody"), plan="plus"), NotFound, "customer"),
        ):
            with pytest.raises(error) as caught:
                await subscribe(wish, act(START), books.database)
            assert caught.value.param == param
        await books.subscribe("plus", START)
        with pytest.raises(Conflict) as twice:
            await books.subscribe("pro", START + 1)
        assert twice.value.code == "already_subscribed"
        assert totals(await books.invoices()) == [9_900]

    story(place, tell)


def test_a_free_plan_ends_when_another_begins(place: Place) -> None:
    async def tell(books: Books) -> None:
        free = await books.subscribe("free", START)
        assert (free.due, await books.left()) == (won(0), {"answers": 10})
        await books.use("answers", 4, START)
        await books.subscribe("plus", START + DAY)
        assert await books.left() == {"answers": 300}
        now = await books.current()
        assert (now.plan, now.period_start_us) == ("plus", START + DAY)

        def history(connection: Connection) -> list[Subscription]:
            return subscription_store.history(connection, KIM)

        assert sorted(found.state for found in await books.database.read(history)) == ["active", "canceled"]

    story(place, tell)


def test_by_card_nothing_begins_before_it_is_paid_and_then_all_at_once(place: Place) -> None:
    async def tell(books: Books) -> None:
        till = Till(books)
        await till.save_card()
        await books.subscribe("free", START)
        asked = await books.subscribe("plus", START + DAY, pays="card")
        assert (asked.subscription.state, asked.due, asked.invoice) == ("waiting", won(9_900), "")
        assert (await books.current()).plan == "free"
        order = await till.pay(asked.subscription, asked.due, START + 2 * DAY)
        now = await books.current()
        assert (now.id, now.plan, now.period_start_us) == (asked.subscription.id, "plus", START + 2 * DAY)
        assert await books.left() == {"answers": 300}
        ((document, standing),) = await books.invoices()
        assert (order.purpose, standing.paid) == (f"invoice:{document.id}", document.total.grains)
        assert await books.balance(invoiced(KIM)) == 0

    story(place, tell)


def test_what_is_paid_twice_is_in_the_wallet_the_second_time(place: Place) -> None:
    async def tell(books: Books) -> None:
        till = Till(books)
        await till.save_card()
        one = await books.subscribe("plus", START, pays="card")
        other = await books.subscribe("pro", START + 1, pays="card")
        await till.pay(one.subscription, one.due, START + 2)
        late = await till.pay(other.subscription, other.due, START + 3)
        assert late.purpose == "top_up"
        assert (await books.current()).plan == "plus"
        assert await books.balance(wallet(KIM)) == won(29_000).grains

    story(place, tell)


def test_what_is_paid_for_a_plan_that_began_meanwhile_for_nothing_is_in_the_wallet(place: Place) -> None:
    async def tell(books: Books) -> None:
        till = Till(books)
        await till.save_card()
        asked = await books.subscribe("plus", START, pays="card")
        whole = Coupon("WHOLE", "percent", 1_000, 0, "", 1, 0, 0, START + DAY, 0, "")
        await add_coupon(whole, act(START), books.database)
        await books.subscribe("plus", START + 1, pays="card", coupon="WHOLE")
        late = await till.pay(asked.subscription, asked.due, START + 2)
        assert (late.state, late.purpose) == ("paid", "top_up")
        assert await books.balance(wallet(KIM)) == won(9_900).grains
        assert await books.left() == {"answers": 300}

    story(place, tell)


def test_what_waits_in_vain_is_given_up(place: Place) -> None:
    async def tell(books: Books) -> None:
        till = Till(books)
        await till.save_card()
        asked = await books.subscribe("plus", START, pays="card")
        await collect_due(till.rails, books.database, START + 30 * DAY)
        found = await books.database.read(
            lambda connection: subscription_store.by_id(connection, asked.subscription.id)
        )
        assert found.state == "waiting"
        paying = await till.open_checkout(asked.subscription, asked.due, START + 30 * DAY)
        await collect_due(till.rails, books.database, START + 30 * DAY + 1)
        till.processor.pay(paying.id, asked.due)
        late = (await settle_order(paying.id, till.rails, books.database, START + 30 * DAY + 2)).order
        assert (late.purpose, await books.left()) == ("top_up", {})
        assert await books.balance(wallet(KIM)) == won(9_900).grains

    story(place, tell)


def test_an_upgrade_by_card_is_of_the_instant_it_was_asked_for(place: Place) -> None:
    async def tell(books: Books) -> None:
        till = Till(books)
        await till.save_card()
        done = await books.subscribe("plus", START)
        await books.pay(done.invoice, START)
        half = at("2026-06-16T00:00:00")
        asked = await books.change("pro", half, pays="card")
        assert (asked.subscription.state, asked.due) == ("waiting", won(9_550))
        assert (await books.current()).plan == "plus"
        await till.pay(asked.subscription, asked.due, half + 3_600 * 10**6)
        now = await books.current()
        assert (now.plan, now.changed_us, now.pays) == ("pro", half, "card")
        assert await books.left() == {"answers": 900}
        assert await books.balance(invoiced(KIM)) == 0

    story(place, tell)


def test_an_upgrade_that_is_paid_too_late_is_in_the_wallet(place: Place) -> None:
    async def tell(books: Books) -> None:
        till = Till(books)
        await till.save_card()
        await books.subscribe("plus", START)
        asked = await books.change("pro", at("2026-06-30T00:00:00"), pays="card")
        await books.renew(at("2026-07-01T00:00:00"))
        await till.pay(asked.subscription, asked.due, at("2026-07-01T00:00:01"))
        assert (await books.current()).plan == "plus"
        assert await books.balance(wallet(KIM)) == asked.due.grains

    story(place, tell)


def test_from_a_month_to_a_year_takes_what_is_unused_off_the_price(place: Place) -> None:
    async def tell(books: Books) -> None:
        till = Till(books)
        await till.save_card()
        done = await books.subscribe("pro", START)
        await books.pay(done.invoice, START)
        half = at("2026-06-16T00:00:00")
        asked = await books.change("pro-year", half, pays="card")
        assert asked.due == won(290_000 - 14_500)
        await till.pay(asked.subscription, asked.due, half + 5)
        now = await books.current()
        assert (now.plan, now.period_start_us, now.period_end_us) == ("pro-year", half, at("2027-06-16T00:00:00"))
        assert await books.left() == {"answers": 18_000}
        assert await books.balance(invoiced(KIM)) == 0

    story(place, tell)


def test_from_a_year_to_a_month_at_once_gives_back_into_the_wallet(place: Place) -> None:
    async def tell(books: Books) -> None:
        done = await books.subscribe("pro-year", START)
        await books.pay(done.invoice, START)
        changed = await books.change("plus", at("2026-06-01T00:00:00") + 73 * DAY, "now")  # a fifth of the year
        assert changed.credited == won(232_000)
        assert await books.balance(wallet(KIM)) == won(232_000).grains
        assert await books.left() == {"answers": 300}
        assert totals(await books.invoices()) == [290_000, -232_000, 9_900]

    story(place, tell)


def test_plans_at_other_prices_are_found_by_their_newest_version(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.publish(FREE, PLUS, PRO, now_us=5)
        done = await books.subscribe("plus", START)
        assert done.subscription.version == 1, "the same terms are the same version"

    story(place, tell)


def test_nobody_gets_a_free_quota_anew_by_leaving_and_coming_back(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("free", START)
        with pytest.raises(Conflict) as caught:
            await books.subscribe("free", START + DAY)
        assert caught.value.code == "already_subscribed"
        await books.use("answers", 7, START + DAY)
        for day in (2, 3):
            await cancel(KIM, act(START + day * DAY), books.database, at="now")
            assert await books.left() == {}
            await books.subscribe("free", START + day * DAY + 5)
            now = await books.current()
            assert (now.period_start_us, now.period_end_us) == (START, at("2026-07-01T00:00:00"))
            assert await books.left() == {"answers": 3}
        await books.subscribe("plus", START + 4 * DAY)
        await books.change("free", START + 5 * DAY, "now")
        now = await books.current()
        assert (now.plan, await books.left()) == ("free", {"answers": round((300 + 29 * 10) / 30)})
        await cancel(KIM, act(START + 6 * DAY), books.database, at="now")
        await books.subscribe("free", at("2026-07-05T00:00:00"))
        assert await books.left() == {"answers": 10}, "a new period is a new quota"

    story(place, tell)


def test_other_seats_in_a_trial_are_the_same_trial(place: Place) -> None:
    team = Plan(
        name="team", price=won(30_000), seats=Seats(2, won(5_000), 9), included=(Included("answers", 500),),
        trial=Trial(10, (Included("answers", 30, each_seat=True),)),
    )  # fmt: skip

    async def tell(books: Books) -> None:
        await books.publish(team, PLUS)
        await books.subscribe("team", START)
        with pytest.raises(Conflict):
            await books.subscribe("team", START + DAY)
        done = await books.change("team", START + 5 * DAY, seats=4)
        assert (done.subscription.state, done.subscription.seats, done.due) == ("trialing", 4, won(0))
        assert await books.left() == {"answers": (60 + 120) // 2}
        await books.renew(START + 10 * DAY)
        assert totals(await books.invoices()) == [40_000]

    story(place, tell)
