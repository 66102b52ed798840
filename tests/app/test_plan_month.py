"""A month under other terms: fees by the rules that bill them, and answers as the terms would have had them."""

from __future__ import annotations

from functools import partial

from tests.billing.subscribers import Books, act, at, story, won
from tests.db.opened import Place

from solvent.app.plan_month import Fees, fees_of
from solvent.billing.add_coupon import add_coupon
from solvent.billing.coupon import FOR_EVER, Coupon
from solvent.billing.plan import Plan, Seats, Trial, net_of
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US

MARCH = at("2026-03-01T00:00:00")
OLD = Plan(name="crew", price=won(11_000), seats=Seats(1, won(11_000), 9))
NEW = Plan(name="crew", price=won(22_000), seats=Seats(2, won(5_500), 9), trial=Trial(14))
YEARLY = Plan(name="crew", price=won(132_000), period="year", seats=Seats(1, won(132_000), 9))


def test_fees_count_seats_coupons_and_each_ones_own_version(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.publish(OLD)
        half = Coupon("HALF", "percent", 500, 0, "", FOR_EVER, 0, 0, NEVER_US, 0, "")
        await add_coupon(half, act(MARCH), books.database)
        for name, wish in (("one", {}), ("three", {"seats": 3}), ("half", {"coupon": "HALF"})):
            await books.subscribe("crew", MARCH, await books.customer(CustomerId(f"cus_{name}")), **wish)
        await books.publish(NEW, now_us=MARCH)
        await books.subscribe("crew", MARCH, await books.customer(CustomerId("cus_trial")))
        now = [won(11_000), won(33_000), won(5_500)]
        for then, asks in ((NEW, [won(22_000), won(27_500), won(11_000)]), (YEARLY, now)):
            found = await books.database.read(partial(fees_of, name="crew", then=then))
            nets = [sum(net_of(OLD, amount).grains for amount in amounts) for amounts in (now, asks)]
            assert (found.subscribers, found.now.grains) == (4, nets[0])
            assert abs(found.then.grains - nets[1]) <= 3, "a twelfth of a year is rounded once for each"
        assert isinstance(found, Fees)

    story(place, tell)
