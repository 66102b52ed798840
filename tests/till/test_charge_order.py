"""Charging what a customer saved: once for each key, with a reason when it fails, and found out when nobody knows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection
from tests.db.opened import Place
from tests.till.tills import CUSTOMER, NOON_US, Till, act, opened_till, won

from solvent.billing import credit_store, invoice_store, payment_store
from solvent.billing.order import PaymentOrder
from solvent.billing.payment_store import SavedMethod
from solvent.identity import store as identity_store
from solvent.identity.caller import Customer
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.credit import Part
from solvent.invoicing.invoice import Invoice, InvoiceDraft, state_of
from solvent.invoicing.line import DraftLine
from solvent.invoicing.profile import Profile
from solvent.invoicing.tax import Tax, Treatment
from solvent.ledger.account import REFUNDS, invoiced, wallet
from solvent.payments.fake import BAD_CARD, GOOD_CARD, FakeProcessor
from solvent.payments.port import Method
from solvent.till.charge_order import charge_order
from solvent.till.open_checkout import Opened
from solvent.till.pay_invoice import pay_invoice
from solvent.till.settle_order import settle_order
from solvent.values.errors import Conflict, NotFound, Unavailable
from solvent.values.ids import CustomerId
from solvent.values.money import Money

HOUR_US = 3_600_000_000


class Renewals:
    """A customer with a saved card and an invoice over 22,000 won."""

    def __init__(self, till: Till, fake: FakeProcessor, invoice: Invoice) -> None:
        self.till = till
        self.fake = fake
        self.invoice = invoice

    async def save(self, method: Method, id: str = "pm_1", customer: CustomerId = CUSTOMER) -> SavedMethod:
        saved = SavedMethod(id, customer, "fake", method.handle, method.owner, method.label, self.till.now_us)
        return await self.till.database.write(lambda connection: payment_store.save_method(connection, saved))

    async def charge(self, key: str, amount: Money | None = None, method: str = "") -> PaymentOrder:
        asked = amount or won(22_000)
        asking = act(self.till.now_us, key, asked)
        return await charge_order(
            CUSTOMER, f"invoice:{self.invoice.id}", asked, "October", self.till.rails, self.till.database, asking,
            self.till.entropy, method=method,
        )  # fmt: skip

    async def state(self) -> str:
        invoice, standing = await self.till.database.read(
            lambda connection: invoicing_store.invoice_by_id(connection, self.invoice.id)
        )
        return state_of(invoice.total.grains, standing)


def live(place: Place, story: Callable[[Renewals], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        fake = FakeProcessor()
        async with opened_till(place, fake) as till:
            line = DraftLine(
                text="October", amount=won(22_000), credit_account="deferred:sub_1", kind="subscription", until_us=1
            )
            draft = InvoiceDraft(
                customer=CUSTOMER, currency="KRW", lines=(line,), reference="sub_1/october", from_us=0, until_us=1,
                due_us=NOON_US,
            )  # fmt: skip
            customer = Customer(CUSTOMER, "Kim", "pro", 0)
            await till.database.write(lambda connection: identity_store.add_customer(connection, customer))
            invoice = await till.database.write(lambda connection: invoice_store.issue(connection, draft, NOON_US))
            await story(Renewals(till, fake, invoice))

    asyncio.run(run())


def test_a_saved_card_pays_an_invoice_once(place: Place) -> None:
    async def story(renewals: Renewals) -> None:
        await renewals.save(GOOD_CARD)
        first, again = [await renewals.charge("renew/october") for _ in range(2)]
        assert first == again
        assert (first.state, first.amount) == ("paid", won(22_000))
        assert await renewals.state() == "paid"
        assert renewals.fake.calls.count("charge") == 1
        balances = await renewals.till.all_balances()
        assert (invoiced(CUSTOMER), "KRW") not in balances
        assert balances["receivable:processor:fake", "KRW"] == -won(22_000).grains

    live(place, story)


def test_a_card_that_is_declined_is_a_failure_with_a_reason_and_another_try_is_another_key(place: Place) -> None:
    async def story(renewals: Renewals) -> None:
        await renewals.save(BAD_CARD)
        failed = await renewals.charge("renew/october/1")
        assert (failed.state, failed.why) == ("failed", "declined: no funds")
        assert await renewals.charge("renew/october/1") == failed
        assert await renewals.state() == "issued"
        renewals.till.now_us += HOUR_US
        await renewals.save(GOOD_CARD, "pm_2")
        assert (await renewals.charge("renew/october/2")).state == "paid", "the newest card is charged"
        assert await renewals.state() == "paid"

    live(place, story)


@pytest.mark.parametrize("fault", ["breaks_before", "breaks_after"])
def test_when_nobody_knows_it_stays_open_and_is_found_out(place: Place, fault: str) -> None:
    async def story(renewals: Renewals) -> None:
        await renewals.save(GOOD_CARD)
        setattr(renewals.fake, fault, 1)
        order = await renewals.charge("renew/october/1")
        assert order.state == "open"
        with pytest.raises(Conflict, match="not known yet"):
            await renewals.charge("renew/october/2")
        renewals.till.now_us += HOUR_US
        assert (await renewals.till.resume()).problems == ()
        assert (await renewals.charge("renew/october/1")).state == "paid"
        assert await renewals.state() == "paid"
        assert len([paid for paid in renewals.fake.payments.values() if paid.state == "paid"]) == 1

    live(place, story)


def test_a_processor_that_stays_silent_is_asked_for_a_day_and_then_given_up(place: Place) -> None:
    async def story(renewals: Renewals) -> None:
        await renewals.save(GOOD_CARD)
        renewals.fake.breaks_before = 10**6
        order = await renewals.charge("renew/october/1")
        for _ in range(30):
            renewals.till.now_us += HOUR_US
            await renewals.till.resume()
        assert (await renewals.till.order(order.id)).state == "open", "while it is silent nobody knows"
        renewals.fake.breaks_before = 0
        renewals.till.now_us += HOUR_US
        charged = renewals.fake.calls.count("charge")
        await renewals.till.resume()
        assert (await renewals.till.order(order.id)).state == "expired"
        assert renewals.fake.calls.count("charge") == charged, "its idempotency key is too old to charge again"

    live(place, story)


def test_an_invoice_that_is_paid_twice_leaves_the_second_payment_in_the_wallet(place: Place) -> None:
    async def story(renewals: Renewals) -> None:
        till, invoice = renewals.till, str(renewals.invoice.id)
        first, second = [
            (await pay_invoice(CUSTOMER, invoice, "fake", till.rails, till.database, act(), till.entropy)).order
            for _ in range(2)
        ]
        ends = []
        for order in (first, second):
            renewals.fake.pay(order.id, order.amount)
            webhook = renewals.fake.webhook(f"evt_{order.id}", "paid", order.id, till.now_us, order.amount)
            ends.append(await till.take("fake", webhook))
        assert [end.state for end in ends] == ["applied", "applied"]
        paid = await till.order(second.id)
        assert (paid.state, paid.purpose, paid.vat_grains) == ("paid", "top_up", 0)
        assert await till.balance(f"wallet:{CUSTOMER}") == second.amount
        assert (await till.balance("receivable:processor:fake")).grains == -2 * second.grains
        with pytest.raises(Conflict):
            await pay_invoice(CUSTOMER, invoice, "fake", till.rails, till.database, act(), till.entropy)

    live(place, story)


def test_a_repeated_wish_to_pay_opens_no_checkout_of_what_was_paid_in_another_way(place: Place) -> None:
    async def story(renewals: Renewals) -> None:
        till, invoice = renewals.till, str(renewals.invoice.id)

        async def ask(key: str) -> Opened:
            asking = act(till.now_us, key)
            return await pay_invoice(CUSTOMER, invoice, "fake", till.rails, till.database, asking, till.entropy)

        renewals.fake.breaks_before = 1
        with pytest.raises(Unavailable):
            await ask("early")  # its order is made, and its checkout is not
        opened = await ask("twice")
        assert opened.checkout is not None
        await renewals.save(GOOD_CARD)
        assert (await renewals.charge("renew/october")).is_paid
        for key in ("twice", "early"):
            again = await ask(key)
            assert (again.order.state, again.checkout) == ("open", None)
        assert renewals.fake.calls.count("begin") == 2

    live(place, story)


def test_a_charge_that_was_never_made_is_not_made_when_the_invoice_was_paid_since(place: Place) -> None:
    async def story(renewals: Renewals) -> None:
        till, invoice = renewals.till, renewals.invoice
        await renewals.save(GOOD_CARD)
        renewals.fake.breaks_before = 1
        order = await renewals.charge("renew/october/1")
        await till.database.write(
            lambda c: invoice_store.pay(c, invoice.id, won(22_000), "cash:bank", till.now_us, "by hand")
        )
        for _ in range(30):
            till.now_us += HOUR_US
            await till.resume()
        assert (await till.order(order.id)).state == "expired"
        assert (renewals.fake.payments, await till.wallet()) == ({}, 0)

    live(place, story)


def test_what_fills_a_wallet_of_prices_without_vat_is_taxed_whichever_way_it_comes(place: Place) -> None:
    """By a card that is charged, VAT is on top; of what was paid for an invoice that is paid already, it is within."""

    async def story(renewals: Renewals) -> None:
        till = renewals.till
        profile = Profile(customer=CUSTOMER, tax=Tax("exclusive", 100))
        await till.database.write(lambda connection: invoicing_store.set_profile(connection, profile))
        await renewals.save(GOOD_CARD)
        charged = await charge_order(
            CUSTOMER, "top_up", won(10_000), "Top-up", till.rails, till.database, act(till.now_us, "fill"), till.entropy
        )
        assert (charged.amount, charged.vat_grains) == (won(11_000), won(1_000).grains)
        opened = await pay_invoice(
            CUSTOMER, str(renewals.invoice.id), "fake", till.rails, till.database, act(), till.entropy
        )
        assert (await renewals.charge("renew/october")).state == "paid"
        renewals.fake.pay(opened.order.id, won(22_000))
        webhook = renewals.fake.webhook("evt_1", "paid", opened.order.id, till.now_us, won(22_000))
        assert (await till.take("fake", webhook)).state == "applied"
        assert (await till.order(opened.order.id)).vat_grains == won(2_000).grains
        assert await till.balance(wallet(CUSTOMER)) == won(10_000 + 20_000)
        papers = await till.database.read(
            lambda connection: invoicing_store.invoices_for(connection, [charged.id, opened.order.id])
        )
        assert sorted(paper.vat.grains for paper in papers.values()) == [won(1_000).grains, won(2_000).grains]

    live(place, story)


def test_what_goes_back_of_an_invoice_is_due_again(place: Place) -> None:
    async def story(renewals: Renewals) -> None:
        await renewals.save(GOOD_CARD)
        order = await renewals.charge("renew/october/1")
        refund = await renewals.till.refund(order.id, 22_000)
        assert (refund.state, refund.wallet_grains, refund.short_grains) == ("done", 0, 0)
        assert await renewals.state() == "issued"
        assert await renewals.till.balance(invoiced(CUSTOMER)) == won(-22_000)

    live(place, story)


def test_what_an_invoice_asks_for_no_more_of_its_payment_is_in_the_wallet_and_goes_back_with_it(place: Place) -> None:
    async def story(renewals: Renewals) -> None:
        till, id = renewals.till, renewals.invoice.id
        order = (await pay_invoice(CUSTOMER, id, "fake", till.rails, till.database, act(), till.entropy)).order
        parts = (Part(1, won(10_000)),)
        await till.database.write(lambda c: invoice_store.credit(c, id, parts, till.now_us, "a part of it"))
        renewals.fake.pay(order.id, order.amount)  # in a window that was open since
        for n in range(2):
            await till.take("fake", renewals.fake.webhook(f"evt_{n}", "paid", order.id, till.now_us, order.amount))
        assert (await till.order(order.id)).purpose == f"invoice:{id}"
        assert (await renewals.state(), await till.wallet()) == ("paid", 10_000)
        assert await till.balance(invoiced(CUSTOMER)) == won(0)
        refund = await till.refund(order.id, 22_000)
        assert (refund.state, refund.wallet_grains, refund.short_grains) == ("done", won(10_000).grains, 0)
        assert (await renewals.state(), await till.wallet()) == ("issued", 0)
        assert await till.balance(invoiced(CUSTOMER)) == won(-12_000)
        assert await till.balance("receivable:processor:fake") == won(0)

    live(place, story)


def test_what_an_invoice_never_asked_for_of_its_payment_goes_back_before_what_it_was_paid(place: Place) -> None:
    async def story(renewals: Renewals) -> None:
        till, id = renewals.till, renewals.invoice.id
        order = (await pay_invoice(CUSTOMER, id, "fake", till.rails, till.database, act(), till.entropy)).order
        parts = (Part(1, won(10_000)),)
        await till.database.write(lambda c: invoice_store.credit(c, id, parts, till.now_us, "a part of it"))
        renewals.fake.pay(order.id, order.amount)
        await till.take("fake", renewals.fake.webhook("evt", "paid", order.id, till.now_us, order.amount))
        for n, (grains, state, left, owed) in enumerate(
            ((4_000, "paid", 6_000, 0), (6_000, "paid", 0, 0), (5_000, "issued", 0, 5_000))
        ):
            refund = await till.refund(order.id, grains)
            assert (refund.state, refund.short_grains, n) == ("done", 0, n)
            assert (await renewals.state(), await till.wallet()) == (state, left)
            assert await till.balance(invoiced(CUSTOMER)) == won(-owed)

    live(place, story)


@pytest.mark.parametrize("treatment", ["inclusive", "exclusive"])
def test_a_refund_that_comes_back_undoes_what_we_lost_by_it(place: Place, treatment: Treatment) -> None:
    """It was sent while the invoice was credited as well: twice the money left us, and once it came again."""

    async def story(renewals: Renewals) -> None:
        till, fake, id = renewals.till, renewals.fake, renewals.invoice.id
        profile = Profile(customer=CUSTOMER, tax=Tax(treatment, 100))
        await till.database.write(lambda connection: invoicing_store.set_profile(connection, profile))
        await renewals.save(GOOD_CARD)
        order = await renewals.charge("renew/october/1")
        fake.breaks_before = 1
        refund = await till.refund(order.id, 22_000)
        assert refund.state == "asked"

        def credited(connection: Connection) -> None:
            invoice_store.credit(connection, id, None, till.now_us, "credited")
            credit_store.return_too_much(connection, id, "credited", till.now_us)

        await till.database.write(credited)
        till.now_us += HOUR_US
        await till.resume()
        has_both = treatment == "inclusive"  # else the invoice keeps what it has too much, and that is what went back
        assert await till.balance(f"{REFUNDS}:invoice") == won(-22_000 * has_both)
        sent = fake.payments[order.id]
        failed = tuple(replace(one, state="failed") for one in sent.refunds)
        fake.payments[order.id] = replace(sent, refunds=failed)
        await settle_order(order.id, till.rails, till.database, till.now_us)
        assert await till.balance(f"{REFUNDS}:invoice") == won(0)
        theirs = await till.balance(wallet(CUSTOMER)) + await till.balance(invoiced(CUSTOMER))
        assert theirs == won(22_000), "what they paid, once"

    live(place, story)


def test_nothing_is_charged_without_a_card_or_beyond_the_invoice_or_anothers_card(place: Place) -> None:
    async def story(renewals: Renewals) -> None:
        with pytest.raises(NotFound, match="nothing saved"):
            await renewals.charge("1")
        mine = await renewals.save(GOOD_CARD)
        assert await renewals.save(GOOD_CARD, "pm_9", CustomerId("cus_2")) == mine, "a card has one owner"
        with pytest.raises(NotFound):
            await renewals.charge("2", method="pm_9")
        with pytest.raises(Conflict, match="asks for 22000 KRW"):
            await renewals.charge("3", won(22_001))
        assert renewals.fake.calls == []

    live(place, story)
