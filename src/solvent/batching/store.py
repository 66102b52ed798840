"""The tables of batches and of their lines. Lines are deleted once their batch has ended: its files say it all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    and_,
    delete,
    func,
    literal_column,
    select,
    update,
)

from solvent.batching.batch import UNFINISHED, Batch, Line
from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.values.ids import AnswerId, CustomerId

_NUMBERS = {
    "kept_us", "created_us", "expires_us", "total", "completed", "failed", "charge_grains", "in_progress_us",
    "finalizing_us", "cancelling_us", "ended_us",
}  # fmt: skip
batches = Table(
    "batches",
    metadata,
    *(
        Column(name, BigInteger if name in _NUMBERS else Text, primary_key=name == "id", nullable=False)
        for name in Batch.__struct_fields__
    ),
    Index("ix_batches_customer_id", "customer", "id"),
    Index("ix_batches_state", "state"),
)
batch_lines = Table(
    "batch_lines",
    metadata,
    Column("batch", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("custom_id", Text, nullable=False),
    Column("starts", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("answer", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("result", LargeBinary, nullable=False),
    Index("ix_batch_lines_batch_state", "batch", "state", "number"),
)
_its = batches.c
_lines = batch_lines.c
_HEAD = [column for column in batch_lines.c if column.name != "result"]


class Result(msgspec.Struct, frozen=True):
    """What came of a line: what stands in a file for it, and what it was charged."""

    line: Line
    state: Literal["answered", "failed"]
    text: bytes
    charge_grains: int


def add(connection: Connection, batch: Batch) -> None:
    """Note a new batch."""
    append_rows(connection, batches, [msgspec.structs.astuple(batch)])


def add_lines(connection: Connection, lines: Iterable[Line]) -> None:
    """Note lines of a batch."""
    append_rows(connection, batch_lines, map(msgspec.structs.astuple, lines))


def batch(connection: Connection, id: str) -> Batch | None:
    """One batch, or None."""
    row = connection.execute(select(batches).where(_its.id == id)).first()
    return Batch(*row) if row else None


def page(connection: Connection, customer: CustomerId, after: str, count: int) -> list[Batch]:
    """Up to `count` batches of a customer, newest first, that follow the batch `after`; the first ones for ""."""
    chosen = select(batches).where(_its.customer == customer)
    if after:
        chosen = chosen.where(_its.id < after)
    return [Batch(*row) for row in connection.execute(chosen.order_by(_its.id.desc()).limit(count))]


def unfinished(connection: Connection, customer: CustomerId | None = None) -> list[Batch]:
    """The batches that have not ended, oldest first: of one customer, or of all."""
    chosen = select(batches).where(_its.state.in_(UNFINISHED))
    if customer is not None:
        chosen = chosen.where(_its.customer == customer)
    return [Batch(*row) for row in connection.execute(chosen.order_by(_its.id))]


def change(connection: Connection, id: str, **values: Any) -> None:
    """Note what has become of a batch."""
    connection.execute(update(batches).where(_its.id == id).values(**values))


def let_go(connection: Connection, id: str, holder: str) -> None:
    """A process runs a batch no more."""
    connection.execute(update(batches).where(_its.id == id, _its.holder == holder).values(holder=""))


def first_waiting(connection: Connection, batch: str, most: int) -> list[Line]:
    """Up to `most` lines that were not asked yet, the first ones."""
    chosen = select(*_HEAD).where(_lines.batch == batch, _lines.state == "waiting").order_by(_lines.number).limit(most)
    return [Line(*row) for row in connection.execute(chosen)]


def asked(connection: Connection, batch: str) -> list[Line]:
    """The lines of which nobody knows what came of them."""
    chosen = select(*_HEAD).where(_lines.batch == batch, _lines.state == "asked").order_by(_lines.number)
    return [Line(*row) for row in connection.execute(chosen)]


def ask(connection: Connection, line: Line, answer: AnswerId) -> Line:
    """A line is about to be asked under an answer's id."""
    connection.execute(update(batch_lines).where(_is(line)).values(state="asked", answer=answer))
    return msgspec.structs.replace(line, state="asked", answer=answer)


def put_back(connection: Connection, line: Line) -> None:
    """A line that was about to be asked was not, or in vain."""
    connection.execute(update(batch_lines).where(_is(line), _lines.state == "asked").values(state="waiting"))


def end_lines(connection: Connection, results: Sequence[Result]) -> None:
    """Journal: lines have ended; each counts once."""
    for result in results:
        line = result.line
        ended = update(batch_lines).where(_is(line), _lines.state == "asked", _lines.answer == line.answer)
        if not connection.execute(ended.values(state=result.state, result=result.text)).rowcount:
            continue
        count = _its.completed if result.state == "answered" else _its.failed
        more = {count: count + 1, _its.charge_grains: _its.charge_grains + result.charge_grains}
        connection.execute(update(batches).where(_its.id == line.batch).values(more))


def lines(connection: Connection, batch: str, after: int, count: int, *, answered: bool) -> list[Line]:
    """Up to `count` lines with their results, from behind the line `after` on: those answered, or all the others."""
    state = _lines.state == "answered" if answered else _lines.state != "answered"
    chosen = select(batch_lines).where(_lines.batch == batch, _lines.number > after, state)
    rows = connection.execute(chosen.order_by(_lines.number).limit(count))
    return [Line(*row) for row in rows]


def unanswered(connection: Connection, batch: str) -> int:
    """How many lines of a batch will stand in no output file and have no result yet."""
    chosen = select(func.count()).where(_lines.batch == batch, _lines.state.in_(("waiting", "asked")))
    return int(connection.execute(chosen).scalar_one())


def forget_lines(connection: Connection, batch: str, most: int) -> bool:
    """Delete up to `most` lines of a batch; whether there may be more."""
    some = select(_lines.number).where(_lines.batch == batch).limit(most)
    gone = delete(batch_lines).where(_lines.batch == batch, _lines.number.in_(some))
    return connection.execute(gone).rowcount == most


def ended_with_lines(connection: Connection) -> list[str]:
    """The batches that have ended and still have lines."""
    ended = select(_its.id).where(_its.state.not_in(UNFINISHED))
    chosen = select(_lines.batch).where(_lines.batch.in_(ended)).group_by(_lines.batch)
    return [str(row[0]) for row in connection.execute(chosen.order_by(literal_column("1")).limit(100))]


def _is(line: Line) -> Any:
    return and_(_lines.batch == line.batch, _lines.number == line.number)
