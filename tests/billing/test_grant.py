"""Grants: given once for each key, however often and however much at once they are asked for; some expire."""

from __future__ import annotations

import asyncio

import pytest
from tests.billing.subscribers import KIM, Books, story, won
from tests.db.opened import Place

from solvent.audit.act import Act, fingerprint
from solvent.billing.expire_pots import expire_pots
from solvent.billing.grant import grant
from solvent.billing.grant_store import GRANT_UNITS_MAX
from solvent.ledger.account import CUSTOMER_GRANTS, grant_account, wallet
from solvent.ledger.pot_store import pots_of
from solvent.values.errors import Conflict, Invalid, NotFound
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US
from solvent.values.limits import GRAINS_MAX
from solvent.values.money import Money, money

TEN = money("10", "KRW")
LEE = CustomerId("cus_lee")


def asked(key: str, amount: Money = TEN, now_us: int = 1) -> Act:
    """A request, told apart from others by its amount."""
    return Act("key_op", key, fingerprint(amount.grains, amount.currency), now_us)


async def give(books: Books, amount: Money, key: str, customer: CustomerId = KIM, now_us: int = 1) -> bool:
    """Whether the money is new."""
    return (await grant(customer, amount, asked(key, amount, now_us), books.database))[1]


def test_a_grant_is_given_once_for_each_key(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.customer(LEE)
        assert [await give(books, TEN, "k", now_us=n) for n in (1, 2, 3)] == [True, False, False]
        assert await give(books, TEN, "other")
        assert await give(books, TEN, "third", LEE)
        assert await books.balance(wallet(KIM)) == 2 * TEN.grains
        assert await books.balance(wallet(LEE)) == TEN.grains
        assert await books.balance(CUSTOMER_GRANTS) == -3 * TEN.grains
        many = await asyncio.gather(*(give(books, TEN, "at once", now_us=n) for n in range(1, 30)))
        assert many.count(True) == 1
        assert await books.balance(wallet(KIM)) == 3 * TEN.grains

    story(place, tell)


@pytest.mark.parametrize("other", [money("11", "KRW"), Money(TEN.grains, "USD"), money("0.0000001", "KRW")])
def test_another_amount_under_the_same_key_is_a_conflict_and_gives_nothing(place: Place, other: Money) -> None:
    async def tell(books: Books) -> None:
        await give(books, TEN, "k")
        with pytest.raises(Conflict) as caught:
            await give(books, other, "k")
        assert caught.value.code == "idempotency_key_conflict"
        assert await books.balance(wallet(KIM)) == TEN.grains
        assert await books.balance(wallet(KIM), "USD") == 0

    story(place, tell)


MOST = money(GRANT_UNITS_MAX, "KRW")


@pytest.mark.parametrize("grains", [0, -1, MOST.grains + 1, 10**30])
def test_nothing_less_than_nothing_and_too_much_are_refused(place: Place, grains: int) -> None:
    async def tell(books: Books) -> None:
        with pytest.raises(Invalid) as caught:
            await give(books, Money(grains, "KRW"), "k")
        assert (caught.value.code, caught.value.param) == ("bad_amount", "amount")
        assert await books.balance(CUSTOMER_GRANTS) == 0

    story(place, tell)


def test_the_smallest_and_the_largest_are_given(place: Place) -> None:
    async def tell(books: Books) -> None:
        assert await give(books, Money(1, "KRW"), "least")
        assert await give(books, MOST, "most")
        assert await books.balance(wallet(KIM)) == MOST.grains + 1

    story(place, tell)


def test_nobody_unknown_is_given_anything(place: Place) -> None:
    async def tell(books: Books) -> None:
        with pytest.raises(NotFound):
            await give(books, TEN, "k", CustomerId("cus_nobody"))
        assert await books.balance(CUSTOMER_GRANTS) == 0

    story(place, tell)


def test_no_grant_takes_the_books_beyond_what_their_columns_hold(place: Place) -> None:
    """Past 64 bits SQLite would turn the balance into a float."""
    most = money(GRANT_UNITS_MAX, "USD")

    async def tell(books: Books) -> None:
        fits = GRAINS_MAX // most.grains
        for n in range(fits):
            assert await give(books, most, str(n))
        with pytest.raises(Invalid) as caught:
            await give(books, most, "one more")
        assert caught.value.code == "amount_too_large"
        assert await books.balance(wallet(KIM), "USD") == fits * most.grains

    story(place, tell)


def test_a_gift_that_expires_is_a_pot_of_its_own_and_only_what_is_spent_was_given(place: Place) -> None:
    async def tell(books: Books) -> None:
        for past_us in (0, 1, -5):
            with pytest.raises(Invalid) as caught:
                await grant(KIM, TEN, asked(f"past{past_us}"), books.database, expires_us=past_us)
            assert (caught.value.code, caught.value.param) == ("bad_expiry", "expires")
        id, is_new = await grant(KIM, TEN, asked("gift"), books.database, expires_us=100)
        assert is_new
        assert await grant(KIM, TEN, asked("gift"), books.database, expires_us=100) == (id, False)
        pots = await books.database.read(lambda connection: pots_of(connection, KIM))
        (pot,) = (pot for pot in pots if pot.kind == "grant")
        assert (pot.opens_us, pot.expires_us, pot.unit) == (1, 100, "KRW")
        assert pot.account.startswith(grant_account(KIM, ""))
        assert await books.balance(wallet(KIM)) == 0
        await books.use("gift", won(4).grains, 50)
        assert await expire_pots(books.database, 99) == 0
        assert await expire_pots(books.database, 100) == 1
        assert await expire_pots(books.database, NEVER_US) == 0
        assert await books.balance(pot.account) == 0
        assert await books.balance(CUSTOMER_GRANTS) == -won(4).grains

    story(place, tell)
