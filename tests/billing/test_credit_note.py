"""The operator's acts on invoices: each once, whatever is repeated, and only what is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy import Connection
from tests.billing.months import Teller
from tests.db.opened import Place
from tests.invoicing.drafts import CUSTOMER, DAY_US, draft, line

from solvent.audit.act import Act
from solvent.billing import invoice_store
from solvent.billing.credit_note import credit_note
from solvent.billing.invoice_usage import invoice_usage
from solvent.billing.month_books import month_books
from solvent.billing.record_payment import record_payment
from solvent.billing.set_profile import set_profile
from solvent.invoicing import store
from solvent.invoicing.credit import Part
from solvent.invoicing.invoice import Invoice, InvoiceId, Standing
from solvent.invoicing.number import number_text
from solvent.invoicing.profile import Profile
from solvent.invoicing.tax import Tax
from solvent.ledger.account import REVENUE_OVERAGE, unbilled
from solvent.values.errors import Conflict, Invalid, NotFound
from solvent.values.instant import instant
from solvent.values.money import Money

NOW_US = instant("2026-11-27T09:00:00+09:00", "now")


def won(amount: int) -> Money:
    return Money(amount * 10**7, "KRW")


def act(key: str, at_us: int = NOW_US) -> Act:
    return Act("key_1", key, key, at_us)


def issue(connection: Connection) -> Invoice:
    return invoice_store.issue(connection, draft(line(29_000), line(1_000)), NOW_US)


def standing_of(id: InvoiceId) -> Callable[[Connection], Standing]:
    return lambda connection: store.invoice_by_id(connection, id)[1]


def test_a_credit_note_is_issued_once_for_each_act(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            invoice = await database.write(issue)
            part = [Part(2, won(400))]
            notes = [await credit_note(invoice.id, part, "실수", database, act("a")) for _ in range(2)]
            assert notes[0] == notes[1]
            assert (number_text(notes[0].number), notes[0].remark) == ("CN-2026-000001", "실수")
            rest = await credit_note(invoice.id, None, "", database, act("b"))
            assert rest.total == Money(-29_600 * 10**7, "KRW")
            with pytest.raises(Conflict):
                await credit_note(invoice.id, None, "", database, act("c"))
            with pytest.raises(NotFound):
                await credit_note(InvoiceId("inv_0"), None, "", database, act("d"))
            with pytest.raises(Conflict, match="credit its invoice"):
                await credit_note(rest.id, None, "", database, act("e"))
            assert (await database.read(standing_of(invoice.id))).credited == 30_000 * 10**7

    asyncio.run(live())


def test_a_payment_into_the_bank_is_recorded_once(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            invoice = await database.write(issue)
            for _ in range(2):
                assert await record_payment(invoice.id, won(10_000), database, act("a")) == won(10_000)
            assert await record_payment(invoice.id, None, database, act("b")) == won(20_000)
            with pytest.raises(Conflict, match="nothing of this invoice is due"):
                await record_payment(invoice.id, None, database, act("c"))
            assert await database.read(standing_of(invoice.id)) == Standing(paid=30_000 * 10**7)

    asyncio.run(live())


def test_usage_on_account_is_invoiced_once_for_each_act(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:

            def use(connection: Connection) -> None:
                Teller(connection).book(unbilled(CUSTOMER), REVENUE_OVERAGE, 1_234 * 10**7 + 5, NOW_US)

            await database.write(use)
            used = [("큰 모델", 3, 1_000 * 10**7)]
            first = await invoice_usage(CUSTOMER, "KRW", used, 0, 14, database, act("a"))
            assert first is not None
            assert [part.total.grains for part in first.lines] == [1_000 * 10**7, 234 * 10**7]
            assert (first.due_us - NOW_US, first.lines[0].quantity) == (14 * DAY_US, 3)
            assert await invoice_usage(CUSTOMER, "KRW", used, 0, 14, database, act("a")) == first
            assert await invoice_usage(CUSTOMER, "KRW", (), 0, 14, database, act("b")) is None

    asyncio.run(live())


def test_a_profile_is_checked_dated_and_for_documents_to_come(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            before = await database.write(issue)
            given = Profile(customer=CUSTOMER, legal_name=" 다리 ", registration_number="124-81-00998")
            kept = await set_profile(given, database, act("a"))
            assert (kept.legal_name, kept.registration_number, kept.since_us) == ("다리", "1248100998", NOW_US)
            again = await set_profile(msgspec.structs.replace(kept, since_us=3), database, act("b", NOW_US + 9))
            assert again == kept, "nothing changed, so nothing is dated anew"
            wrong = msgspec.structs.replace(given, registration_number="1")
            with pytest.raises(Invalid, match="no Korean business number"):
                await set_profile(wrong, database, act("c"))
            net = msgspec.structs.replace(given, tax=Tax("exclusive", 100))
            await set_profile(net, database, act("d", NOW_US + 10))
            old, _ = await database.read(lambda c: store.invoice_by_id(c, before.id))
            assert old.profile.legal_name == ""
            assert (await database.read(lambda c: store.profile_at(c, CUSTOMER, NOW_US + 9))).tax == Tax()
            assert (await database.read(lambda c: store.profile_at(c, CUSTOMER, NOW_US + 10))).tax == net.tax

    asyncio.run(live())


def test_the_books_of_an_open_month_balance_too(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            invoice = await database.write(issue)
            await record_payment(invoice.id, won(10_000), database, act("a"))
            (books,) = await month_books(202611, database)
            sheet = {entry.account: entry.grains for entry in books.balance_sheet}
            assert (books.is_closed, books.profit) == (False, 0)
            assert sheet == {
                "cash:bank": 10_000 * 10**7, "receivable:invoices": 20_000 * 10**7, "deferred": 27_273 * 10**7,
                "vat:payable": 2_727 * 10**7,
            }  # fmt: skip
            (later,) = await month_books(202612, database)
            assert [entry.grains for entry in later.balance_sheet] == list(sheet.values())
            assert await month_books(202610, database) == []

    asyncio.run(live())
