"""Usage on account whose VAT cannot be reckoned waits, and somebody is told."""

from __future__ import annotations

import asyncio
import json

from sqlalchemy import Connection
from tests.billing.months import DEC_1, DECEMBER, JAN_1, KIM, NOVEMBER, Teller, close, nothing_used, one_of_everything
from tests.db.opened import Place
from tests.invoicing.drafts import DAY_US

from solvent.audit.alarm_store import newest_alarms
from solvent.billing import close_store
from solvent.billing.awaiting_rate_store import Awaiting, awaiting_rate
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.profile import Profile
from solvent.invoicing.store import set_profile
from solvent.invoicing.tax import Tax
from solvent.ledger.account import REVENUE_OVERAGE, unbilled
from solvent.ledger.store import balances_at
from solvent.pricing import exchange_store
from solvent.pricing.exchange import Exchange
from solvent.values.money import Money


def test_usage_that_cannot_be_invoiced_is_told_once_a_month(place: Place) -> None:
    def use_more(connection: Connection) -> None:
        teller = Teller(connection)
        teller.open_pot(f"overage:{KIM}:1", "overage", "KRW.ON-ACCOUNT", KIM, 10**13, DEC_1 + 1)
        teller.book(unbilled(KIM), REVENUE_OVERAGE, 10**7, DEC_1 + 9)

    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: one_of_everything(c, KIM))
            german = Profile(customer=KIM, country="DE", tax=Tax("exclusive", 190), vat_currency="EUR")
            await database.write(lambda c: set_profile(c, german))
            now_us = DEC_1 + DAY_US
            await database.write(lambda c: close_store.begin(c, NOVEMBER, now_us))
            made, _ = await database.read(lambda c: close_store.statements_after(c, NOVEMBER, "", "KRW", nothing_used))
            await database.write(lambda c: close_store.keep_statements(c, NOVEMBER, made))
            for _ in range(2):
                await database.write(lambda c: close_store.invoice_usage(c, NOVEMBER, "", now_us, now_us))
            await close(database, NOVEMBER, now_us)
            (raised,) = await database.read(lambda c: newest_alarms(c, 0))
            assert (raised.kind, raised.subject, raised.at_us) == ("usage_not_invoiced", KIM, now_us)
            assert json.loads(raised.words) == {
                "month": NOVEMBER, "amount": "333.0000005", "currency": "KRW", "vat_currency": "EUR",
            }  # fmt: skip
            assert await database.read(lambda c: invoicing_store.invoices_between(c, 0, JAN_1)) == []
            waits = [Awaiting(Money(333 * 10**7 + 5, "KRW"), DEC_1 - 1, "EUR")]
            assert await database.read(lambda c: awaiting_rate(c, KIM)) == waits
            await database.write(use_more)
            assert await database.read(lambda c: awaiting_rate(c, KIM)) == waits, "the open month waits for its end"
            await close(database, DECEMBER, JAN_1 + DAY_US)
            again, _ = await database.read(lambda c: newest_alarms(c, 0))
            assert json.loads(again.words) == json.loads(raised.words) | {"month": DECEMBER, "amount": "334.0000005"}

    asyncio.run(live())


def test_what_waited_is_invoiced_when_there_is_a_rate_also_of_who_uses_nothing_any_more(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: one_of_everything(c, KIM))
            german = Profile(customer=KIM, country="DE", tax=Tax("exclusive", 190), vat_currency="EUR")
            await database.write(lambda c: set_profile(c, german))
            assert await database.read(lambda c: awaiting_rate(c, KIM)) == [], "no month is closed"
            await close(database, NOVEMBER, DEC_1 + DAY_US)
            rate = Exchange("KRW", "EUR", 6, 10_000, 0, "a bank")
            await database.write(lambda c: exchange_store.keep_exchanges(c, [rate]))
            for _ in range(2):
                await close(database, DECEMBER, JAN_1 + DAY_US)
            ((invoice, _),) = await database.read(lambda c: invoicing_store.invoices_between(c, 0, JAN_1))
            assert (invoice.supply, invoice.total) == (Money(333 * 10**7, "KRW"), Money(396 * 10**7, "KRW"))
            assert invoice.issued_us == JAN_1 - 1
            assert await database.read(lambda c: awaiting_rate(c, KIM)) == []
            left = (await database.read(lambda c: balances_at(c, (unbilled(KIM),))))[unbilled(KIM), "KRW"]
            assert left.debits - left.credits == 5

    asyncio.run(live())
