"""Operations on seats: which users of a customer have one, and to take one away."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from solvent.billing import seat_store, subscription_store
from solvent.billing.unseat_user import unseat_user
from solvent.console.operation import Asked, Nothing, Operation, reading
from solvent.db.port import Connection
from solvent.identity.store import known_customer
from solvent.values.ids import CustomerId
from solvent.values.instant import iso
from solvent.values.limits import NAME_CHARACTERS_MAX


class SeatBody(msgspec.Struct, kw_only=True):
    """A user who took a seat. is_seated: whether there are still seats for so many."""

    user: str
    since: str
    is_seated: bool


class SeatsBody(msgspec.Struct, kw_only=True):
    """The users of a customer who took seats, the first first. seats: how many there are."""

    object: Literal["list"] = "list"
    seats: int
    data: list[SeatBody]


class Seated(msgspec.Struct, forbid_unknown_fields=True):
    """Whose seat."""

    user: Annotated[str, Meta(description="the user, as requests name them", max_length=NAME_CHARACTERS_MAX)]


class FreedBody(msgspec.Struct, kw_only=True):
    """Whose seat is free now."""

    object: Literal["seat.freed"] = "seat.freed"
    user: str


async def seats(asked: Asked[Nothing, Nothing]) -> SeatsBody:
    """List the users of a customer who took seats."""
    id = CustomerId(asked.path["customer"])

    def look(connection: Connection) -> SeatsBody:
        known_customer(connection, id)
        current = subscription_store.current(connection, id)
        count = current.seats if current else 0
        users = seat_store.users_of(connection, id)
        return SeatsBody(
            seats=count,
            data=[
                SeatBody(user=user, since=iso(since_us), is_seated=place < count)
                for place, (user, since_us) in enumerate(users)
            ],
        )

    return await asked.business.database.read(look)


async def free(asked: Asked[Nothing, Seated]) -> FreedBody:
    """Take a user's seat away, so that another may take it."""
    customer = CustomerId(asked.path["customer"])
    user, _ = await unseat_user(customer, asked.body.user, asked.act, asked.business.database)
    return FreedBody(user=user)


_ONE: Final = "/v1/customers/{customer}/seats"
LIST = reading(_ONE, "subscriptions.read", seats, Nothing, SeatsBody)
FREE = Operation("POST", f"{_ONE}/free", "subscriptions.write", free, Nothing, Seated, FreedBody, is_money=True)
OPERATIONS = (LIST, FREE)
