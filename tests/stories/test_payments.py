"""Wallets and payments: the lines of the billing cases, on both databases, before servers that speak Stripe and Toss.

A webhook is replayed, forged, with an empty secret, cross-rail, of a wrong amount or currency, out of order: never is
anything credited twice or wrongly.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from tests.db.opened import Place
from tests.payments import stripe_server
from tests.payments.processor_server import Trouble
from tests.payments.stages import StripeStage, TossStage
from tests.payments.stripe_server import StripeServer, forged, sign
from tests.payments.toss_server import TossServer
from tests.till.tills import NOON_US, Till, opened_till, won

from solvent.billing import payment_store
from solvent.billing.order import PaymentOrder
from solvent.payments import stripe
from solvent.payments.port import Settings
from solvent.till.confirm_payment import confirm_payment
from solvent.values.errors import Conflict, Invalid, Refused, Unavailable

MINUTE_US = 60_000_000
STRIPE_OWED, TOSS_OWED = "receivable:processor:stripe", "receivable:processor:toss"


class World:
    """The till, and both processors behind it."""

    def __init__(self, till: Till, stripe_there: StripeServer, toss_there: TossServer) -> None:
        self.till = till
        self.stripe = stripe_there
        self.toss = toss_there

    async def paid_at_stripe(self, amount: int = 10_000) -> tuple[PaymentOrder, dict[str, Any]]:
        """A top-up that the customer has paid and nobody told us of yet: the order, and the payment there."""
        opened = await self.till.top_up(amount, "stripe")
        return opened.order, self.stripe.pay(opened.order.reference)

    async def deliver_all(self) -> list[str]:
        """Send every webhook that waits at Stripe, in order, and empty its outbox: how each ended."""
        waiting, self.stripe.outbox = self.stripe.outbox, []
        return [(await self.till.take("stripe", webhook)).state for webhook in waiting]

    async def pay_at_toss(self, amount: int = 10_000) -> tuple[PaymentOrder, dict[str, str]]:
        """A top-up whose customer comes back from Toss' window: the order, and what their browser brings."""
        opened = await self.till.top_up(amount, "toss")
        return opened.order, self.toss.authorize(opened.order.id, amount)

    async def come_back(self, order: PaymentOrder, given: dict[str, str]) -> PaymentOrder:
        """The customer's browser is back."""
        till = self.till
        settled = await confirm_payment(order.rail, order.id, given, till.rails, till.database, till.now_us)
        return settled.order


@asynccontextmanager
async def world_at(place: Place) -> AsyncIterator[World]:
    stripe_there, toss_there = StripeServer(), TossServer()
    async with AsyncExitStack() as stack:
        stack.enter_context(stripe_there.running())
        stack.enter_context(toss_there.running())
        stages = StripeStage(stripe_there), TossStage(toss_there)
        stripe_there.at_s = NOON_US // 10**6
        till = await stack.enter_async_context(opened_till(place, *(stage.processor for stage in stages)))
        yield World(till, stripe_there, toss_there)


def live(place: Place, story: Callable[[World], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(60), world_at(place) as world:
            await story(world)

    asyncio.run(run())


def test_a_repeated_top_up_request_credits_once(place: Place) -> None:
    async def story(world: World) -> None:
        first, again = [await world.till.top_up(10_000, "stripe", "the same key") for _ in range(2)]
        assert first == again, "one order, one checkout"
        with pytest.raises(Conflict, match="used before"):
            await world.till.top_up(20_000, "stripe", "the same key")
        world.stripe.pay(first.order.reference)
        await world.deliver_all()
        late = await world.till.top_up(10_000, "stripe", "the same key")
        assert (late.order.id, late.order.state, late.checkout) == (first.order.id, "paid", None)
        assert await world.till.wallet() == 10_000

    live(place, story)


def test_a_request_whose_answer_was_lost_is_repeated_and_credits_once(place: Place) -> None:
    async def story(world: World) -> None:
        world.stripe.troubles.append(Trouble(times=2, path="/v1/checkout", loses=True))
        with pytest.raises(Unavailable):
            await world.till.top_up(10_000, "stripe", "a key")
        opened = await world.till.top_up(10_000, "stripe", "a key")
        sessions = [thing for thing in world.stripe.things.values() if thing["object"] == "checkout.session"]
        assert [session["id"] for session in sessions] == [opened.order.reference], "Stripe was asked once in effect"

    live(place, story)


def test_a_webhook_that_is_replayed_credits_once(place: Place) -> None:
    async def story(world: World) -> None:
        await world.paid_at_stripe()
        twice = [webhook for webhook in world.stripe.outbox for _ in range(2)]
        ends = [(await world.till.take("stripe", webhook)).state for webhook in twice]
        assert ends == ["applied", "replayed", "applied", "replayed"]
        # A week later somebody sends what they have recorded.
        world.till.now_us += 7 * 24 * 60 * MINUTE_US
        for webhook in world.stripe.outbox:
            with pytest.raises(Refused, match="not of the last"):
                await world.till.take("stripe", webhook)
        assert await world.till.wallet() == 10_000

    live(place, story)


def test_webhooks_that_come_at_the_same_moment_credit_once(place: Place) -> None:
    async def story(world: World) -> None:
        await world.paid_at_stripe()
        many = [webhook for webhook in world.stripe.outbox for _ in range(5)]
        await asyncio.gather(*(world.till.take("stripe", webhook) for webhook in many))
        assert await world.till.wallet() == 10_000

    live(place, story)


def test_a_webhook_that_is_forged_changes_nothing(place: Place) -> None:
    async def story(world: World) -> None:
        order = (await world.till.top_up(10_000, "stripe")).order
        word = {"id": "evt_x", "object": "event", "type": "checkout.session.completed", "data": {"object": {
            "id": order.reference, "object": "checkout.session", "mode": "payment", "payment_status": "paid",
            "amount_total": 10_000, "currency": "krw", "metadata": {"solvent_order": order.id},
        }}}  # fmt: skip
        body = json.dumps(word).encode()
        signed = sign(body, at_s=NOON_US // 10**6)
        for headers in ({}, {"stripe-signature": ""}, {"stripe-signature": "t=1,v1="}, forged((signed, body))[0]):
            with pytest.raises(Refused, match="not the processor's"):
                await world.till.take("stripe", (headers, body))
        # Even with our own secret in wrong hands: what is booked is what Stripe says when it is asked.
        told = await world.till.take("stripe", (signed, body))
        assert told.state == "seen", "it stays open until Stripe says so"
        # At Toss nothing is signed: whatever is sent, Toss is asked.
        waiting = (await world.till.top_up(10_000, "toss")).order
        world.toss.authorize(waiting.id, 10_000)
        world.toss.tell(waiting.id, status="DONE")
        assert (await world.till.take("toss", world.toss.outbox[-1])).state == "mismatch"
        assert await world.till.all_balances() == {}

    live(place, story)


def test_an_empty_secret_lets_nobody_in(place: Place) -> None:
    async def story(world: World) -> None:
        for secret in ("", "   ", "\n"):
            with pytest.raises(Invalid, match="webhook_secret"):
                stripe.open_processor(Settings("stripe", ("KRW",), "http://x", "sk_test", secret))
        await world.paid_at_stripe()
        body = world.stripe.outbox[0][1]
        with pytest.raises(Refused):
            await world.till.take("stripe", (sign(body, "", NOON_US // 10**6), body))
        # A virtual account's webhook repeats the payment's secret; an empty or another one is none.
        order = (await world.till.top_up(10_000, "toss")).order
        world.toss.issue_account(order.id, 10_000)
        for wrong in ("", "ps_of_another"):
            world.toss.deposit(order.id, wrong)
            told = await world.till.take("toss", world.toss.outbox[-1])
            assert (told.state, told.why) == ("mismatch", "its secret is not the payment's")
        world.toss.deposit(order.id)
        assert (await world.till.take("toss", world.toss.outbox[-1])).state == "applied"
        assert await world.till.wallet() == 10_000

    live(place, story)


def test_a_webhook_that_crosses_rails_credits_nothing(place: Place) -> None:
    async def story(world: World) -> None:
        toss_order = (await world.till.top_up(10_000, "toss")).order
        # A real, signed, paid Stripe payment that names the order of another rail.
        world.stripe.pay_elsewhere(10_000, "krw", toss_order.id)
        ends = [await world.till.take("stripe", webhook) for webhook in world.stripe.outbox]
        assert [end.state for end in ends] == ["mismatch"]
        assert "is paid over toss, and this came over stripe" in ends[0].why
        assert (await world.till.order(toss_order.id)).state == "open"
        assert await world.till.all_balances() == {}
        found = await world.till.database.read(lambda connection: payment_store.mismatches(connection, 10))
        assert {event.order_id for event in found} >= {toss_order.id}, "an operator finds it"

    live(place, story)


@pytest.mark.parametrize("other", [{"amount": 9_999}, {"amount": 1_000_000}, {"currency": "usd"}, {"currency": "isk"}])
def test_a_payment_of_a_wrong_amount_or_currency_credits_nothing(place: Place, other: dict[str, Any]) -> None:
    async def story(world: World) -> None:
        world.stripe.takes_other = other
        order, _ = await world.paid_at_stripe()
        assert await world.deliver_all() == ["mismatch", "mismatch"]
        kept = await world.till.order(order.id)
        assert kept.state == "open"
        assert "asks for 10000 KRW, and" in kept.why
        assert await world.till.all_balances() == {}

        order, given = await world.pay_at_toss()
        world.toss.takes_other = {"totalAmount": 9_999, "currency": other.get("currency", "KRW").upper()}
        assert (await world.come_back(order, given)).state == "open"
        assert await world.till.all_balances() == {}

    live(place, story)


def test_webhooks_that_come_out_of_order_end_the_same(place: Place) -> None:
    async def story(world: World) -> None:
        order, intent = await world.paid_at_stripe()
        world.stripe.refund_there(intent["id"], 4_000)
        world.stripe.dispute(intent["id"], 1_000, fee=15_000)
        late_first = list(reversed(world.stripe.outbox))
        for webhook in late_first:
            assert (await world.till.take("stripe", webhook)).state == "applied"
        kept = await world.till.order(order.id)
        assert (kept.state, kept.refunded_grains, kept.disputed_grains) == (
            "charged_back",
            4_000 * 10**7,
            1_000 * 10**7,
        )
        assert await world.till.wallet() == 5_000
        assert await world.till.balance(STRIPE_OWED) == -won(5_000 - 340 - 15_000)

    live(place, story)


def test_a_failure_that_is_told_after_the_success_takes_nothing_back(place: Place) -> None:
    async def story(world: World) -> None:
        order = (await world.till.top_up(10_000, "stripe")).order
        world.stripe.pay(order.reference, stripe_server.DECLINED)
        world.stripe.pay(order.reference)
        declined, *others = world.stripe.outbox
        for webhook in (*others, declined):
            assert (await world.till.take("stripe", webhook)).state == "applied"
        assert (await world.till.order(order.id)).state == "paid"
        assert await world.till.wallet() == 10_000

    live(place, story)


def test_what_was_seen_and_not_credited_is_retried(place: Place) -> None:
    async def story(world: World) -> None:
        order, _ = await world.paid_at_stripe()
        world.stripe.troubles.append(Trouble(times=4, path="/v1/checkout", fails=500))
        for webhook in world.stripe.outbox:
            with pytest.raises(Unavailable):  # Stripe hears it too, and sends it again
                await world.till.take("stripe", webhook)
        assert await world.till.wallet() == 0
        world.till.now_us += 10 * MINUTE_US
        resumed = await world.till.resume()
        assert not resumed.problems
        assert await world.till.wallet() == 10_000
        assert [(await world.till.take("stripe", w)).state for w in _signed_now(world)] == ["replayed", "replayed"]
        assert (await world.till.order(order.id)).state == "paid"

    live(place, story)


def test_a_payment_whose_webhooks_are_all_lost_is_found(place: Place) -> None:
    async def story(world: World) -> None:
        await world.paid_at_stripe()
        order, given = await world.pay_at_toss()
        world.toss.troubles.append(Trouble(times=2, path="/v1/payments/confirm", loses=True))
        with pytest.raises(Unavailable):
            await world.come_back(order, given)
        assert await world.till.wallet() == 0
        world.till.now_us += 10 * MINUTE_US
        await world.till.resume()
        assert await world.till.wallet() == 20_000
        world.till.now_us += 10 * MINUTE_US
        assert (await world.till.resume()).looked == 0, "what is settled is not asked about again"

    live(place, story)


def test_a_browser_that_comes_back_with_other_words_pays_nothing_else(place: Place) -> None:
    async def story(world: World) -> None:
        order, given = await world.pay_at_toss()
        for name, other in (("amount", "1"), ("orderId", "ord_another")):
            with pytest.raises(Refused, match=name):
                await world.come_back(order, given | {name: other})
        cheap = world.toss.authorize(order.id, 100)  # paid in the window for another amount
        with pytest.raises(Refused, match="amount"):
            await world.come_back(order, cheap)
        assert (await world.come_back(order, cheap | {"amount": "10000"})).state == "open", "Toss refuses it"
        assert (await world.come_back(order, given)).state == "paid"
        assert (await world.come_back(order, given)).state == "paid"
        assert await world.till.wallet() == 10_000

    live(place, story)


def test_a_card_that_was_declined_at_toss_is_followed_by_another(place: Place) -> None:
    async def story(world: World) -> None:
        order, _ = await world.pay_at_toss()
        declined = world.toss.authorize(order.id, 10_000, "card_declined")
        failed = await world.come_back(order, declined)
        assert (failed.state, failed.why.partition(":")[0]) == ("failed", "REJECT_CARD_PAYMENT")
        assert (await world.come_back(order, world.toss.authorize(order.id, 10_000))).state == "paid"
        assert await world.till.wallet() == 10_000

    live(place, story)


def _signed_now(world: World) -> list[tuple[dict[str, str], bytes]]:
    """The same webhooks, sent again now: signed anew, as Stripe does."""
    return [(sign(body, at_s=world.till.now_us // 10**6), body) for _, body in world.stripe.outbox]
