"""Reads a bill that is a table (CSV) row by row: what is wrong is told by row and column, and then nothing is taken."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from solvent.reconciling.amount import amount_of
from solvent.reconciling.bill import Row
from solvent.reconciling.layout import Dates, layout_in
from solvent.reconciling.naming import kind_in, named
from solvent.reconciling.summed import Faults
from solvent.values.errors import Invalid
from solvent.values.limits import BILL_COLUMNS_MAX
from solvent.values.money import minor_digits
from solvent.values.period import day_number

_EPOCH: Final = date(1970, 1, 1).toordinal()
_FIRST, _LAST = date(2020, 1, 1).toordinal() - _EPOCH, date(2100, 1, 1).toordinal() - _EPOCH
_SEPARATORS: Final = ",;\t"


class Table:
    """A table and its layout. Raises Invalid for a head that nobody knows."""

    def __init__(self, text: str, said: str, only_currency: str, zone: ZoneInfo, faults: Faults) -> None:
        first = text.lstrip("\r\n").partition("\n")[0]
        separator = max(_SEPARATORS, key=first.count)
        self._lines = csv.reader((f"{line}\n" for line in text.split("\n")), delimiter=separator, strict=True)
        self._zone = zone
        self._faults = faults
        head = self._next()
        columns = [name.strip() for name in head or []]
        if len(columns) > BILL_COLUMNS_MAX:
            raise Invalid("bad_bill", f"line 1 has more than {BILL_COLUMNS_MAX} columns", param="file")
        self.layout = layout_in(columns, said, only_currency)
        self._columns = {name.casefold(): place for place, name in enumerate(columns)}
        self._width = len(columns)

    def rows(self) -> Iterator[Row | None]:
        """Each row; None for one of another service. A row that is wrong is among the faults, and not here."""
        while (cells := self._next()) is not None:
            if not any(cell.strip() for cell in cells):
                continue
            at = f"line {self._lines.line_num}"
            if len(cells) != self._width:
                self._faults.add(f"{at} has {len(cells)} columns, and line 1 has {self._width}")
                continue
            if not self._counts(cells):
                yield None
                continue
            row = self._row(at, cells)
            if row is not None:
                yield row

    def _next(self) -> list[str] | None:
        try:
            return next((cells for cells in self._lines if cells), None)
        except csv.Error as wrong:
            line = self._lines.line_num
            raise Invalid("bad_bill", f"line {line} is no row of a CSV file: {wrong}", param="file") from None

    def _cell(self, cells: list[str], column: str) -> str:
        place = self._columns.get(column.casefold()) if column else None
        return "" if place is None else cells[place].strip()

    def _counts(self, cells: list[str]) -> bool:
        only = self.layout.only
        return not only or any(text.casefold() in self._cell(cells, column).casefold() for column, text in only)

    def _row(self, at: str, cells: list[str]) -> Row | None:
        layout, faults = self.layout, self._faults
        found = len(faults)
        text = self._cell(cells, layout.date)
        day = day_of(text, layout.dates, self._zone)
        if day is None:
            faults.add(f"{at}, column {layout.date}: {text[:40]!r} is no date ({layout.dates})")
        try:
            amount = amount_of(self._cell(cells, layout.amount))
        except Invalid as wrong:
            faults.add(f"{at}, column {layout.amount}: {wrong.message}")
        currency = (self._cell(cells, layout.currency) or layout.only_currency).upper()
        try:
            minor_digits(currency)
        except Invalid:
            faults.add(f"{at}, column {layout.currency or 'currency'}: {currency[:20]!r} is no currency known here")
        if len(faults) > found or day is None:
            return None
        what, said = self._cell(cells, layout.what), self._cell(cells, layout.kind)
        name = named(layout, self._cell(cells, layout.model), what, self._cell(cells, layout.product))
        return Row(at, day, kind_in(said, name, what), name, amount, currency)


def day_of(text: str, dates: Dates, zone: ZoneInfo) -> int | None:
    """The day of a date, or of an instant in a zone; None for what is neither, or of another age."""
    try:
        number = _day_of(text, dates, zone)
    except (ValueError, OverflowError):
        return None
    return number if _FIRST <= number < _LAST else None


def _day_of(text: str, dates: Dates, zone: ZoneInfo) -> int:
    if dates == "unix":
        if text.isascii() and text.isdigit() and len(text) < 12:
            return day_number(int(text) * 1_000_000, zone)
        dates = "iso"  # the same export may have texts there
    if dates != "iso":
        one, other, year = (int(part) for part in text.partition(" ")[0].split("/"))
        month, day = (one, other) if dates == "mdy" else (other, one)
        return date(year, month, day).toordinal() - _EPOCH
    text = text.removesuffix(" UTC") + ("+00:00" if text.endswith(" UTC") else "")
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        return read.toordinal() - _EPOCH
    at = read - datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017
    return day_number(at // timedelta(microseconds=1), zone)
