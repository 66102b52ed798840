"""Seats: the first who ask take them, and nobody else's answers are stopped by it."""

from __future__ import annotations

import pytest
from tests.billing.subscribers import KIM, PLUS, Books, act, at, story
from tests.db.opened import Place

from solvent.billing import seat_store
from solvent.billing.plan import Plan, Seats
from solvent.billing.unseat_user import unseat_user
from solvent.values.errors import NotFound
from solvent.values.ids import CustomerId
from solvent.values.money import money

JUNE = at("2026-06-01T00:00:00")
TEAM = Plan(name="team", price=money("30000", "KRW"), seats=Seats(2, money("6000", "KRW"), 10))


async def asks(books: Books, user: str, now_us: int, customer: CustomerId = KIM) -> bool:
    """Whether a user may be answered."""
    current = await books.current(customer)
    return await books.database.write(lambda connection: seat_store.take_seat(connection, current, user, now_us))


def test_as_many_users_sit_as_there_are_seats(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.publish(TEAM, PLUS)
        await books.subscribe("team", JUNE)
        assert [await asks(books, user, JUNE + n) for n, user in enumerate(["ann", "bob", "ann", "cho"])] == [
            True, True, True, False,
        ]  # fmt: skip
        lee = await books.customer(CustomerId("cus_lee"))
        await books.subscribe("team", JUNE, lee)
        assert await asks(books, "cho", JUNE, lee), "another customer's seats are other seats"
        await books.change("team", JUNE + 10, seats=3)
        assert await asks(books, "cho", JUNE + 11)
        assert not await asks(books, "dan", JUNE + 12)
        assert await unseat_user(KIM, "bob", act(JUNE + 13, "k"), books.database) == ("bob", True)
        assert await unseat_user(KIM, "bob", act(JUNE + 13, "k"), books.database) == ("bob", False)
        assert await asks(books, "dan", JUNE + 14)
        assert not await asks(books, "bob", JUNE + 15)
        with pytest.raises(NotFound):
            await unseat_user(KIM, "bob", act(JUNE + 16), books.database)

    story(place, tell)


def test_when_seats_become_fewer_the_first_keep_theirs(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.publish(TEAM, PLUS)
        await books.subscribe("team", JUNE, seats=3)
        assert [await asks(books, user, JUNE + n) for n, user in enumerate("abc")] == [True] * 3
        await books.change("team", JUNE + 5, "now", seats=2)
        assert [await asks(books, user, JUNE + 6) for user in "abc"] == [True, True, False]
        await unseat_user(KIM, "a", act(JUNE + 7), books.database)
        assert await asks(books, "c", JUNE + 8)
        users = await books.database.read(lambda connection: seat_store.users_of(connection, KIM))
        assert users == [("b", JUNE + 1), ("c", JUNE + 2)]

    story(place, tell)
