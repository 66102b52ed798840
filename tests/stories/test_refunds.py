"""Money that goes back: a refund and a chargeback reverse exactly, whatever breaks, and a hold and a refund race."""

from __future__ import annotations

import asyncio

import pytest
from tests.db.opened import Place
from tests.payments.processor_server import Trouble
from tests.stories.test_payments import MINUTE_US, STRIPE_OWED, TOSS_OWED, World, live
from tests.till.tills import CUSTOMER, NOON_US, Till, act, opened_till, won

from solvent.billing import payment_store
from solvent.billing.order import PaymentOrder
from solvent.db.port import Connection, Database
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.profile import Profile
from solvent.invoicing.tax import Tax
from solvent.ledger import pot_store, store
from solvent.ledger.account import CHARGEBACKS, REFUNDS, VAT_PAYABLE, wallet
from solvent.ledger.transfer import hold, post, posting
from solvent.payments.bank import open_processor
from solvent.payments.fake import FakeProcessor
from solvent.payments.port import Dispute, Settings
from solvent.till.book_chargeback import book_chargeback
from solvent.till.confirm_transfer import confirm_transfer
from solvent.values.errors import Conflict, Refused, SolventError
from solvent.values.ids import CustomerId, TransferId
from solvent.values.instant import NEVER_US

SPENT, LOST = f"{REFUNDS}:top_up", CHARGEBACKS


def _charged_back(connection: Connection) -> set[CustomerId]:
    return payment_store.charged_back(connection, [CUSTOMER])


async def spend(till: Till, amount: int) -> None:
    """The customer asked questions for so much."""
    row = posting(TransferId(f"ans_{amount}"), NOON_US, wallet(CUSTOMER), "revenue:answers", won(amount), "ans")
    await till.database.write(lambda connection: store.append(connection, [row]))


def test_a_refund_reverses_exactly(place: Place) -> None:
    async def story(world: World) -> None:
        order, _ = await world.paid_at_stripe()
        await world.deliver_all()
        after_payment = await world.till.all_balances()
        part = await world.till.refund(order.id, 4_000)
        assert (part.state, part.amount) == ("done", won(4_000))
        assert await world.till.wallet() == 6_000
        assert await world.till.refund(order.id, 6_000) != part
        assert await world.till.wallet() == 0
        # What is left is what the payment itself has cost: the fee, which nobody gives back.
        fee = {key: grains for key, grains in after_payment.items() if "fees" in key[0]}
        assert await world.till.all_balances() == fee | {(STRIPE_OWED, "KRW"): won(340).grains}
        assert (await world.till.order(order.id)).state == "refunded"
        assert set(await world.deliver_all()) == {"applied"}, "the webhooks about our own refunds change nothing"
        assert await world.till.wallet() == 0
        with pytest.raises(Refused, match="0 KRW of order"):
            await world.till.refund(order.id, 1)

    live(place, story)


def test_a_refund_at_toss_reverses_exactly(place: Place) -> None:
    async def story(world: World) -> None:
        order, given = await world.pay_at_toss()
        await world.come_back(order, given)
        for _ in range(2):
            await world.till.refund(order.id, 2_500, "one key")
        assert await world.till.wallet() == 7_500
        await world.till.refund(order.id, 7_500)
        assert await world.till.all_balances() == {}
        for webhook in world.toss.outbox:
            assert (await world.till.take("toss", webhook)).state == "applied"
        assert await world.till.all_balances() == {}

    live(place, story)


def test_the_vat_of_a_top_up_goes_back_with_it_to_the_last_won(place: Place) -> None:
    async def story(world: World) -> None:
        profile = Profile(customer=CUSTOMER, tax=Tax("exclusive", 100))
        await world.till.database.write(lambda connection: invoicing_store.set_profile(connection, profile))
        order, _ = await world.paid_at_stripe(9_997)
        await world.deliver_all()
        assert order.amount == won(9_997 + 1_000), "VAT is added, to the nearest won"
        assert await world.till.wallet() == 9_997
        assert await world.till.balance(VAT_PAYABLE) == won(1_000)
        for part in (3_333, 1, 7_000, 663):
            await world.till.refund(order.id, part)
        assert await world.till.balance(VAT_PAYABLE) == won(0)
        assert await world.till.wallet() == 0

    live(place, story)


def test_a_refund_takes_no_more_than_is_free(place: Place) -> None:
    async def story(world: World) -> None:
        order, _ = await world.paid_at_stripe()
        await world.deliver_all()
        await spend(world.till, 7_000)
        with pytest.raises(Refused, match="3000 KRW of the wallet can be given back now"):
            await world.till.refund(order.id, 3_001)
        assert world.stripe.things.keys() == world.stripe.things.keys() - {"re"}, "Stripe was not asked"
        assert (await world.till.refund(order.id, 5_000, force=True)).short_grains == won(2_000).grains
        assert await world.till.wallet() == 0
        assert await world.till.balance(SPENT) == won(-2_000), "what was spent and given back is our loss"

    live(place, story)


@pytest.mark.parametrize("rail", ["stripe", "toss"])
def test_a_refund_whose_answer_is_lost_is_found_out_and_made_once(place: Place, rail: str) -> None:
    async def story(world: World) -> None:
        order = (await _paid(world, rail)).id
        server = world.stripe if rail == "stripe" else world.toss
        path = "/v1/refunds" if rail == "stripe" else "/v1/payments/tviva"
        server.troubles.append(Trouble(times=2, path=path, loses=True))
        asked = await world.till.refund(order, 4_000, "one key")
        assert asked.state == "asked", "nobody knows yet"
        assert (await world.till.wallet(), await world.till.free()) == (10_000, 6_000), "it is set aside"
        world.till.now_us += 10 * MINUTE_US
        await world.till.resume()
        assert (await world.till.refund(order, 4_000, "one key")).state == "done"
        assert (await world.till.wallet(), await world.till.free()) == (6_000, 6_000)
        assert (await world.till.order(order)).refunded_grains == won(4_000).grains

    live(place, story)


def test_a_refund_that_never_reached_the_processor_is_made_later(place: Place) -> None:
    async def story(world: World) -> None:
        order = (await _paid(world, "stripe")).id
        world.stripe.troubles.append(Trouble(times=2, path="/v1/refunds", fails=503))
        assert (await world.till.refund(order, 4_000, "one key")).state == "asked"
        world.till.now_us += 10 * MINUTE_US
        await world.till.resume()
        assert (await world.till.refund(order, 4_000, "one key")).state == "done"
        assert await world.till.free() == 6_000

    live(place, story)


def test_a_refund_that_the_processor_will_not_make_frees_the_money(place: Place) -> None:
    async def story(world: World) -> None:
        order, intent = await world.paid_at_stripe()
        await world.deliver_all()
        world.stripe.refund_there(intent["id"], 8_000)  # somebody was quicker, and we do not know yet
        with pytest.raises(Refused, match="too large"):
            await world.till.refund(order.id, 5_000)
        assert await world.till.free() == 10_000
        await world.deliver_all()
        assert (await world.till.wallet(), await world.till.free()) == (2_000, 2_000)
        assert (await world.till.order(order.id)).state == "partly_refunded"

    live(place, story)


def test_a_refund_that_takes_its_time_can_still_fail(place: Place) -> None:
    async def story(world: World) -> None:
        order = (await _paid(world, "stripe")).id
        world.stripe.refunds_pend = True
        one, two = [await world.till.refund(order, 3_000) for _ in range(2)]
        assert (one.state, two.state) == ("pending", "pending")
        assert (await world.till.wallet(), await world.till.free()) == (10_000, 4_000)
        there = {
            t["metadata"]["solvent_refund"]: t["id"] for t in world.stripe.things.values() if t["object"] == "refund"
        }
        world.stripe.end_refund(there[one.id], "succeeded")
        world.stripe.end_refund(there[two.id], "failed")
        await world.deliver_all()
        assert (await world.till.wallet(), await world.till.free()) == (7_000, 7_000)
        world.stripe.end_refund(there[one.id], "failed")  # done, and sent back by the customer's bank
        await world.deliver_all()
        assert (await world.till.wallet(), await world.till.free()) == (10_000, 10_000)
        assert (await world.till.order(order)).state == "paid"

    live(place, story)


def test_a_chargeback_reverses_exactly(place: Place) -> None:
    async def story(world: World) -> None:
        order, intent = await world.paid_at_stripe()
        await world.deliver_all()
        await spend(world.till, 7_000)
        before = await world.till.all_balances()
        dispute = world.stripe.dispute(intent["id"], 10_000, fee=20_000)
        await world.deliver_all()
        assert await world.till.wallet() == 0
        assert await world.till.balance(LOST) == won(-7_000), "what was spent already is our loss"
        assert (await world.till.order(order.id)).state == "charged_back"
        assert await world.till.database.read(_charged_back) == {CUSTOMER}
        world.stripe.close_dispute(dispute["id"], "won")
        assert await world.deliver_all() == ["applied"]
        fee = {("expense:payment_fees:stripe", "KRW"): -won(20_000).grains, (STRIPE_OWED, "KRW"): won(20_000).grains}
        after = await world.till.all_balances()
        assert {key: before.get(key, 0) + fee.get(key, 0) for key in before.keys() | fee.keys()} == after
        assert await world.till.database.read(_charged_back) == set()

    live(place, story)


def test_a_chargeback_that_is_lost_stays(place: Place) -> None:
    async def story(world: World) -> None:
        _, intent = await world.paid_at_stripe()
        await world.deliver_all()
        inquiry = world.stripe.dispute(intent["id"], 10_000, "warning_needs_response")
        await world.deliver_all()
        assert await world.till.wallet() == 10_000, "a question takes nothing"
        world.stripe.things[inquiry["id"]]["status"] = "needs_response"
        world.stripe.close_dispute(inquiry["id"], "needs_response")
        await world.deliver_all()
        world.stripe.close_dispute(inquiry["id"], "lost")
        assert await world.deliver_all() == ["applied"]
        assert await world.till.wallet() == 0
        assert await world.till.balance(STRIPE_OWED) == won(340)

    live(place, story)


def test_a_chargeback_that_nobody_tells_is_booked_by_hand(place: Place) -> None:
    async def story(world: World) -> None:
        order = (await _paid(world, "toss")).id
        dispute = Dispute("letter-7", won(10_000), "open")
        for _ in range(2):
            booked = await book_chargeback(order, dispute, world.till.database, act(key="letter"))
        assert (booked.state, await world.till.wallet()) == ("charged_back", 0)
        with pytest.raises(Refused):
            await book_chargeback(order, Dispute("letter-8", won(1), "open"), world.till.database, act())
        await book_chargeback(order, Dispute("letter-7", won(10_000), "won"), world.till.database, act())
        assert await world.till.wallet() == 10_000
        assert await world.till.balance(TOSS_OWED) == won(-10_000)

    live(place, story)


def test_a_bank_transfer_comes_and_goes_by_an_operators_word(place: Place) -> None:
    async def live_here() -> None:
        bank = open_processor(Settings("bank", ("KRW",), account="국민 123456-01-123456 솔벤트"))
        async with opened_till(place, bank) as till:
            opened = await till.top_up(10_000, "bank")
            assert opened.checkout is not None
            assert opened.checkout.parameters["amount"] == "10000 KRW"
            with pytest.raises(Refused, match="not 9999 KRW"):
                await confirm_transfer(opened.order.id, won(9_999), till.rails, till.database, act())
            for _ in range(2):
                await confirm_transfer(opened.order.id, won(10_000), till.rails, till.database, act(key="statement"))
            with pytest.raises(Conflict, match="paid already"):
                await confirm_transfer(opened.order.id, won(10_000), till.rails, till.database, act())
            assert (await till.wallet(), await till.balance("cash:bank")) == (10_000, won(-10_000))
            pending = await till.refund(opened.order.id, 4_000)
            assert (pending.state, await till.free()) == ("pending", 6_000)
            till.now_us += 60 * MINUTE_US
            assert (await till.resume()).problems == ()
            await confirm_transfer(pending.id, won(4_000), till.rails, till.database, act())
            assert (await till.wallet(), await till.balance("cash:bank")) == (6_000, won(-6_000))

    asyncio.run(live_here())


def test_a_hold_and_a_refund_race_and_both_keep_within_the_wallet(place: Place) -> None:
    """Two processes answer from leases while a third refunds: nobody promises the same money twice."""

    async def answer(database: Database, holder: str, n: int) -> int:
        """One answer of 700 won: lease, hold, settle for 500, give the rest back. Returns what was charged."""
        account, held_id = wallet(CUSTOMER), TransferId(f"ans_{holder}_{n}")
        held = hold(held_id, NOON_US, account, "revenue:answers", won(700), NEVER_US, held_id, holder)

        def begin(connection: Connection) -> bool:
            taken = pot_store.take_lease(connection, holder, account, "KRW", won(700).grains)
            if taken < won(700).grains:
                pot_store.end_leases(connection, holder, [(account, "KRW")])
                return False
            store.append(connection, [held])
            pot_store.end_leases(connection, holder, [(account, "KRW")])
            return True

        if not await database.write(begin):
            return 0
        await asyncio.sleep(0.002)
        await database.write(lambda connection: store.append(connection, [post(held, won(500), NOON_US)]))
        return 500

    async def live_here() -> None:
        fake = FakeProcessor()
        async with opened_till(place, fake) as till, place.opened() as one, place.opened() as two:
            order = (await till.top_up(10_000, "fake")).order
            fake.pay(order.id, won(10_000))
            await till.take("fake", fake.webhook("evt_1", "paid", order.id, NOON_US, won(10_000)))
            answers = [answer(base, f"proc_{m}", n) for n in range(9) for m, base in enumerate((one, two))]
            refunds = [till.refund(order.id, 1_500) for _ in range(6)]
            ends = await asyncio.gather(*answers, *refunds, return_exceptions=True)
            charged = sum(end for end in ends if isinstance(end, int))
            refused = [end for end in ends if isinstance(end, SolventError)]
            broken = [end for end in ends if isinstance(end, BaseException) and not isinstance(end, SolventError)]
            assert not broken
            assert {end.code for end in refused} <= {"wallet_not_free"}, refused
            refunded = (await till.order(order.id)).refunded_grains // 10**7
            assert refunded == 1_500 * (6 - len(refused))
            assert await till.wallet() == await till.free() == 10_000 - charged - refunded >= 0
            assert sum(r.amount.grains for r in fake.payments[order.id].refunds) == refunded * 10**7

    asyncio.run(live_here())


async def _paid(world: World, rail: str) -> PaymentOrder:
    if rail == "stripe":
        order, _ = await world.paid_at_stripe()
        await world.deliver_all()
    else:
        order, given = await world.pay_at_toss()
        await world.come_back(order, given)
    return await world.till.order(order.id)
