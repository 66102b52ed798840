"""Another VAT treatment is taken only when no money, and no use, would be taxed twice or not at all."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import Connection
from tests.billing.months import Teller, close, nothing_used
from tests.billing.subscribers import KIM, Books, act, at, story
from tests.db.opened import Place

from solvent.billing.close_month import close_month
from solvent.identity.caller import Customer
from solvent.identity.store import add_customer
from solvent.invoicing.profile import EVERYBODY, Profile
from solvent.invoicing.tax import Tax
from solvent.ledger.account import REVENUE_OVERAGE, unbilled, wallet
from solvent.ledger.store import append
from solvent.ledger.transfer import hold, void
from solvent.office.change_profile import change_profile
from solvent.values.errors import Conflict
from solvent.values.ids import CustomerId, TransferId
from solvent.values.money import Money

JUNE, DAY_US, WON = at("2026-06-01T00:00:00"), 86_400_000_000, 10**7
INSIDE, ADDED, ABROAD = Tax("inclusive", 100), Tax("exclusive", 100), Tax("none", 0)
PURSE = wallet(KIM)


async def _change(books: Books, tax: Tax, at_us: int, customer: CustomerId = KIM) -> None:
    await change_profile(Profile(customer=customer, tax=tax), act(at_us), books.database)


async def _refused(books: Books, tax: Tax, at_us: int, word: str, customer: CustomerId = KIM) -> None:
    with pytest.raises(Conflict, match=word) as refused:
        await _change(books, tax, at_us, customer)
    assert (refused.value.code, refused.value.param) == ("tax_in_use", "treatment")


async def _book(books: Books, debit: str, credit: str, won: int, at_us: int) -> None:
    await books.database.write(lambda c: Teller(c).book(debit, credit, won * WON, at_us))


async def _answer(books: Books, won: int, at_us: int) -> None:
    def work(connection: Connection) -> None:
        teller = Teller(connection)
        teller.count = at_us % 100_000
        teller.answer(PURSE, won * WON, at_us)

    await books.database.write(work)


@pytest.mark.parametrize(("was", "becomes"), [(INSIDE, ADDED), (ADDED, INSIDE), (ABROAD, ADDED), (ADDED, ABROAD)])
def test_money_in_the_wallet_stays_taxed_as_it_came(place: Place, was: Tax, becomes: Tax) -> None:
    async def live(books: Books) -> None:
        await _change(books, was, JUNE)
        await _book(books, "cash:bank", PURSE, 10_000, JUNE + 1)
        await _refused(books, becomes, JUNE + 2, "10000 KRW")
        await _refused(books, becomes, at("2026-07-01T00:00:00"), "refund it or let it be used up")
        await _book(books, PURSE, "cash:bank", 10_000, JUNE + 3)
        await _change(books, becomes, JUNE + 4)  # refunded is not used: it may change in the same month

    story(place, live)


def test_money_that_an_answer_holds_is_in_the_wallet(place: Place) -> None:
    async def live(books: Books) -> None:
        held = hold(TransferId("h"), JUNE + 2, PURSE, "revenue:answers", Money(WON, "KRW"), JUNE + DAY_US, "ans")

        def fill(connection: Connection) -> None:
            Teller(connection).book("cash:bank", PURSE, WON, JUNE + 1)
            append(connection, [held])

        await books.database.write(fill)
        await _refused(books, ADDED, JUNE + 3, "has 1 KRW")
        await books.database.write(lambda c: append(c, [void(held, JUNE + 4)]))

    story(place, live)


@pytest.mark.parametrize("becomes", [ADDED, ABROAD, Tax("reverse_charge", 100), Tax("inclusive", 0)])
def test_what_was_used_this_month_keeps_its_vat(place: Place, becomes: Tax) -> None:
    async def live(books: Books) -> None:
        july = at("2026-07-01T00:00:00")
        number = Profile(customer=KIM, tax=becomes, registration_number="1234567891")
        await _book(books, "cash:bank", PURSE, 11_000, JUNE + 1)
        await _answer(books, 11_000, JUNE + 6 * DAY_US)
        with pytest.raises(Conflict, match="at the start of a month"):
            await change_profile(number, act(JUNE + 29 * DAY_US), books.database)
        await change_profile(number, act(july), books.database)
        await close(books.database, 202606, july + DAY_US)
        assert await books.balance("vat:payable") == 1_000 * WON

    story(place, live)


def test_money_that_was_not_taxed_yet_may_stay_where_it_never_is(place: Place) -> None:
    """Who moves abroad, or comes from there, with money in the wallet: VAT is owed on what is used, when it is used."""

    async def live(books: Books) -> None:
        july = at("2026-07-01T00:00:00")
        await _book(books, "cash:bank", PURSE, 22_000, JUNE + 1)
        await _change(books, ABROAD, JUNE + 2)
        await _answer(books, 11_000, JUNE + DAY_US)
        await _refused(books, INSIDE, JUNE + 2 * DAY_US, "this month")
        await _change(books, INSIDE, july)
        await _answer(books, 11_000, july + 1)
        await close(books.database, 202606, july + DAY_US)
        assert await books.balance("vat:payable") == 0
        august = at("2026-08-02T00:00:00")
        await close_month(202607, "KRW", nothing_used, books.database, act(august))
        assert await books.balance("vat:payable") == 1_000 * WON

    story(place, live)


def test_use_on_account_keeps_the_treatment_of_its_month(place: Place) -> None:
    async def live(books: Books) -> None:
        await _book(books, unbilled(KIM), REVENUE_OVERAGE, 500, JUNE + 1)
        await _refused(books, ABROAD, JUNE + 2, "this month")
        await _refused(books, ADDED, JUNE + 2, "this month")
        await _change(books, ABROAD, at("2026-07-01T00:00:00"))

    story(place, live)


def test_what_changes_no_vat_may_change_at_any_time(place: Place) -> None:
    async def live(books: Books) -> None:
        await _book(books, "cash:bank", PURSE, 22_000, JUNE + 1)
        await _answer(books, 11_000, JUNE + 2)
        for tax in (Tax("inclusive", 120), Tax("inclusive", 100, "line"), INSIDE):
            await _change(books, tax, JUNE + DAY_US)

    story(place, live)


def test_everybody_is_whoever_has_no_profile(place: Place) -> None:
    """Here Kim has money and no profile; with one of her own, what everybody's says does not touch her."""

    async def live(books: Books) -> None:
        for number in range(3):
            other = CustomerId(f"cus_a{number}")
            await books.database.write(partial(add_customer, customer=Customer(other, "A", "", 0)))
        await _book(books, "cash:bank", PURSE, 1_000, JUNE + 1)
        await _refused(books, ADDED, JUNE + 2, KIM, EVERYBODY)
        await _change(books, INSIDE, JUNE + 3)
        await _change(books, ADDED, JUNE + 4, EVERYBODY)

    story(place, live)
