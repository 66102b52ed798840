"""Reads the rows of an engine's log as answers: which column says what, what is wrong with a row, and when it was.

Times become whole nanoseconds, so that a log splits exactly: of a date and time, of seconds since anything, or of
milli-, micro- or nanoseconds since 1970, told apart by their size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from solvent.capacity.attribution import Served
from solvent.values.errors import Invalid
from solvent.values.limits import ENGINE_LOG_ROWS_MAX, TRACE_TOKENS_MAX

# What a row may say, and by which names of columns it is known; `id` and `first_token` may be missing.
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "request_id"),
    "arrive": ("arrive", "arrived_at", "arrival_time", "start", "started_at"),
    "first_token": ("first_token", "first_token_at", "first_token_time"),
    "finish": ("finish", "finished_at", "finish_time", "end"),
    "input_tokens": ("input_tokens", "prompt_tokens"),
    "output_tokens": ("output_tokens", "completion_tokens"),
}
_MAY_MISS: Final = ("id", "first_token")
# From so many on, a number is in that unit since 1970; below, in seconds. With what makes nanoseconds of it.
_UNITS: Final = ((10**17, 1), (10**14, 10**3), (10**11, 10**6), (0, 10**9))
_SECONDS_MAX: Final = Decimal(10**20)


def columns_of(there: Sequence[str], said: Mapping[str, str], source: str) -> dict[str, str]:
    """Which column says what. said: by its user. Raises Invalid naming what is missing."""
    found = {}
    for member, column in said.items():
        if member not in COLUMNS:
            message = f"--column {member}: there is no such thing; write one of {', '.join(COLUMNS)}"
            raise Invalid("bad_engine_log", message, param="column")
        if column not in there:
            raise Invalid("bad_engine_log", f"{source}: there is no column {column!r}; {_these(there)}", param="column")
    for member, names in COLUMNS.items():
        column = said.get(member) or next((name for name in names if name in there), "")
        if column:
            found[member] = column
        elif member not in _MAY_MISS:
            message = f"{source}: no column is known to say {member!r}; {_these(there)}; add --column {member}=NAME"
            raise Invalid("bad_engine_log", message, param="column")
    return found


def served(rows: Iterable[Mapping[str, object]], columns: Mapping[str, str], source: str) -> list[Served]:
    """The answers of a log, in its order. Raises Invalid naming row and column; rows count from 1."""
    log, ids = list[Served](), set[str]()
    for number, row in enumerate(rows, start=1):
        if number > ENGINE_LOG_ROWS_MAX:
            raise Invalid("bad_engine_log", f"{source} has more than {ENGINE_LOG_ROWS_MAX:,} rows; split it by day")
        one = _Row(row, columns, f"{source}: row {number}", number).served()
        if one.id in ids:
            raise Invalid("bad_engine_log", f"{source}: row {number}: {one.id[:60]!r} is there twice; see its id")
        ids.add(one.id)
        log.append(one)
    if not log:
        raise Invalid("bad_engine_log", f"{source}: there are no answers in it")
    return log


class _Row:
    def __init__(self, row: Mapping[str, object], columns: Mapping[str, str], place: str, number: int) -> None:
        self._row, self._columns, self._place, self._number = row, columns, place, number

    def served(self) -> Served:
        came, left = self._instant("arrive"), self._instant("finish")
        began = self._instant("first_token") if self._text("first_token") else None
        assert came is not None
        assert left is not None
        if left < came:
            raise self._wrong("finish", "is before it arrived")
        if began is not None and not came <= began <= left:
            raise self._wrong("first_token", "is not between its arrival and its finish")
        id = self._text("id") or f"row {self._number}"
        return Served(id, came, began, left, self._tokens("input_tokens"), self._tokens("output_tokens"))

    def _text(self, member: str) -> str:
        value = self._row.get(self._columns.get(member, ""))
        return "" if value is None else str(value).strip()

    def _wrong(self, member: str, what: str) -> Invalid:
        column = self._columns[member]
        message = f"{self._place}, column {column!r}: {self._text(member)[:60]!r} {what}"
        return Invalid("bad_engine_log", message, param=column)

    def _instant(self, member: str) -> int:
        text = self._text(member)
        try:
            return _of_number(Decimal(text))
        except InvalidOperation:
            pass
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise self._wrong(member, "is no time: write seconds, or a date and time") from None
        passed = (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
        return ((passed.days * 86_400 + passed.seconds) * 10**6 + passed.microseconds) * 10**3

    def _tokens(self, member: str) -> int:
        text = self._text(member)
        try:
            said = Decimal(text)
            # Bounded before it is made whole: 1e999999999 has as many digits.
            tokens = int(said) if said.is_finite() and 0 <= said <= TRACE_TOKENS_MAX else -1
            is_whole = tokens == said
        except InvalidOperation:
            is_whole, tokens = False, -1
        if not is_whole or tokens < 0:
            raise self._wrong(member, f"is not 0 to {TRACE_TOKENS_MAX:,} whole tokens")
        return tokens


def _of_number(value: Decimal) -> int:
    """Raises InvalidOperation for what is no time."""
    if not value.is_finite() or not 0 <= value <= _SECONDS_MAX:
        raise InvalidOperation
    return int(value * next(times for least, times in _UNITS if value >= least))


def _these(there: Sequence[str]) -> str:
    return f"its columns are {', '.join(there)[:500] or 'none'}"
