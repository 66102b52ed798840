"""The table of seats: which users of a customer have one. The first who ask take them, until somebody frees them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Table, Text, delete, insert, select

from solvent.billing.subscription import Subscription
from solvent.db.tables import metadata
from solvent.values.ids import CustomerId

seats = Table(
    "seats",
    metadata,
    Column("customer", Text, primary_key=True),
    Column("user", Text, primary_key=True),
    Column("since_us", BigInteger, nullable=False),
)


def users_of(connection: Connection, customer: CustomerId) -> list[tuple[str, int]]:
    """The users who took a seat and since when, the first first. As many of them sit as there are seats."""
    mine = select(seats.c.user, seats.c.since_us).where(seats.c.customer == customer)
    return [(row.user, row.since_us) for row in connection.execute(mine.order_by(seats.c.since_us, seats.c.user))]


def take_seat(connection: Connection, subscription: Subscription, user: str, now_us: int) -> bool:
    """Whether a user of a plan with seats has one; takes one that is free for a user who comes for the first time.

    When there are fewer seats than before, those who took theirs first keep them.
    """
    taken = [name for name, _ in users_of(connection, subscription.customer)]
    if user in taken:
        return taken.index(user) < subscription.seats
    if len(taken) >= subscription.seats:
        return False
    connection.execute(insert(seats).values(customer=subscription.customer, user=user, since_us=now_us))
    return True


def free_seat(connection: Connection, customer: CustomerId, user: str) -> bool:
    """Take a user's seat away; the next who asks may take it. Returns whether they had one."""
    mine = delete(seats).where(seats.c.customer == customer, seats.c.user == user)
    return connection.execute(mine).rowcount > 0
