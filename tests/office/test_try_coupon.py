"""Trying coupons, on both databases: what many at once gain by it."""

from __future__ import annotations

import asyncio

from tests.db.opened import Place
from tests.office.acts import NOW_US, opened_customer

from solvent.office.try_coupon import try_coupon
from solvent.values.errors import NotFound, Refused
from solvent.values.limits import COUPON_FAILURES_MAX


def test_many_who_guess_at_once_guess_no_more_often(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            kim = (await opened_customer(database)).customer.id
            tries = [
                try_coupon(kim, f"GUESS-{n}", "", "10.0.0.1", database, NOW_US) for n in range(2 * COUPON_FAILURES_MAX)
            ]
            told = await asyncio.gather(*tries, return_exceptions=True)
            assert sum(isinstance(one, NotFound) for one in told) == COUPON_FAILURES_MAX
            assert {one.code for one in told if isinstance(one, Refused)} == {"too_many_coupons"}

    asyncio.run(story())
