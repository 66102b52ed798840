"""BILLING_CASES, "Subscriptions": a renewal that fails, dunning, grace, and what is left of it in the books."""

from __future__ import annotations

import msgspec
import pytest
from tests.billing.subscribers import FREE, KIM, PLUS, Books, act, at, pots, story, totals, won
from tests.db.opened import Place

from solvent.billing.payment_store import orders_for
from solvent.billing.proposal_store import begin_paid, invoice_paid
from solvent.billing.rails import Rails
from solvent.ledger.account import invoiced
from solvent.payments.fake import BAD_CARD, GOOD_CARD, FakeProcessor
from solvent.till.charge_order import charge_order
from solvent.till.collect_due import collect_due
from solvent.till.refund import refund
from solvent.till.save_method import save_method
from solvent.till.settle_order import settle_order
from solvent.values.errors import Conflict

DAY = 86_400 * 10**6


async def save_card(books: Books, rails: Rails, processor: FakeProcessor, now_us: int, handle: str = "") -> None:
    """What the customer's cards are charged on from now on."""
    opened = await save_method(KIM, "KRW", "fake", rails, books.database, act(now_us), now_us)
    processor.pay(opened.order.id, won(0))
    if handle:
        method = msgspec.structs.replace(GOOD_CARD, handle=handle)
        processor.payments[opened.order.id] = msgspec.structs.replace(
            processor.payments[opened.order.id], method=method
        )
    await settle_order(opened.order.id, rails, books.database, now_us)


async def subscribe_by_card(books: Books, rails: Rails, processor: FakeProcessor, start: int) -> None:
    """Nothing is given before it is paid."""
    await save_card(books, rails, processor, start)
    done = await books.subscribe("plus", start, pays="card")
    assert (done.subscription.state, done.due, await books.left()) == ("waiting", won(9_900), {})
    purpose = f"subscription:{done.subscription.id}"
    order = await charge_order(KIM, purpose, done.due, "Plus", rails, books.database, act(start + 5), start)
    now = await books.current()
    assert (order.is_paid, now.id, now.state, now.invoice) == (True, done.subscription.id, "active", "")
    assert (now.period_start_us, await books.left()) == (start + 5, {"answers": 300})


def by_card() -> tuple[FakeProcessor, Rails]:
    """A processor, and what is told of payments there."""
    processor = FakeProcessor()
    return processor, Rails({"fake": processor}, {"subscription": begin_paid, "invoice": invoice_paid})


def test_failed_renewal_and_dunning(place: Place) -> None:
    async def tell(books: Books) -> None:
        processor, rails = by_card()
        await subscribe_by_card(books, rails, processor, at("2026-06-01T00:00:00") - 5)
        july, august = at("2026-07-01T00:00:00"), at("2026-08-01T00:00:00")
        await books.renew(july)
        assert (await collect_due(rails, books.database, july)).paid == 1
        assert (await collect_due(rails, books.database, july + DAY)).paid == 0
        # In August the card is empty: three days of grace, tries after 1, 3, 5 and 7 days, then it ends.
        await save_card(books, rails, processor, july + DAY, BAD_CARD.handle)
        await books.renew(august)
        assert (await collect_due(rails, books.database, august)).failed == 1
        late = await books.current()
        assert (late.state, late.usable_until_us) == ("past_due", august + 3 * DAY)
        assert [pot.kind for pot in await pots(books, august + 3 * DAY - 1)] == ["allowance", "wallet"]
        assert [pot.kind for pot in await pots(books, august + 3 * DAY)] == ["wallet"]
        assert (await collect_due(rails, books.database, august + DAY - 1)).failed == 0
        for day in (1, 3, 5, 7):
            assert (await collect_due(rails, books.database, august + day * DAY)).failed == 1
        assert (await collect_due(rails, books.database, august + 7 * DAY + 1)).ended == 1
        assert (await books.current()).plan == "free"
        # Of August, three days could be used: 958 won of 9,900 stay asked for.
        assert totals(await books.invoices()) == [9_900, 9_900, 9_900, 958 - 9_900]
        assert await books.balance(invoiced(KIM)) == -won(958).grains

    story(place, tell)


def test_a_failed_renewal_that_is_paid_later_goes_on_as_if_nothing_had_been(place: Place) -> None:
    async def tell(books: Books) -> None:
        processor, rails = by_card()
        await subscribe_by_card(books, rails, processor, at("2026-06-01T00:00:00") - 5)
        july = at("2026-07-01T00:00:00")
        await save_card(books, rails, processor, july - DAY, BAD_CARD.handle)
        await books.renew(july)
        assert (await collect_due(rails, books.database, july)).failed == 1
        with pytest.raises(Conflict) as caught:
            await books.change("pro", july + 1)
        assert caught.value.code == "subscription_past_due"
        await save_card(books, rails, processor, july + DAY)
        assert (await collect_due(rails, books.database, july + 4 * DAY)).paid == 1
        now = await books.current()
        assert (now.state, now.invoice, now.usable_until_us) == ("active", "", now.period_end_us)
        assert [pot.kind for pot in await pots(books, july + 20 * DAY)] == ["allowance", "wallet"]
        assert await books.left() == {"answers": 350}

    story(place, tell)


def test_what_was_given_back_and_is_due_again_is_charged_again(place: Place) -> None:
    async def tell(books: Books) -> None:
        processor, rails = by_card()
        await subscribe_by_card(books, rails, processor, at("2026-06-01T00:00:00") - 5)
        july, august = at("2026-07-01T00:00:00"), at("2026-08-01T00:00:00")
        await books.renew(july)
        assert (await collect_due(rails, books.database, july)).paid == 1
        document, _ = (await books.invoices())[-1]
        (order,) = await books.database.read(lambda c: orders_for(c, f"invoice:{document.id}"))
        await refund(order.id, won(9_900), rails, books.database, act(july + DAY), 7)
        assert await books.balance(invoiced(KIM)) == -won(9_900).grains
        await books.renew(august)
        for n in range(3):
            await collect_due(rails, books.database, august + n)
        assert await books.balance(invoiced(KIM)) == 0
        assert (await books.current()).invoice == ""

    story(place, tell)


def test_whoever_has_no_card_any_more_is_past_due_and_in_the_end_without_the_plan(place: Place) -> None:
    async def tell(books: Books) -> None:
        _, rails = by_card()
        july = at("2026-07-01T00:00:00")
        done = await books.subscribe("plus", at("2026-06-01T00:00:00"))
        await books.pay(done.invoice, at("2026-06-01T00:00:00"))
        await books.put(msgspec.structs.replace(await books.current(), pays="card"))
        await books.renew(july)
        assert (await collect_due(rails, books.database, july)).failed == 1
        assert (await books.current()).state == "past_due"
        assert (await collect_due(rails, books.database, july + 7 * DAY - 1)).ended == 0
        assert (await collect_due(rails, books.database, july + 7 * DAY)).ended == 1
        assert (await books.current()).plan == "free"

    story(place, tell)


def test_an_invoice_that_nobody_pays_in_time(place: Place) -> None:
    async def tell(books: Books) -> None:
        _, rails = by_card()
        start = at("2026-06-01T00:00:00")
        done = await books.subscribe("plus", start)
        due = start + 14 * DAY
        assert (await collect_due(rails, books.database, due - 1)).late == 0
        assert (await collect_due(rails, books.database, due)).late == 1
        assert (await books.current()).usable_until_us == due + 3 * DAY
        assert [pot.kind for pot in await pots(books, due + 3 * DAY)] == ["wallet"]
        await books.pay(done.invoice, due + 4 * DAY)
        assert (await books.current()).state == "active"
        assert [pot.kind for pot in await pots(books, due + 4 * DAY)] == ["allowance", "wallet"]
        assert (await collect_due(rails, books.database, due + 9 * DAY)).ended == 0

    story(place, tell)


def test_who_has_not_paid_a_period_by_its_end_has_no_other(place: Place) -> None:
    slow = msgspec.structs.replace(PLUS, retry_days=(26,))

    async def tell(books: Books) -> None:
        _, rails = by_card()
        await books.publish(FREE, slow)
        start, end = at("2026-06-01T00:00:00"), at("2026-07-01T00:00:00")
        await books.subscribe("plus", start)
        assert (await collect_due(rails, books.database, start + 14 * DAY)).late == 1
        assert (await collect_due(rails, books.database, end - 1)).ended == 0
        assert await books.renew(end) == 0
        assert (await collect_due(rails, books.database, end)).ended == 1
        now = await books.current()
        assert (now.plan, now.period_start_us) == ("free", end)

    story(place, tell)


def test_who_pays_what_is_due_goes_on_though_another_invoice_is_not_due_yet(place: Place) -> None:
    async def tell(books: Books) -> None:
        _, rails = by_card()
        start = at("2026-06-01T00:00:00")
        first = await books.subscribe("plus", start)
        await books.change("pro", start + 10 * DAY)
        due = start + 14 * DAY
        assert (await collect_due(rails, books.database, due)).late == 1
        assert [pot.kind for pot in await pots(books, due + 4 * DAY)] == ["wallet"]
        await books.pay(first.invoice, due + 4 * DAY)
        await collect_due(rails, books.database, due + 4 * DAY)
        assert (await books.current()).state == "active"
        assert [pot.kind for pot in await pots(books, due + 4 * DAY)] == ["allowance", "wallet"]
        assert (await collect_due(rails, books.database, due + 10 * DAY)).late == 1

    story(place, tell)
