"""The tables of bills, of their lines, of what our books held when they were taken, and of which replaced which."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import astuple
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Select,
    Table,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.ledger import store as ledger_store
from solvent.ledger.transfer import Transfer
from solvent.reconciling.bill import Bill, BillLine, Booked
from solvent.reconciling.posted import OWN
from solvent.reconciling.residual import Sums
from solvent.values.errors import NotFound

_TEXTS = {
    "id", "provider", "zone", "layout", "file_name", "digest", "currency", "books_currency", "rates", "kind", "named",
    "model", "amount", "rate", "sold_as",
}  # fmt: skip


def _columns(kind: type[msgspec.Struct], keys: Collection[str]) -> list[Column[object]]:
    return [
        Column(name, Text if name in _TEXTS else BigInteger, primary_key=name in keys, nullable=False)
        for name in kind.__struct_fields__
    ]


bills = Table(
    "bills",
    metadata,
    *_columns(Bill, ("id",)),
    Index("ix_bills_provider_first_day", "provider", "first_day"),
    Index("ix_bills_at_us", "at_us"),
)
bill_lines = Table(
    "bill_lines",
    metadata,
    Column("bill", Text, primary_key=True),
    *_columns(BillLine, ("day", "kind", "named")),
)
bill_costs = Table(
    "bill_costs",
    metadata,
    Column("bill", Text, primary_key=True),
    *_columns(Booked, ("day", "model")),
)
# A bill is replaced once: the key says so.
bill_replacements = Table(
    "bill_replacements",
    metadata,
    Column("bill", Text, primary_key=True),
    Column("replaced_by", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index("ix_bill_replacements_replaced_by", "replaced_by"),
)
_REPLACED = select(bill_replacements.c.bill)


def add_bill(
    connection: Connection, bill: Bill, lines: Iterable[BillLine], costs: Iterable[Booked], replaces: Iterable[str]
) -> None:
    """Journal: add a bill, with all that it is made of, and take others out of force. One that is out already fails."""
    append_rows(connection, bills, [astuple(bill)])
    append_rows(connection, bill_lines, ((bill.id, *astuple(line)) for line in lines))
    append_rows(connection, bill_costs, ((bill.id, *astuple(cost)) for cost in costs))
    append_rows(connection, bill_replacements, ((old, bill.id, bill.at_us) for old in replaces))


def bill_by_id(connection: Connection, id: str) -> Bill:
    """Raises NotFound for none."""
    row = connection.execute(select(bills).where(bills.c.id == id)).first()
    if row is None:
        raise NotFound("no_such_bill", f"there is no bill {id[:60]!r}; `solvent bills list` names them", param="bill")
    return Bill(*row)


def bills_page(
    connection: Connection, count: int, *, provider: str = "", before: tuple[int, str] | None = None,
) -> list[Bill]:  # fmt: skip
    """Bills, newest first, those that were replaced too. before: instant and id of one."""
    chosen = select(bills)
    if provider:
        chosen = chosen.where(bills.c.provider == provider)
    if before is not None:
        chosen = chosen.where(tuple_(bills.c.at_us, bills.c.id) < before)
    return [
        Bill(*row) for row in connection.execute(chosen.order_by(bills.c.at_us.desc(), bills.c.id.desc()).limit(count))
    ]


def bills_in_force(connection: Connection, provider: str, first_day: int, until_day: int) -> list[Bill]:
    """Those of a provider that nothing replaced and that have a day in [first_day, until_day), by their days."""
    rows = connection.execute(
        select(bills)
        .where(bills.c.provider == provider, bills.c.first_day < until_day, bills.c.until_day > first_day)
        .where(bills.c.id.not_in(_REPLACED))
        .order_by(bills.c.first_day)
    )
    return [Bill(*row) for row in rows]


def newest_alike(connection: Connection, provider: str, digest: str) -> Bill | None:
    """The newest bill of the same file, read the same way."""
    chosen = select(bills).where(bills.c.provider == provider, bills.c.digest == digest)
    row = connection.execute(chosen.order_by(bills.c.at_us.desc(), bills.c.id.desc()).limit(1)).first()
    return None if row is None else Bill(*row)


def replaced_by(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Which of some bills another one replaced, and which one that was."""
    rows = connection.execute(select(bill_replacements).where(bill_replacements.c.bill.in_(ids)))
    return {row.bill: row.replaced_by for row in rows}


def lines_of_bill(connection: Connection, id: str) -> list[BillLine]:
    """In the order of days, classes and names."""
    rows = connection.execute(
        select(*bill_lines.columns.values()[1:])
        .where(bill_lines.c.bill == id)
        .order_by(bill_lines.c.day, bill_lines.c.kind, bill_lines.c.named)
    )
    return [BillLine(*row) for row in rows]


def sums_of_bills(connection: Connection, ids: Sequence[str]) -> dict[str, list[Sums]]:
    """Of some bills, what each day and each model of theirs comes to, as `residual_lines` sums them: in a few rows for
    each, however many lines it has."""
    lines, costs = bill_lines.c, bill_costs.c
    usage = and_(lines.bill.in_(ids), lines.kind == "usage")
    is_known = case((lines.model != "", 1), else_=0)
    named = case((lines.model != "", lines.model), else_=lines.named)
    found: dict[str, list[Sums]] = {id: [] for id in ids}
    for of_bill, of_books in (
        ((cast(lines.day, Text), literal(1)), (cast(costs.day, Text), literal(1))),
        ((named, is_known), (costs.model, literal(1))),
    ):
        both = union_all(
            _summed(lines.bill, of_bill, lines.grains, literal(0)).where(usage),
            _summed(costs.bill, of_books, literal(0), costs.grains).where(costs.bill.in_(ids)),
        ).subquery()
        billed, booked = func.sum(both.c.billed), func.sum(both.c.booked)
        for row in connection.execute(
            select(both.c.bill, billed, booked).group_by(both.c.bill, both.c.part, both.c.known)
        ):
            found[row[0]].append((int(row[1]), int(row[2])))
    return found


def _summed(bill: Any, key: tuple[Any, Any], billed: Any, booked: Any) -> Select[Any]:
    part, known = key
    columns = (bill.label("bill"), part.label("part"), known.label("known"))
    return select(*columns, billed.label("billed"), booked.label("booked"))


def costs_of_bill(connection: Connection, id: str) -> list[Booked]:
    """What our books held when a bill was taken."""
    chosen = select(*bill_costs.columns.values()[1:]).where(bill_costs.c.bill == id)
    return [Booked(*row) for row in connection.execute(chosen.order_by(bill_costs.c.day, bill_costs.c.model))]


def postings_of(connection: Connection, id: str) -> list[Transfer]:
    """What was posted of a bill itself."""
    return ledger_store.transfers_of(connection, f"{id}.{OWN}.")


def count_of(connection: Connection) -> int:
    """How many bills there are."""
    return int(connection.execute(select(func.count()).select_from(bills)).scalar_one())
