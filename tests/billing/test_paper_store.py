"""The papers of top-ups: an invoice where VAT was paid with them, credit notes for what goes back, and they agree."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from random import Random

import msgspec
import pytest
from tests.db.opened import Place
from tests.till.test_top_up import live, paid
from tests.till.tills import CUSTOMER, NOON_US, Till, won

from solvent.billing import invoice_store
from solvent.billing.order import PaymentOrder
from solvent.invoicing import store
from solvent.invoicing.invoice import Invoice, Standing, due_grains, state_of
from solvent.invoicing.number import number_text
from solvent.invoicing.profile import Profile
from solvent.invoicing.tax import Tax, Treatment
from solvent.ledger.account import VAT_PAYABLE
from solvent.payments.fake import FakeProcessor
from solvent.payments.port import Dispute
from solvent.values.errors import Conflict, SolventError
from solvent.values.instant import NEVER_US


async def taxed(till: Till, treatment: Treatment = "exclusive", vat_currency: str = "KRW") -> None:
    profile = Profile(customer=CUSTOMER, tax=Tax(treatment, 100), vat_currency=vat_currency)
    await till.database.write(lambda connection: store.set_profile(connection, profile))


async def papers(till: Till) -> list[tuple[Invoice, Standing]]:
    """Every document, in the order of its numbers: invoices first."""
    found = await till.database.read(partial(store.invoices_between, from_us=0, until_us=NEVER_US))
    return sorted(found, key=lambda pair: (pair[0].kind == "credit_note", pair[0].number.sequence))


async def check(till: Till) -> None:
    """The papers say what the books say: VAT to the won, and nothing is due."""
    documents = await papers(till)
    assert sum(one.vat.grains for one, _ in documents) == (await till.balance(VAT_PAYABLE)).grains
    for one, standing in documents:
        assert one.supply + one.vat == one.lines[0].total
        if one.kind == "invoice":
            assert due_grains(one.total.grains, standing) == 0


async def webhook(till: Till, fake: FakeProcessor, order: PaymentOrder, number: int) -> None:
    await till.take("fake", fake.webhook(f"evt_more_{number}", "refunded", order.id, NOON_US))


def test_a_top_up_with_vat_on_top_has_an_invoice_that_is_paid(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        await taxed(till)
        order = (await till.top_up(10_000, "fake")).order
        assert await papers(till) == [], "nothing is paid yet"
        await paid(till, fake, order)
        await webhook(till, fake, order, 1)
        ((invoice, standing),) = await papers(till)
        assert number_text(invoice.number).endswith("-000001")
        assert (invoice.supply, invoice.vat, invoice.total) == (won(10_000), won(1_000), won(11_000))
        assert (invoice.lines[0].kind, invoice.reference, invoice.issued_us) == ("top_up", order.id, till.now_us)
        assert state_of(invoice.total.grains, standing) == "paid"
        await check(till)
        with pytest.raises(Conflict) as caught:
            await till.database.write(lambda c: invoice_store.credit(c, invoice.id, None, NOON_US, "by hand"))
        assert caught.value.code == "invoice_of_top_up"

    live(place, story)


@pytest.mark.parametrize("treatment", ["inclusive", "reverse_charge", "none"])
def test_where_no_vat_is_paid_with_a_top_up_it_is_no_supply_and_has_no_invoice(
    place: Place, treatment: Treatment
) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        await taxed(till, treatment)
        order = await paid(till, fake, (await till.top_up(10_000, "fake")).order)
        await till.refund(order.id, 4_000)
        assert await papers(till) == []

    live(place, story)


def test_where_vat_is_owed_in_another_currency_nobody_gives_a_rate(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        await taxed(till, vat_currency="EUR")
        order = await paid(till, fake, (await till.top_up(10_000, "fake")).order)
        await till.refund(order.id, 11_000)
        assert (order.state, await papers(till)) == ("paid", [])

    live(place, story)


def test_what_is_refunded_is_credited_until_nothing_is_left(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        await taxed(till)
        order = await paid(till, fake, (await till.top_up(12_345, "fake")).order)
        for amount in (7, 6_666, 1, order.grains // 10**7 - 6_674):
            await till.refund(order.id, amount)
            await check(till)
        (invoice, standing), *notes = await papers(till)
        assert [-note.total.grains // 10**7 for note, _ in notes] == [7, 6_666, 1, 6_906]
        assert {note.corrects for note, _ in notes} == {invoice.id}
        assert (state_of(invoice.total.grains, standing), await till.wallet()) == ("credited", 0)

    live(place, story)


def test_a_lost_chargeback_is_credited_and_one_that_comes_back_is_invoiced_anew(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        await taxed(till)
        order = await paid(till, fake, (await till.top_up(10_000, "fake")).order)
        counts = []
        for number, state in enumerate(("open", "lost", "won")):
            fake.dispute(order.id, Dispute("du_1", won(5_500), state))  # type: ignore[arg-type]
            await webhook(till, fake, order, number)
            documents = await papers(till)
            counts.append([sum(one.kind == kind for one, _ in documents) for kind in ("invoice", "credit_note")])
            if state != "open":
                await check(till)
        assert counts == [[1, 0], [1, 1], [2, 1]]
        await till.refund(order.id, 11_000)
        await check(till)
        assert {state_of(one.total.grains, how) for one, how in await papers(till) if one.kind == "invoice"} == {
            "credited"
        }

    live(place, story)


def test_a_refund_that_comes_back_is_invoiced_anew(place: Place) -> None:
    async def story(till: Till, fake: FakeProcessor) -> None:
        await taxed(till)
        order = await paid(till, fake, (await till.top_up(10_000, "fake")).order)
        await till.refund(order.id, 5_500)
        known = fake.payments[order.id]
        failed = tuple(msgspec.structs.replace(refund, state="failed") for refund in known.refunds)
        fake.payments[order.id] = msgspec.structs.replace(known, refunds=failed)
        await webhook(till, fake, order, 1)
        assert [one.total.grains // 10**7 for one, _ in await papers(till)] == [11_000, 5_500, -5_500]
        await check(till)

    live(place, story)


@pytest.mark.parametrize("seed", [3, 36, 53])
def test_whatever_goes_back_and_comes_again_the_papers_come_to_what_is_booked(place: Place, seed: int) -> None:
    """Few won, so that a single one shows: refunds, ours and others', some that come back, and disputes."""

    async def story(till: Till, fake: FakeProcessor) -> None:
        random, disputed = Random(seed), dict[str, int]()
        await taxed(till)
        order = await paid(till, fake, (await till.top_up(random.randint(3, 40), "fake")).order)
        for n in range(14):
            till.now_us += 10**6
            what = random.choice(["refund", "return", "dispute", "end", "back"])
            amount = random.randint(1, order.grains // 10**7)
            with suppress(SolventError):
                await one_step(what, amount, till, fake, order, n, disputed, random)
        for n, (dispute, amount) in enumerate(disputed.items()):
            fake.dispute(order.id, Dispute(dispute, won(amount), "lost"))
            await webhook(till, fake, order, 100 + n)
        await check(till)

    live(place, story)


async def one_step(
    what: str, amount: int, till: Till, fake: FakeProcessor, order: PaymentOrder, n: int, disputed: dict[str, int],
    random: Random,
) -> None:  # fmt: skip
    known = fake.payments[order.id]
    done = [refund for refund in known.refunds if refund.state == "done"]
    if what == "refund":
        await till.refund(order.id, amount, force=True)
        return
    if what == "back":
        fake.give_back(order.id, won(min(amount, 6)))
    elif what == "dispute":
        disputed[f"du_{n}"] = amount
        fake.dispute(order.id, Dispute(f"du_{n}", won(amount), "open"))
    elif what == "end" and disputed:
        dispute = random.choice(sorted(disputed))
        fake.dispute(order.id, Dispute(dispute, won(disputed.pop(dispute)), random.choice(["lost", "won"])))
    elif what == "return" and done:
        chosen = random.choice(done).id
        refunds = tuple(
            msgspec.structs.replace(refund, state="failed") if refund.id == chosen else refund
            for refund in known.refunds
        )
        fake.payments[order.id] = msgspec.structs.replace(known, refunds=refunds)
    await webhook(till, fake, order, n)
