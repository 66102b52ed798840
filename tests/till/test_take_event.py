"""Webhooks: kept once, bounded, compared and never believed."""

from __future__ import annotations

import asyncio

import pytest
from tests.db.opened import Place
from tests.payments.stages import TossStage
from tests.payments.toss_server import TossServer
from tests.till.test_top_up import live, paid
from tests.till.tills import NOON_US, Till, opened_till, won

from solvent.audit.alarm_store import newest_alarms
from solvent.billing import payment_store
from solvent.payments.fake import FakeProcessor
from solvent.payments.port import Dispute, Event
from solvent.values.errors import Invalid, NotFound, Refused, Unavailable
from solvent.values.limits import WEBHOOKS_AN_ORDER_MAX

FEES = (("open", 15_000), ("open", 15_000), ("lost", 15_000))  # what is told of a dispute after it was opened


def test_a_webhook_that_does_not_say_what_the_processor_says_is_kept_for_a_person(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = (await till.top_up(10_000, "fake")).order
        fake.pay(order.id, won(10_000))
        told = await till.take("fake", fake.webhook("evt_1", "paid", order.id, NOON_US, won(9_000)))
        assert (told.state, told.changes) == ("mismatch", ("paid",))
        assert told.why == "it says 9000 KRW were paid, and the processor says 10000 KRW"
        assert await till.wallet() == 10_000, "what the processor says is booked"
        (kept,) = await till.database.read(lambda connection: payment_store.mismatches(connection, 5))
        assert (kept.id, kept.amount, kept.signed, kept.settled_us) == ("evt_1", "9000 KRW", 1, NOON_US)
        (raised,) = await till.database.read(lambda connection: newest_alarms(connection, 0))
        assert (raised.kind, raised.subject) == ("payment_mismatch", order.id)
        assert "it says 9000 KRW were paid" in raised.words

    live(place, story)


def test_a_payment_of_another_amount_raises_one_alarm_however_often_it_is_told(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = (await till.top_up(10_000, "fake")).order
        fake.pay(order.id, won(9_999))
        for n in range(3):
            named = fake.webhook(f"evt_{n}", "paid", order.id, NOON_US, won(9_999))
            assert (await till.take("fake", named)).state == "mismatch"
        (raised,) = await till.database.read(lambda connection: newest_alarms(connection, 0))
        assert (raised.kind, raised.subject) == ("payment_mismatch", order.id)
        assert "asks for 10000 KRW, and 9999 KRW was paid" in raised.words

    live(place, story)


def test_what_is_about_nothing_of_ours_is_left_alone(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        assert (await till.take("fake", fake.webhook("evt_1", "ignored", "", NOON_US))).state == "ignored"
        assert (await till.take("fake", fake.webhook("evt_2", "paid", "", NOON_US))).state == "ignored"
        assert (await till.take("fake", fake.webhook("evt_3", "paid", "ord_lost", NOON_US))).state == "mismatch"
        with pytest.raises(NotFound, match="configured are: fake"):
            await till.take("paypal", ({}, b""))
        with pytest.raises(Refused):
            await till.take("fake", ({}, b""))
        headers, _ = fake.webhook("evt_4", "paid", "", NOON_US)
        signed = fake._sign(headers["x-fake-at"], b"no json")
        with pytest.raises(Invalid):
            await till.take("fake", (headers | {"x-fake-signature": signed}, b"no json"))

    live(place, story)


def test_a_webhook_that_names_only_the_payment_finds_its_order(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = (await till.top_up(10_000, "fake")).order
        fake.pay(order.id, won(10_000), won(340))
        fake.dispute(order.id, Dispute("du_1", won(10_000), "open"))
        payment = f"pay_{order.id}"
        record = Event("evt_1", "chargeback", "", payment)
        noted, is_new = await till.database.write(lambda c: payment_store.note_event(c, "fake", record, NOON_US))
        assert is_new
        assert noted.look_us > NOON_US, "should this process die now, it is looked at again"
        till.now_us += 3_600_000_000
        resumed = await till.resume()
        assert resumed.problems == ()
        assert resumed.changes == ("evt_1: paid", "evt_1: fee", "evt_1: charged back")
        assert await till.wallet() == 0

    live(place, story)


def test_the_fee_of_a_dispute_is_booked_once_whenever_it_is_told(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = (await till.top_up(10_000, "fake")).order
        fake.pay(order.id, won(10_000))
        disputes = [Dispute("du_1", won(10_000), state, won(fee)) for state, fee in FEES]  # type: ignore[arg-type]
        for n, dispute in enumerate([Dispute("du_1", won(10_000), "open"), *disputes]):
            fake.dispute(order.id, dispute)
            await till.take("fake", fake.webhook(f"evt_{n}", "chargeback", order.id, NOON_US, won(10_000)))
        assert await till.balance("expense:payment_fees:fake") == won(-15_000)
        assert await till.balance("receivable:processor:fake") == won(15_000), "we owe it"

    live(place, story)


def test_a_webhook_that_the_processor_never_confirms_ends_as_a_mismatch(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = (await till.top_up(10_000, "fake")).order
        told = await till.take("fake", fake.webhook("evt_1", "paid", order.id, NOON_US, won(10_000)))
        assert (told.state, told.why) == ("seen", "the processor does not say so yet")
        for _ in range(60):
            till.now_us += 3_600_000_000
            await till.resume()
        kept = await till.database.read(lambda connection: payment_store.event_by_id(connection, "fake", "evt_1"))
        assert kept is not None
        assert (kept.state, kept.why) == ("mismatch", "the processor does not say so")
        assert await till.wallet() == 0

    live(place, story)


def test_a_silent_processor_is_asked_again_and_the_webhook_may_come_again(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = (await till.top_up(10_000, "fake")).order
        fake.pay(order.id, won(10_000))
        webhook = fake.webhook("evt_1", "paid", order.id, NOON_US, won(10_000))
        fake.breaks_before = 1
        with pytest.raises(Unavailable):
            await till.take("fake", webhook)
        assert (await till.take("fake", webhook)).state == "applied"
        assert (await till.take("fake", webhook)).state == "replayed"

    live(place, story)


def test_what_comes_unsigned_is_bounded(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 5
    assert most < WEBHOOKS_AN_ORDER_MAX
    monkeypatch.setattr("solvent.till.take_event.WEBHOOKS_AN_ORDER_MAX", most)

    async def run() -> None:
        server = TossServer()
        with server.running():
            async with opened_till(place, TossStage(server).processor) as till:
                order = (await till.top_up(10_000, "toss")).order
                server.authorize(order.id, 10_000)
                for _ in range(most + 1):
                    server.tell(order.id, status="DONE")
                ends = [(await till.take("toss", webhook)).state for webhook in server.outbox[:most]]
                assert ends == ["mismatch"] * most, "Toss is asked, and says that it is not paid"
                with pytest.raises(Refused, match="more than 5 webhooks"):
                    await till.take("toss", server.outbox[most])
                assert (await till.take("toss", server.outbox[0])).state == "replayed"
                server.authorize("ord_of_another_shop", 5)
                server.tell("ord_of_another_shop", status="DONE")
                asked = len(server.seen)
                assert (await till.take("toss", server.outbox[-1])).state == "ignored"
                assert len(server.seen) == asked, "nobody can make us ask about orders that are not ours"

    asyncio.run(run())


def test_an_order_whose_rail_was_taken_out_is_a_problem_and_not_a_crash(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        await till.top_up(10_000, "fake")
        till.now_us += 3_600_000_000
        bare = Till(till.database)
        bare.now_us = till.now_us
        (problem,) = (await bare.resume()).problems
        assert "there is no payment rail 'fake'" in problem
        assert (await bare.resume()).looked == 0, "and is not asked all the time"

    live(place, story)


def test_an_order_that_is_paid_stays_paid_whatever_is_told_later(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        order = (await till.top_up(10_000, "fake")).order
        await paid(till, fake, order)
        fake.payments.pop(order.id)
        told = await till.take("fake", fake.webhook("evt_9", "failed", order.id, NOON_US))
        assert told.state == "mismatch"
        assert "was paid, and the processor now says none" in told.why
        assert await till.wallet() == 10_000

    live(place, story)
