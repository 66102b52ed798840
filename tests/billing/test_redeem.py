"""Coupons in customers' hands: taken once, by as many as may, taking off what they say for as long as they say."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from tests.billing.subscribers import KIM, Books, act, at, pots, story, totals, won
from tests.db.opened import Place

from solvent.billing import coupon_store
from solvent.billing.add_coupon import add_coupon
from solvent.billing.coupon import FOR_EVER, Coupon
from solvent.billing.redeem import redeem
from solvent.ledger.account import wallet
from solvent.values.errors import Conflict, NotFound, Refused
from solvent.values.ids import CustomerId

JUNE = at("2026-06-01T00:00:00")
DAY = 86_400 * 10**6


def coupon(code: str, **changes: object) -> Coupon:
    whole: dict[str, object] = {
        "code": code, "what": "percent", "permille": 500, "grains": 0, "currency": "", "periods": 1,
        "valid_days": 0, "from_us": 0, "until_us": 2**62, "redemptions_most": 0, "plans": "",
    }  # fmt: skip
    return msgspec.convert(whole | changes, Coupon)


async def add(books: Books, *coupons: Coupon) -> None:
    for one in coupons:
        await add_coupon(one, act(1), books.database)


def test_a_code_is_added_once(place: Place) -> None:
    async def tell(books: Books) -> None:
        made, is_new = await add_coupon(coupon("half off"), act(1, "k"), books.database)
        assert (made.code, is_new) == ("HALFOFF", True)
        assert not (await add_coupon(coupon("half off"), act(1, "k"), books.database))[1]
        with pytest.raises(Conflict) as caught:
            await add_coupon(coupon("HALFOFF"), act(1), books.database)
        assert caught.value.code == "coupon_exists"
        assert await books.database.read(lambda c: coupon_store.coupons_page(c, "", 9)) == [(made, 0)]

    story(place, tell)


def test_it_takes_off_from_the_next_period_on_as_often_as_it_says(place: Place) -> None:
    async def tell(books: Books) -> None:
        await add(books, coupon("TWICE", periods=2), coupon("ALWAYS", permille=100, periods=FOR_EVER))
        await books.subscribe("plus", JUNE)
        await redeem(KIM, "twice", act(JUNE + 1), books.database)
        await redeem(KIM, "always", act(JUNE + 2), books.database)
        await books.renew(at("2026-10-15T00:00:00"))
        assert totals(await books.invoices()) == [9_900, 4_950, 4_950, 8_910, 8_910], "one after the other"

    story(place, tell)


def test_it_waits_for_a_plan_that_it_fits_and_that_costs_something(place: Place) -> None:
    async def tell(books: Books) -> None:
        await add(books, coupon("PRO", plans="pro pro-year"))
        await books.subscribe("free", JUNE)
        with pytest.raises(Refused) as caught:
            await redeem(KIM, "pro", act(JUNE), books.database)
        assert caught.value.code == "coupon_does_not_fit"
        await books.subscribe("pro", JUNE, coupon="pro")
        assert totals(await books.invoices()) == [14_500]

    story(place, tell)


def test_in_the_middle_of_a_period_it_goes_on_where_it_fits(place: Place) -> None:
    async def tell(books: Books) -> None:
        await add(books, coupon("PLUS", plans="plus"), coupon("ALL", periods=FOR_EVER))
        await books.subscribe("plus", JUNE, coupon="PLUS")
        half = at("2026-06-16T00:00:00")
        assert (await books.change("pro", half)).due == won(14_500 - 2_475)
        await books.renew(at("2026-07-01T00:00:00"))
        assert (await books.current()).price_grains == won(29_000).grains
        await redeem(KIM, "ALL", act(half), books.database)
        await books.renew(at("2026-08-01T00:00:00"))
        assert (await books.current()).price_grains == won(14_500).grains

    story(place, tell)


def test_a_price_that_a_coupon_takes_off_whole_needs_no_invoice(place: Place) -> None:
    async def tell(books: Books) -> None:
        await add(books, coupon("GRATIS", permille=1000))
        done = await books.subscribe("plus", JUNE, coupon="gratis", pays="card")
        assert (done.subscription.state, done.due, done.invoice) == ("active", won(0), "")
        assert await books.left() == {"answers": 300}

    story(place, tell)


def test_only_so_many_take_it_however_much_at_once(place: Place) -> None:
    async def tell(books: Books) -> None:
        await add(books, coupon("FIRST3", redemptions_most=3))
        crowd = [await books.customer(CustomerId(f"cus_{n}")) for n in range(8)]
        for customer in crowd:
            await books.subscribe("plus", JUNE, customer)

        async def attempt(customer: CustomerId) -> bool:
            try:
                await redeem(customer, "FIRST3", act(JUNE), books.database)
            except Refused:
                return False
            return True

        assert sum(await asyncio.gather(*map(attempt, crowd))) == 3

    story(place, tell)


def test_a_gift_goes_into_the_wallet_or_expires(place: Place) -> None:
    async def tell(books: Books) -> None:
        gift = {"what": "gift", "grains": won(3_000).grains, "currency": "KRW"}
        await add(books, coupon("STAYS", **gift), coupon("ENDS", valid_days=7, **gift))
        await redeem(KIM, "stays", act(JUNE), books.database)
        assert await books.balance(wallet(KIM)) == won(3_000).grains
        await redeem(KIM, "ends", act(JUNE), books.database)
        assert [pot.kind for pot in await pots(books, JUNE + 7 * DAY - 1)] == ["grant", "wallet"]
        assert [pot.kind for pot in await pots(books, JUNE + 7 * DAY)] == ["wallet"]
        for code, error in (("stays", Conflict), ("nothing", NotFound)):
            with pytest.raises(error):
                await redeem(KIM, code, act(JUNE), books.database)
        assert await books.balance(wallet(KIM)) == won(3_000).grains

    story(place, tell)
