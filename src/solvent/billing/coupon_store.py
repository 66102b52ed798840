"""The tables of coupons and of who took them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, func, insert, select

from solvent.billing.coupon import Coupon, Redemption
from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.values.errors import NotFound
from solvent.values.ids import CustomerId

coupons = Table(
    "coupons",
    metadata,
    Column("code", Text, primary_key=True),
    Column("what", Text, nullable=False),
    Column("permille", BigInteger, nullable=False),
    Column("grains", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    *(
        Column(name, BigInteger, nullable=False)
        for name in ("periods", "valid_days", "from_us", "until_us", "redemptions_most")
    ),
    Column("plans", Text, nullable=False),
)
redemptions = Table(
    "redemptions",
    metadata,
    Column("coupon", Text, primary_key=True),
    Column("customer", Text, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("periods_left", BigInteger, nullable=False),
    Index("ix_redemptions_customer", "customer"),
)

_PUT: Final = "ON CONFLICT (coupon, customer) DO UPDATE SET periods_left = excluded.periods_left"
Held = list[tuple[Redemption, Coupon]]


def add_coupon(connection: Connection, coupon: Coupon) -> None:
    """Add a coupon. A known code fails."""
    connection.execute(insert(coupons).values(**msgspec.structs.asdict(coupon)))


def find_coupon(connection: Connection, code: str) -> Coupon | None:
    """The coupon behind a code, if there is one."""
    row = connection.execute(select(coupons).where(coupons.c.code == code)).first()
    return None if row is None else Coupon(*row)


def demand_coupon(connection: Connection, code: str) -> Coupon:
    """The coupon behind a code. Raises NotFound."""
    found = find_coupon(connection, code)
    if found is None:
        raise NotFound("no_such_coupon", f"there is no coupon {code[:60]!r}; check its spelling", param="code")
    return found


def coupons_page(connection: Connection, after: str, count: int) -> list[tuple[Coupon, int]]:
    """Up to `count` coupons by their codes, after one, and by how many each was taken."""
    taken = select(redemptions.c.coupon, func.count().label("taken")).group_by(redemptions.c.coupon).subquery()
    chosen = select(coupons, func.coalesce(taken.c.taken, 0)).outerjoin(taken, taken.c.coupon == coupons.c.code)
    chosen = chosen.where(coupons.c.code > after).order_by(coupons.c.code).limit(count)
    return [(Coupon(*row[:-1]), row[-1]) for row in connection.execute(chosen)]


def count_redeemed(connection: Connection, code: str) -> int:
    """By how many customers a coupon was taken."""
    mine = select(func.count()).select_from(redemptions).where(redemptions.c.coupon == code)
    return int(connection.execute(mine).scalar_one())


def find_redemption(connection: Connection, code: str, customer: CustomerId) -> Redemption | None:
    """Whether this customer has taken this coupon."""
    mine = select(redemptions).where(redemptions.c.coupon == code, redemptions.c.customer == customer)
    row = connection.execute(mine).first()
    return None if row is None else Redemption(*row)


def put_redemptions(connection: Connection, changed: Iterable[Redemption]) -> None:
    """Note that customers took coupons, or used them for one period more."""
    append_rows(connection, redemptions, map(msgspec.structs.astuple, changed), _PUT)


def held_by(connection: Connection, customers: Sequence[CustomerId]) -> dict[CustomerId, Held]:
    """The coupons that still take something off for these customers, the first taken first."""
    chosen = (
        select(redemptions, *coupons.columns.values())
        .join(coupons, coupons.c.code == redemptions.c.coupon)
        .where(redemptions.c.customer.in_(customers), redemptions.c.periods_left != 0, coupons.c.what != "gift")
        .order_by(redemptions.c.at_us, redemptions.c.coupon)
    )
    held: dict[CustomerId, Held] = {}
    for row in connection.execute(chosen):
        redemption, coupon = _split(row)
        held.setdefault(redemption.customer, []).append((redemption, coupon))
    return held


def _split(row: Any) -> tuple[Redemption, Coupon]:
    width = len(Redemption.__struct_fields__)
    return Redemption(*row[:width]), Coupon(*row[width:])
