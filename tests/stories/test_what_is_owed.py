"""What is owed for use on account and for packs is collected, and lent no more to who does not pay it."""

from __future__ import annotations

import pytest
from tests.billing.months import Teller, close
from tests.billing.subscribers import KIM, PLUS, Books, act, at, pots, story, won
from tests.billing.test_subscribe import Till
from tests.db.opened import Place

from solvent.billing.buy_pack import buy_pack
from solvent.billing.included import Included
from solvent.billing.pack import Pack
from solvent.billing.plan import Plan
from solvent.invoicing.credit import Part
from solvent.invoicing.invoice import InvoiceId
from solvent.invoicing.profile import Profile
from solvent.invoicing.tax import Tax, Treatment
from solvent.ledger.account import CHARGEBACKS, SET_OFF, invoiced, unbilled, wallet
from solvent.office.credit_invoice import credit_invoice
from solvent.office.receive_payment import receive_payment
from solvent.payments.fake import BAD_CARD
from solvent.payments.port import Dispute
from solvent.till.collect_due import Collected, collect_due
from solvent.till.settle_order import settle_order
from solvent.values.errors import Conflict

DAY = 86_400 * 10**6
JUNE, JULY_4 = at("2026-06-01T00:00:00"), at("2026-07-04T00:00:00")
METERED = Plan(
    name="metered", price=won(9_900), included=(Included("answers", 10),), beyond="overage", overage_most=won(50_000)
)  # fmt: skip
PACKS = Plan(name="packs", price=won(9_900), packs=(Pack("ten", won(5_500), Included("answers", 100), 30),))


async def lends(books: Books, now_us: int) -> bool:
    return any(pot.kind == "overage" for pot in await pots(books, now_us))


async def used_on_account(books: Books, pays: str) -> Till:
    """June is over and closed: 40,000 won were used on account."""
    till = Till(books)
    await till.save_card()
    await books.publish(METERED)
    done = await books.subscribe("metered", JUNE, pays=pays)
    if pays == "card":
        await till.pay(done.subscription, done.due, JUNE + 1)
    else:
        await books.pay(done.invoice, JUNE + 1)
    used = won(40_000).grains
    await books.database.write(lambda c: Teller(c).book(unbilled(KIM), "revenue:overage", used, JUNE + 3 * DAY))
    july = at("2026-07-01T00:00:00") + 1
    await books.renew(july)
    await collect_due(till.rails, books.database, july)
    await close(books.database, 202606, JULY_4)
    return till


async def paid_of_usage(books: Books) -> int:
    ((_, standing),) = [one for one in await books.invoices() if one[0].reference.startswith("usage/")]
    return standing.paid


def test_use_on_account_is_charged_to_the_saved_card_when_the_month_is_closed(place: Place) -> None:
    async def tell(books: Books) -> None:
        till = await used_on_account(books, "card")
        assert (await collect_due(till.rails, books.database, JULY_4)) == Collected(paid=1)
        assert await paid_of_usage(books) == won(40_000).grains
        assert (await collect_due(till.rails, books.database, JULY_4 + DAY)) == Collected()
        assert await lends(books, JULY_4 + 20 * DAY)

    story(place, tell)


def test_a_card_that_cannot_pay_is_tried_again_and_then_nothing_more_is_lent(place: Place) -> None:
    async def tell(books: Books) -> None:
        till = await used_on_account(books, "card")
        await till.save_card(BAD_CARD.handle, JULY_4)
        for day in (0, 1, 3, 5, 7):
            assert (await collect_due(till.rails, books.database, JULY_4 + day * DAY)) == Collected(failed=1)
            assert await lends(books, JULY_4 + day * DAY)
        over = JULY_4 + 7 * DAY + 1
        for _ in range(2):
            assert (await collect_due(till.rails, books.database, over)) == Collected()
        assert not await lends(books, over)
        assert (await books.current()).state == "active", "what is paid for can be used"
        august = at("2026-08-01T00:00:00") + 1
        await books.renew(august)
        await till.save_card(now_us=august)
        await collect_due(till.rails, books.database, august)
        assert not await lends(books, august), "nor in the next period"
        ((invoice, _),) = [one for one in await books.invoices() if one[0].reference.startswith("usage/")]
        await receive_payment(invoice.id, won(40_000), "bank", act(august + 1), books.database)
        assert await lends(books, august + 1)

    story(place, tell)


def test_who_pays_by_invoice_is_not_charged_and_lent_nothing_more_when_it_is_overdue(place: Place) -> None:
    async def tell(books: Books) -> None:
        till = await used_on_account(books, "invoice")
        ((invoice, _),) = [one for one in await books.invoices() if one[0].reference.startswith("usage/")]
        assert invoice.due_us == JULY_4 + 14 * DAY
        await books.pay((await books.current()).invoice, JULY_4)
        await collect_due(till.rails, books.database, invoice.due_us - 1)
        assert await lends(books, invoice.due_us - 1)
        await collect_due(till.rails, books.database, invoice.due_us)
        assert not await lends(books, invoice.due_us)
        assert await paid_of_usage(books) == 0
        await books.pay(invoice.id, invoice.due_us + 1)
        assert await lends(books, invoice.due_us + 1)

    story(place, tell)


def test_one_pack_by_invoice_at_a_time(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.publish(PACKS)
        await books.subscribe("packs", JUNE)
        first, _ = await buy_pack(KIM, "ten", "invoice", act(JUNE), books.database)
        with pytest.raises(Conflict, match="is not paid yet") as caught:
            await buy_pack(KIM, "ten", "invoice", act(JUNE + 1), books.database)
        assert (caught.value.code, caught.value.param) == ("pack_unpaid", "pays")
        await buy_pack(KIM, "ten", "card", act(JUNE + 2), books.database)
        await receive_payment(
            InvoiceId(first.purchase.invoice), won(5_500), "bank", act(JUNE + 3), books.database
        )  # fmt: skip
        await buy_pack(KIM, "ten", "invoice", act(JUNE + 4), books.database)

    story(place, tell)


def test_a_lost_chargeback_makes_the_plan_past_due_and_is_not_charged_again(place: Place) -> None:
    async def tell(books: Books) -> None:
        till = Till(books)
        await till.save_card()
        done = await books.subscribe("plus", JUNE, pays="card")
        order = await till.pay(done.subscription, done.due, JUNE + 1)
        till.processor.dispute(order.id, Dispute("du_1", won(9_900), "open"))
        await settle_order(order.id, till.rails, books.database, JUNE + DAY)
        await collect_due(till.rails, books.database, JUNE + DAY)
        assert (await books.current()).state == "active", "nobody knows yet who is right"
        till.processor.dispute(order.id, Dispute("du_1", won(9_900), "lost"))
        await settle_order(order.id, till.rails, books.database, JUNE + 2 * DAY)
        lost_us = JUNE + 2 * DAY
        assert (await collect_due(till.rails, books.database, lost_us)) == Collected(late=1)
        now = await books.current()
        assert (now.state, now.usable_until_us) == ("past_due", lost_us + PLUS.grace_days * DAY)
        assert (await collect_due(till.rails, books.database, now.usable_until_us - 1)) == Collected()
        assert (await collect_due(till.rails, books.database, now.usable_until_us)) == Collected(ended=1)
        assert (await books.current()).plan == "free"

    story(place, tell)


def test_what_was_to_be_charged_is_charged_though_the_next_ones_are_by_invoice(place: Place) -> None:
    async def tell(books: Books) -> None:
        till = Till(books)
        await till.save_card()
        done = await books.subscribe("plus", JUNE, pays="card")
        await till.pay(done.subscription, done.due, JUNE + 1)
        july = at("2026-07-01T00:00:00") + 1
        await books.renew(july)
        await books.change("plus", july, pays="invoice")
        assert (await collect_due(till.rails, books.database, july)) == Collected(paid=1)
        assert ((await books.current()).state, (await books.current()).pays) == ("active", "invoice")

    story(place, tell)


def test_what_is_credited_where_prices_are_without_vat_pays_the_next_invoice(place: Place) -> None:
    """A wallet is filled with VAT taken out, so what was paid stays with the invoices."""

    async def tell(books: Books) -> None:
        await books.profile(Profile(customer=KIM, tax=Tax("exclusive", 100)))
        till = Till(books)
        await till.save_card()
        done = await books.subscribe("pro", JUNE, pays="card")
        await till.pay(done.subscription, done.due, JUNE + 1)
        changed = await books.change("plus", JUNE + 10 * DAY, when="now", pays="card")
        credited = changed.credited.grains
        assert credited > won(10_890).grains, "more than the next period asks for"
        for month, left in (("07", credited - won(10_890).grains), ("08", 0)):
            begins = at(f"2026-{month}-01T00:00:00") + 1
            await books.renew(begins)
            assert await collect_due(till.rails, books.database, begins) == (Collected() if left else Collected(paid=1))
            assert await books.balance(invoiced(KIM)) == left
            assert (await books.current()).invoice == ""
        (*_, (last, standing)) = await books.invoices()
        assert (last.total, standing.paid) == (won(10_890), won(10_890).grains)
        assert await books.balance(SET_OFF) == 0
        assert (await collect_due(till.rails, books.database, at("2026-08-02T00:00:00"))) == Collected()
        await books.check()

    story(place, tell)


@pytest.mark.parametrize("treatment", ["exclusive", "inclusive"])
def test_what_comes_back_for_an_invoice_that_asks_less_by_now_is_the_customers(
    place: Place, treatment: Treatment
) -> None:
    async def tell(books: Books) -> None:
        await books.profile(Profile(customer=KIM, tax=Tax(treatment, 100)))
        till = Till(books)
        await till.save_card()
        done = await books.subscribe("pro", JUNE, pays="card")
        order = await till.pay(done.subscription, done.due, JUNE + 1)
        till.processor.dispute(order.id, Dispute("du_1", order.amount, "open"))
        await settle_order(order.id, till.rails, books.database, JUNE + DAY)
        ((invoice, _),) = await books.invoices()
        await credit_invoice(invoice.id, [Part(1, won(11_000))], act(JUNE + 2 * DAY), books.database)
        till.processor.dispute(order.id, Dispute("du_1", order.amount, "won"))
        await settle_order(order.id, till.rails, books.database, JUNE + 3 * DAY)
        is_added = treatment == "exclusive"
        assert await books.balance(invoiced(KIM)) == (won(11_000).grains if is_added else 0)
        assert await books.balance(wallet(KIM)) == (0 if is_added else won(11_000).grains)
        await books.check()

    story(place, tell)


def test_credit_of_who_is_taxed_otherwise_by_now_stays_with_the_invoices(place: Place) -> None:
    async def tell(books: Books) -> None:
        till = Till(books)
        await till.save_card()
        done = await books.subscribe("pro", JUNE, pays="card")
        await till.pay(done.subscription, done.due, JUNE + 1)
        await books.profile(Profile(customer=KIM, tax=Tax("exclusive", 100), since_us=JUNE + DAY))
        await books.change("plus", JUNE + 10 * DAY, when="now", pays="card")
        assert await books.balance(wallet(KIM)) == 0
        assert await books.balance(invoiced(KIM)) > 0

    story(place, tell)


def test_a_payment_whose_credit_paid_another_invoice_goes_back_from_there(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.profile(Profile(customer=KIM, tax=Tax("exclusive", 100)))
        till = Till(books)
        await till.save_card()
        done = await books.subscribe("pro", JUNE, pays="card")
        order = await till.pay(done.subscription, done.due, JUNE + 1)
        await books.change("plus", JUNE + 10 * DAY, when="now", pays="card")
        july = at("2026-07-01T00:00:00") + 1
        await books.renew(july)
        assert await collect_due(till.rails, books.database, july) == Collected()
        till.processor.dispute(order.id, Dispute("du_1", order.amount, "lost"))
        await settle_order(order.id, till.rails, books.database, july + DAY)
        assert await books.balance(CHARGEBACKS) == 0
        assert await books.balance(SET_OFF) == 0
        assert (await books.current()).invoice, "the first is owed, and July is not paid any more"
        await books.check()

    story(place, tell)
