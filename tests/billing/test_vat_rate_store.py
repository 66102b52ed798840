"""VAT that is owed in another currency: at the rate of the day, on every document, or refused before it matters."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection
from tests.billing.subscribers import KIM, Books, act, at, story
from tests.db.opened import Place

from solvent.app.config import InvoiceSettings
from solvent.app.default_profile import keep_default_profile
from solvent.billing.included import Included
from solvent.billing.plan import Plan
from solvent.billing.vat_rate_store import CURRENCY
from solvent.invoicing.profile import EVERYBODY, Profile
from solvent.invoicing.tax import Tax
from solvent.ledger.store import set_mark
from solvent.office.change_profile import change_profile
from solvent.pricing.exchange import exchange
from solvent.pricing.exchange_store import keep_exchanges, rate_at
from solvent.values.errors import Invalid
from solvent.values.ids import CustomerId
from solvent.values.money import Money, money

JUNE = at("2026-06-01T00:00:00")
JULY = at("2026-07-01T00:01:00")
LEE = CustomerId("cus_lee")
GERMAN = Profile(customer=LEE, country="DE", tax=Tax("exclusive", 190), vat_currency="EUR")


def test_the_newest_rate_that_is_in_force_is_found_exactly(place: Place) -> None:
    def work(connection: Connection) -> None:
        long = exchange("USD", "KRW", "1385.12345678901234567890", "2026-05-01", "bank", "here")
        keep_exchanges(connection, [long, exchange("USD", "KRW", "1400", "2026-06-15", "bank", "here")])
        keep_exchanges(connection, [exchange("USD", "KRW", "1401", "2026-06-15", "bank, corrected", "here"), long])
        assert rate_at(connection, "USD", "KRW", at("2026-04-30T00:00:00")) is None
        assert rate_at(connection, "KRW", "USD", JULY) is None
        assert rate_at(connection, "USD", "KRW", JUNE) == long
        newest = rate_at(connection, "USD", "KRW", JULY)
        assert newest is not None
        assert (newest.numerator, newest.denominator, newest.source) == (1401, 1, "bank, corrected")

    async def live() -> None:
        async with place.opened() as database:
            await database.write(work)

    asyncio.run(live())


def test_a_dollar_shop_owes_its_vat_in_won_at_the_rate_of_the_day(place: Place) -> None:
    async def tell(books: Books) -> None:
        kim = await books.customer(CustomerId("cus_j"), "USD")
        await books.publish(Plan(name="us", price=money("22", "USD"), included=(Included("answers", 10),)))
        settings = InvoiceSettings(tax_currency="KRW")
        with pytest.raises(Invalid, match="no exchange rate is known: add one under"):
            await books.database.write(lambda c: _starts(c, settings))
        rates = [exchange("USD", "KRW", rate, day, "bank", "here") for rate, day in RATES]
        await books.database.write(lambda c: keep_exchanges(c, rates))
        await books.database.write(lambda c: _starts(c, settings))
        await books.subscribe("us", JUNE, kim)
        assert await books.renew(JULY) == 1
        assert [(made.vat, made.vat_home) for made, _ in await books.invoices(kim)] == [
            (Money(2 * 10**9, "USD"), Money(2 * 1_400 * 10**7, "KRW")),
            (Money(2 * 10**9, "USD"), Money(2 * 1_500 * 10**7, "KRW")),
        ]

    story(place, tell)


RATES = (("1400", "2026-05-01"), ("1500", "2026-06-20"))


def _starts(connection: Connection, settings: InvoiceSettings) -> None:
    """What a start of the service does, with these settings."""
    set_mark(connection, CURRENCY, "USD")
    keep_default_profile(connection, settings, "USD", JUNE)


def test_who_is_taxed_in_another_currency_is_renewed_with_all_others(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.customer(LEE)
        await books.database.write(lambda c: set_mark(c, CURRENCY, "KRW"))
        for customer in (KIM, LEE):
            await books.subscribe("plus", JUNE, customer)
        with pytest.raises(Invalid, match="VAT would be owed in EUR on documents in KRW"):
            await change_profile(GERMAN, act(JUNE), books.database)
        await books.database.write(
            lambda c: keep_exchanges(c, [exchange("KRW", "EUR", "0.00062", "2026-05-01", "ECB", "here")])
        )
        await change_profile(GERMAN, act(JUNE), books.database)
        assert await books.renew(JULY) == 2
        untaxed = Profile(customer=EVERYBODY, tax=Tax("none", 0), vat_currency="USD")
        await change_profile(untaxed, act(JUNE), books.database)

    story(place, tell)
