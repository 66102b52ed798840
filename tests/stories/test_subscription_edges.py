"""BILLING_CASES, "Subscriptions": short months, leap years, clocks that change, and the edge to the microsecond."""

from __future__ import annotations

import pytest
from tests.billing.subscribers import Books, at, pots, story, totals, won
from tests.db.opened import Place

from solvent.values.errors import Conflict
from solvent.values.period import zone


@pytest.mark.parametrize(
    ("start", "ends"),
    [
        ("2027-01-31T09:00:00", ["2027-02-28T09:00:00", "2027-03-31T09:00:00", "2027-04-30T09:00:00"]),
        ("2028-01-31T09:00:00", ["2028-02-29T09:00:00", "2028-03-31T09:00:00"]),
    ],
)
def test_month_ends_and_leap_years(place: Place, start: str, ends: list[str]) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("plus", at(start))
        for n, end in enumerate(ends):
            assert (await books.current()).period_end_us == at(end)
            assert await books.renew(at(end) - 1) == 0
            assert await books.renew(at(end)) == 1
            assert (await books.current()).number == n + 1

    story(place, tell)


def test_a_year_from_the_29th_of_february(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("pro-year", at("2028-02-29T12:00:00"))
        for year in (2029, 2030, 2031, 2032):
            day = 29 if year % 4 == 0 else 28
            assert (await books.current()).period_end_us == at(f"{year}-02-{day}T12:00:00")
            assert await books.renew(at(f"{year}-03-01T00:00:00")) == 1

    story(place, tell)


def test_time_zones_with_daylight_saving(place: Place) -> None:
    """Half past two on the 8th does not exist in March in New York; nine o'clock stays nine all year."""

    async def tell(books: Books) -> None:
        await books.set_zone("America/New_York")
        start = at("2026-02-08T02:30:00-05:00")
        await books.subscribe("plus", start)
        now = await books.current()
        assert now.period_end_us == at("2026-03-08T03:30:00-04:00")
        await books.renew(now.period_end_us)
        assert (await books.current()).period_end_us == at("2026-04-08T02:30:00-04:00")
        assert zone(now.time_zone).key == "America/New_York"
        upgraded = await books.change("pro", at("2026-03-23T17:00:00-04:00"))
        length = at("2026-04-08T02:30:00-04:00") - at("2026-03-08T03:30:00-04:00")
        rest = at("2026-04-08T02:30:00-04:00") - at("2026-03-23T17:00:00-04:00")
        assert upgraded.due == won(round(29_000 * rest / length) - round(9_900 * rest / length))

    story(place, tell)


def test_the_clock_exactly_at_the_edge_of_a_period(place: Place) -> None:
    async def tell(books: Books) -> None:
        start, end = at("2026-06-01T00:00:00"), at("2026-07-01T00:00:00")
        await books.subscribe("plus", start)
        before, after = await pots(books, end - 1), await pots(books, end)
        assert [pot.kind for pot in before] == ["allowance", "wallet"]
        assert [pot.kind for pot in after] == ["wallet"], "at the edge the old period is over"
        with pytest.raises(Conflict) as caught:
            await books.change("pro", end)
        assert caught.value.code == "subscription_renewing"
        assert await books.renew(end) == 1
        assert [pot.opens_us for pot in await pots(books, end) if pot.kind == "allowance"] == [end]
        done = await books.change("pro", end)
        assert done.due == won(29_000 - 9_900), "a change at the first instant costs the whole difference"

    story(place, tell)


def test_an_upgrade_in_the_last_microsecond_costs_nothing(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("plus", at("2026-06-01T00:00:00"))
        done = await books.change("pro", at("2026-07-01T00:00:00") - 1, "now")
        assert (done.due, done.invoice) == (won(0), "")
        assert (await books.current()).plan == "pro"

    story(place, tell)


def test_periods_missed_while_nothing_ran_are_caught_up_one_by_one(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("plus", at("2026-01-31T00:00:00"))
        assert await books.renew(at("2026-05-03T00:00:00")) == 3
        now = await books.current()
        assert (now.number, now.period_end_us) == (3, at("2026-05-31T00:00:00"))
        assert totals(await books.invoices()) == [9_900] * 4
        assert await books.renew(at("2026-05-03T00:00:00")) == 0
        assert (await books.left(at_us=at("2026-05-03T00:00:00")))["answers"] == 350, "and one of them rolled over"

    story(place, tell)
