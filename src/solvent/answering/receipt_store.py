"""Pages of receipts, newest first: of a customer, a key, an end user, or behind one line of the profit and loss.

One page looks at no more receipts than a limit says, however rare those are that it looks for; the next goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Connection, Text, and_, column, func, select, values

from solvent.answering.fold_store import is_unsummed
from solvent.answering.receipt import Receipt
from solvent.answering.store import receipts
from solvent.billing.standing import Came
from solvent.margin.facet import FREE
from solvent.margin.store import house_margins
from solvent.values.ids import AnswerId, CustomerId, new_id
from solvent.values.instant import NEVER_US, US_PER_S
from solvent.values.limits import BOOKED_S_MAX, RECEIPTS_LOOKED_AT_MAX, RECEIPTS_READ_MAX
from solvent.values.period import day_number, start_of_day
from solvent.values.usage import BUCKETS

_FILTERS = ("key", "end_user", "model", "plan", "service")
_SPANS = values(
    column("customer", Text), column("first", Text), column("last", Text), column("from_us", BigInteger),
    column("until_us", BigInteger),
)  # fmt: skip
_LAST_ID = "ans_z"  # no id comes after it


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """Which receipts; "" for any.

    spent_on: a part of their cost, such as reasoning: those that it is in. What is free is one part, and in no other.
    from_us, until_us: of answers that ended in [from_us, until_us).
    """

    customer: str = ""
    key: str = ""
    end_user: str = ""
    model: str = ""
    plan: str = ""
    service: str = ""
    spent_on: str = ""
    from_us: int = 0
    until_us: int = NEVER_US

    @property
    def looked_at_max(self) -> int:
        """How many receipts one page looks at: more where an index knows what is looked for."""
        return RECEIPTS_LOOKED_AT_MAX if self.customer and not self.plan else RECEIPTS_READ_MAX


class ReceiptsPage(msgspec.Struct, frozen=True):
    """Receipts, newest first. before: asks for the next page, also when this one has none; "" when all were seen."""

    receipts: list[Receipt]
    before: str


def receipts_page(
    connection: Connection, sought: Sought, before: str, count: int, in_zone: ZoneInfo, looked_at_max: int = 0
) -> ReceiptsPage:
    """Up to `count` receipts older than the answer `before`, or the newest for "".

    Keys and end users are a customer's: name the customer with them. looked_at_max: 0 for the usual one.
    """
    assert sought.customer or not (sought.key or sought.end_user), "keys and end users are looked for at their customer"
    end = _end(connection, sought, before, in_zone)
    if end is None:
        return ReceiptsPage([], "")
    among = [receipts.c.id < end]
    if sought.customer:
        among.append(receipts.c.customer == sought.customer)
    since = [receipts.c.id >= _id_at(sought.from_us - BOOKED_S_MAX * US_PER_S)] if sought.from_us else []
    chosen = [receipts.c[name] == getattr(sought, name) for name in _FILTERS if getattr(sought, name)]
    if sought.spent_on == FREE:
        chosen += [receipts.c.on_free_plan == 1, receipts.c.cost_grains != 0]
    elif sought.spent_on:
        chosen.append(receipts.c.on_free_plan == 0)
        chosen.append((" " + receipts.c.cost_parts).contains(f" {sought.spent_on}:", autoescape=True))
    last = _last_looked_at(connection, [*among, *since], looked_at_max or sought.looked_at_max) if chosen else None
    if last is not None:
        since = [receipts.c.id >= last]  # alone: beside another bound the index would be read from that one on
    chosen += [*since, receipts.c.at_us >= sought.from_us, receipts.c.at_us < sought.until_us]
    rows = connection.execute(select(receipts).where(*among, *chosen).order_by(receipts.c.id.desc()).limit(count))
    found = [Receipt(*row) for row in rows]
    return ReceiptsPage(found, found[-1].id if len(found) == count else last or "")


class Use(NamedTuple):
    """What one answer used; used: in the order of BUCKETS. A plain row, because there are millions. The others are as
    in `Receipt`."""

    id: str
    at_us: int
    customer: str
    plan: str
    model: str
    total_us: int
    outcome: str
    usage_estimated: int
    cost_input_tokens: int
    lost_grains: int
    overrun_grains: int
    price_card: str
    cost_card: str
    used: tuple[int, ...]


def uses_after(connection: Connection, after: str, from_us: int, until_us: int, count: int) -> list[Use]:
    """Up to `count` answers that came after the answer `after` and ended in [from_us, until_us), oldest first.

    after: "" for the first. Failed ones are left out: nothing was charged for them.
    """
    first = max(after, first_asked(from_us))
    named = (receipts.c[name] for name in (*Use._fields[:-1], *BUCKETS))
    chosen = select(*named).where(
        receipts.c.id > first, receipts.c.id < _id_at(until_us), receipts.c.at_us >= from_us,
        receipts.c.at_us < until_us, receipts.c.outcome != "failed",
    )  # fmt: skip
    return _uses(connection.execute(chosen.order_by(receipts.c.id).limit(count)))


def uses_of(
    connection: Connection, customers: Sequence[str], from_us: int, until_us: int, count: int
) -> list[Use]:  # fmt: skip
    """Up to `count` answers of some hundred customers that ended in [from_us, until_us), oldest first, without failed
    ones."""
    named = (receipts.c[name] for name in (*Use._fields[:-1], *BUCKETS))
    chosen = select(*named).where(
        receipts.c.customer.in_(customers), receipts.c.id > first_asked(from_us),
        receipts.c.id < _id_at(until_us), receipts.c.at_us >= from_us, receipts.c.at_us < until_us,
        receipts.c.outcome != "failed",
    )  # fmt: skip
    return _uses(connection.execute(chosen.order_by(receipts.c.at_us, receipts.c.id).limit(count)))


def _uses(rows: Iterable[Any]) -> list[Use]:
    plain = len(Use._fields) - 1
    return [Use._make((*row[:plain], tuple(row[plain:]))) for row in rows]


def first_question(connection: Connection) -> int | None:
    """When the first answer on the books was asked for; None where there is none."""
    first = select(receipts.c.at_us - receipts.c.total_us).order_by(receipts.c.id).limit(1)
    return connection.execute(first).scalar()


def first_asked(from_us: int) -> str:
    """An id before those of all answers that may have ended at an instant or later."""
    return _id_at(max(0, from_us - BOOKED_S_MAX * US_PER_S))


def failed_cost(connection: Connection, from_us: int, until_us: int) -> dict[str, int]:
    """What answers that failed and ended in [from_us, until_us) cost, with the attempts before them, by customer."""
    chosen = select(receipts.c.customer, func.sum(receipts.c.cost_grains)).where(
        receipts.c.id > first_asked(from_us), receipts.c.id < _id_at(until_us), receipts.c.at_us >= from_us,
        receipts.c.at_us < until_us, receipts.c.outcome == "failed", receipts.c.cost_grains != 0,
    )  # fmt: skip
    return {row[0]: int(row[1]) for row in connection.execute(chosen.group_by(receipts.c.customer))}


def came_to(connection: Connection, spans: Mapping[CustomerId, tuple[int, int]]) -> dict[CustomerId, Came]:
    """What the answers of customers that ended in [from_us, until_us), each in their own, came to; nobody without any.

    For less than a day of some hundred customers: it reads the receipts.
    """
    if not spans:
        return {}
    ends = [
        (customer, _id_at(from_us - BOOKED_S_MAX * US_PER_S), _id_at(until_us), from_us, until_us)
        for customer, (from_us, until_us) in spans.items()
    ]
    of = _SPANS.data(ends).cte("spans")  # SQLite knows no other that has names
    is_in = and_(
        receipts.c.customer == of.c.customer, receipts.c.id >= of.c.first, receipts.c.id < of.c.last,
        receipts.c.at_us >= of.c.from_us, receipts.c.at_us < of.c.until_us,
    )  # fmt: skip
    sums = (
        func.sum(receipts.c.charge_grains - receipts.c.granted_grains), func.sum(receipts.c.cost_grains), func.count()
    )  # fmt: skip
    chosen = select(of.c.customer, *sums).select_from(of.join(receipts, is_in)).group_by(of.c.customer)
    return {row[0]: Came(*map(int, row[1:])) for row in connection.execute(chosen)}


def _end(connection: Connection, sought: Sought, before: str, in_zone: ZoneInfo) -> str | None:
    """An id that all receipts sought come before; None when there are none."""
    end = before or _LAST_ID
    if sought.until_us != NEVER_US:
        end = min(end, _id_at(sought.until_us))
    if sought.customer or not (sought.plan or sought.model):
        return end
    if is_unsummed(connection, plan=sought.plan, model=sought.model):  # some are among the newest of all
        return end
    # Of all customers there are many others between: the roll-up tells the last day that there are any on.
    keys = (house_margins.c[name] == getattr(sought, name) for name in ("plan", "model") if getattr(sought, name))
    days = select(func.max(house_margins.c.day)).where(*keys, house_margins.c.model != "")  # of answers alone
    if sought.until_us != NEVER_US:
        days = days.where(house_margins.c.day <= day_number(sought.until_us, in_zone))
    if before:
        at_us = connection.execute(select(receipts.c.at_us).where(receipts.c.id == before)).scalar()
        if at_us is not None:  # an answer that was asked for before it may have ended on the next day
            days = days.where(house_margins.c.day <= day_number(at_us, in_zone) + 1)
    day = connection.execute(days).scalar()
    return None if day is None else min(end, _id_at(start_of_day(int(day) + 1, in_zone)))


def _last_looked_at(connection: Connection, among: list[ColumnElement[bool]], most: int) -> AnswerId | None:
    """The oldest of the `most` newest; None when there are no more than those."""
    ids = select(receipts.c.id).where(*among).order_by(receipts.c.id.desc()).offset(most - 1).limit(1)
    return connection.execute(ids).scalar()


def _id_at(at_us: int) -> str:
    """What the ids of answers asked for at an instant or later come after."""
    return new_id("ans", at_us, 0)


class KeyUse(msgspec.Struct, frozen=True):
    """What one key was used for. charge_grains, included_grains: as in `Receipt`. last_us: of its last answer."""

    answers: int
    charge_grains: int
    included_grains: int
    last_us: int


def used_by_key(
    connection: Connection, customer: str, from_us: int, most: int = RECEIPTS_READ_MAX
) -> dict[str, KeyUse]:
    """The answers of a customer since an instant, by their keys; only the newest `most` of them are looked at."""
    newest = (
        select(receipts.c.key, receipts.c.charge_grains, receipts.c.included_grains, receipts.c.at_us)
        .where(receipts.c.customer == customer, receipts.c.id >= _id_at(from_us))
        .order_by(receipts.c.id.desc()).limit(most).subquery()
    )  # fmt: skip
    sums = (
        func.count(), func.sum(newest.c.charge_grains), func.sum(newest.c.included_grains), func.max(newest.c.at_us)
    )  # fmt: skip
    rows = connection.execute(select(newest.c.key, *sums).group_by(newest.c.key))
    return {row[0]: KeyUse(*(int(value) for value in row[1:])) for row in rows}
