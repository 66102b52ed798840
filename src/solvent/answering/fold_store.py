"""Folding: answers are added to the roll-ups of margins many at a time, and each once.

An answer's commit only notes that it is not in them yet; the note goes in the transaction that adds it. So a crash
loses neither, and whoever wants the roll-ups folds first: they are read with a `Folded` connection alone.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, case, delete, func, literal, or_, select

from solvent.answering.store import receipts, unsummed
from solvent.ledger.store import DEFAULT_TIME_ZONE, TIME_ZONE, mark
from solvent.margin import facet_store
from solvent.margin import store as margin_store
from solvent.margin.facet import Facet, parts_in
from solvent.margin.line import MarginKey, MarginSums
from solvent.margin.store import Folded
from solvent.values.period import day_number, start_of_day, zone
from solvent.values.usage import INPUT_TOKENS, OUTPUT_TOKENS

_ITS: Final = receipts.c
# Each is found by its id: of a join, SQLite would read every receipt there is.
_HERE: Final = _ITS.id.in_(select(unsummed.c.answer))
_FAILED: Final = case((_ITS.outcome == "failed", 1), else_=0)
# What `add_to` takes in of one receipt, of many: within the database, with Python's lock released.
_SUMMED: Final[dict[str, Any]] = {
    "answers": 1 - _FAILED,
    "failed": _FAILED,
    "earned_grains": literal(0),
    "estimated_answers": _ITS.usage_estimated,
    "input_tokens": sum((_ITS[name] for name in INPUT_TOKENS[1:]), _ITS[INPUT_TOKENS[0]]),
    "output_tokens": sum((_ITS[name] for name in OUTPUT_TOKENS[1:]), _ITS[OUTPUT_TOKENS[0]]),
}
_KEYS: Final = (_ITS.customer, _ITS.plan, _ITS.model, _ITS.key, _ITS.service)
_ON_DAY: Final = and_(_ITS.at_us >= bindparam("since_us"), _ITS.at_us < bindparam("until_us"))
_SUMS: Final = (
    select(*_KEYS, *(func.sum(_SUMMED.get(name, receipts.c.get(name))) for name in MarginSums.__struct_fields__))
    .where(_HERE, _ON_DAY).group_by(*_KEYS)
)  # fmt: skip
_PARTS: Final = select(_ITS.plan, _ITS.cost_parts, _ITS.cost_grains, _ITS.on_free_plan).where(
    _HERE, _ON_DAY, or_(_ITS.cost_parts != "", _ITS.on_free_plan == 1)
)
_SPAN: Final = select(func.min(_ITS.at_us), func.max(_ITS.at_us)).where(_HERE)
_INSTANTS: Final = select(_ITS.at_us).where(_HERE)
_ANY: Final = select(unsummed.c.answer).limit(1)


def fold(connection: Connection) -> Folded:
    """Take every answer that is on the books into the roll-ups; in a transaction that writes."""
    first_us, last_us = connection.execute(_SPAN).one()
    if first_us is None:
        return Folded(connection)
    in_zone = zone(mark(connection, TIME_ZONE) or DEFAULT_TIME_ZONE)
    days = {day_number(at_us, in_zone) for at_us in (first_us, last_us)}
    if len(days) > 1:
        days = {day_number(at_us, in_zone) for at_us in connection.execute(_INSTANTS).scalars()}
    for day in sorted(days):
        _fold_day(connection, day, {"since_us": start_of_day(day, in_zone), "until_us": start_of_day(day + 1, in_zone)})
    connection.execute(delete(unsummed))
    return Folded(connection)


def _fold_day(connection: Connection, day: int, bounds: dict[str, int]) -> None:
    lines, facets = [], []
    for customer, plan, model, key, service, *values in connection.execute(_SUMS, bounds):
        sums = MarginSums(*map(int, values))
        lines.append((MarginKey(day, customer, plan, model), sums))
        facets.append(Facet(day, customer, key, service, sums))
    told = connection.execute(_PARTS, bounds).all()
    margin_store.add(connection, lines)
    facet_store.add(connection, facets)
    parts = [
        (day, plan, *part) for plan, text, grains, free in told for part in parts_in(text, grains, is_free=bool(free))
    ]
    facet_store.add_parts(connection, parts)


def fold_once(connection: Connection, asked: list[None]) -> None:
    """Journal: the same, however often it was asked for."""
    assert asked, "a journal has rows"
    fold(connection)


def is_folded(connection: Connection) -> bool:
    """Whether every answer on the books is in the roll-ups."""
    return connection.execute(_ANY).first() is None


def is_unsummed(connection: Connection, **of: str) -> bool:
    """Whether there is any answer of a plan, or model, that is not in the roll-ups yet."""
    chosen = (receipts.c[name] == value for name, value in of.items() if value)
    return connection.execute(select(_ITS.id).where(_HERE, *chosen).limit(1)).first() is not None
