"""The table of upstreams that fail: what each process that shares the books knows, for every other one to tell.

Nothing is decided by it: each process asks or leaves alone by what it saw itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Table, Text, delete, insert, or_, select

from solvent.db.tables import metadata
from solvent.values.limits import FAILING_TOLD_MAX

failing_upstreams = Table(
    "failing_upstreams",
    metadata,
    Column("holder", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("place", BigInteger, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("upstream", Text, nullable=False),
    Column("fault", Text, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("told_until_us", BigInteger, nullable=False),
)


class Told(msgspec.Struct, frozen=True):
    """One upstream that fails, as one process says; its fields are the columns, in their order.

    place: which of the model's upstreams it is. The rest: see `health.Failing`.
    """

    holder: str
    model: str
    place: int
    provider: str
    upstream: str
    fault: str
    since_us: int
    until_us: int
    told_until_us: int


_FIELDS: Final = Told.__struct_fields__


def tell(connection: Connection, holder: str, told: Sequence[Told], now_us: int) -> None:
    """All that a process says now, in place of what it said; and what is old, whoever said it, is forgotten."""
    columns = failing_upstreams.c
    connection.execute(delete(failing_upstreams).where(or_(columns.holder == holder, columns.told_until_us <= now_us)))
    if told:
        connection.execute(
            insert(failing_upstreams), [msgspec.structs.asdict(one) for one in told[:FAILING_TOLD_MAX]]
        )  # fmt: skip


def told_by_others(connection: Connection, holder: str, now_us: int) -> list[Told]:
    """What the others say that is not old. A process that died may still be among them."""
    columns = failing_upstreams.c
    wanted = (columns.holder != holder) & (columns.told_until_us > now_us)
    rows = connection.execute(select(failing_upstreams).where(wanted).order_by(columns.holder, columns.model))
    return [Told(*row) for row in rows]
