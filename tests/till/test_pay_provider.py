"""Paying providers: the debt of the books goes, the bank loses what it lost, and the rate's difference is its own."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection
from tests.billing.months import Teller
from tests.db.opened import Place

from solvent.audit.act import Act
from solvent.ledger import store
from solvent.ledger.account import FX_DIFFERENCE, api_cost, api_payable
from solvent.ledger.balance import all_months, movements
from solvent.pricing.exchange import exchange
from solvent.till.pay_provider import pay_provider
from solvent.till.provider_payment import at_rate, payment_postings
from solvent.values.errors import Conflict, Invalid
from solvent.values.ids import TransferId
from solvent.values.money import Money

GRAINS = st.integers(1, 10**16)
RATE = exchange("USD", "KRW", "1400.00", "2026-12-01", "bank", "here")


@given(GRAINS, GRAINS)
def test_the_debt_goes_and_the_bank_loses_exactly_what_left_it(clears: int, left: int) -> None:
    rows = payment_postings(TransferId("pay_1"), "openai", Money(clears, "KRW"), Money(left, "KRW"), "bank", 5)
    sums = all_months(movements(rows, lambda _: 0))
    net = {account: moved.debits - moved.credits for (account, _), moved in sums.items()}
    assert net.get(api_payable("openai")) == clears
    assert net.get("cash:bank") == -left
    assert net.get(FX_DIFFERENCE, 0) == left - clears
    assert all(row.grains > 0 for row in rows)


def test_a_rate_is_needed_and_gives_whole_won() -> None:
    assert at_rate(Money(10**9, "USD"), "KRW", RATE) == Money(1_400 * 10**7, "KRW")
    assert at_rate(Money(12_345, "KRW"), "KRW", None) == Money(12_345, "KRW")
    assert at_rate(Money(1_234_567, "USD"), "KRW", RATE).grains % 10**7 == 0
    for wrong in (None, exchange("EUR", "KRW", "1", "2026-12-01", "", "here")):
        with pytest.raises(Invalid, match="the rate the bank took"):
            at_rate(Money(10**9, "USD"), "KRW", wrong)


def test_what_the_rate_made_of_a_debt_is_booked_once(place: Place) -> None:
    def act(key: str) -> Act:
        return Act("key_1", key, key, 7)

    def owe(connection: Connection) -> None:
        Teller(connection).book(api_cost("openai"), api_payable("openai"), 138_550 * 10**7, 5)

    async def live() -> None:
        async with place.opened() as database:
            await database.write(owe)
            for _ in range(2):
                done = await pay_provider(
                    "openai", Money(60 * 10**9, "USD"), "KRW", RATE, Money(83_130 * 10**7, "KRW"), database, act("a")
                )
            assert (done.left, done.difference) == (Money(84_000 * 10**7, "KRW"), Money(870 * 10**7, "KRW"))
            rest = await pay_provider("openai", Money(39 * 10**9, "USD"), "KRW", RATE, None, database, act("b"))
            assert (rest.cleared, rest.difference) == (Money(55_420 * 10**7, "KRW"), Money(-820 * 10**7, "KRW"))
            with pytest.raises(Conflict, match="is owed 0 KRW"):
                await pay_provider("openai", Money(10**9, "USD"), "KRW", RATE, None, database, act("c"))
            kept = await database.read(lambda c: store.balances_at(c, (FX_DIFFERENCE, "cash:bank")))
            difference, cash = kept[FX_DIFFERENCE, "KRW"], kept["cash:bank", "KRW"]
            assert difference.debits - difference.credits == 50 * 10**7
            assert cash.credits - cash.debits == 138_600 * 10**7

    asyncio.run(live())
