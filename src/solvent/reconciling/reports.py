"""Reads a bill that is a report of a provider's API (JSON): pages of days, each with what it came to."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from solvent.reconciling.amount import amount_of
from solvent.reconciling.bill import Row
from solvent.reconciling.layout import ANTHROPIC, OPENAI, Layout
from solvent.reconciling.naming import kind_in, named
from solvent.reconciling.summed import Faults
from solvent.reconciling.table import day_of
from solvent.values.errors import Invalid
from solvent.values.money import minor_digits


class _Result(msgspec.Struct):
    amount: msgspec.Raw
    currency: str | None = None
    line_item: str | None = None
    model: str | None = None
    cost_type: str | None = None
    description: str | None = None


class _Bucket(msgspec.Struct):
    results: list[_Result]
    start_time: int | None = None
    end_time: int | None = None
    starting_at: str | None = None
    ending_at: str | None = None


class _Page(msgspec.Struct):
    data: list[_Bucket]
    has_more: bool = False


class _Amount(msgspec.Struct):
    value: msgspec.Raw
    currency: str


class Report:
    """Pages of one report. OpenAI's amounts are in whole units, with the currency inside; Anthropic's in the smallest.

    Source: https://developers.openai.com/api/reference/resources/admin/subresources/organization (costs) and
    https://platform.claude.com/docs/en/api/admin/cost_report, both read on 2026-11-28.
    """

    def __init__(self, text: str, zone: ZoneInfo, faults: Faults) -> None:
        self._pages = _pages(text)
        self._zone = zone
        self._faults = faults
        buckets = [bucket for page in self._pages for bucket in page.data]
        if not buckets:
            raise Invalid("bad_bill", "the report has no days; ask for some", param="file")
        if self._pages[-1].has_more:
            message = "has_more: the report goes on; put all its pages into one file, one after the other"
            raise Invalid("bad_bill", message, param="file")
        self._is_openai = buckets[0].start_time is not None
        self.layout: Layout = OPENAI if self._is_openai else ANTHROPIC
        self._buckets = buckets
        self.days: list[int] = []  # that the report speaks of, also where nothing was billed

    def rows(self) -> Iterator[Row]:
        """Each result, in the order of the report. What is wrong is among the faults, and not here."""
        for number, bucket in enumerate(self._buckets):
            start: object = bucket.start_time if self._is_openai else bucket.starting_at
            day = day_of(str(start or ""), "unix" if self._is_openai else "iso", self._zone)
            if day is None:
                self._faults.add(f"data[{number}]: {str(start)[:40]!r} is no beginning of a day")
                continue
            self.days.append(day)
            for place, result in enumerate(bucket.results):
                row = self._row(f"data[{number}].results[{place}]", day, result)
                if row is not None:
                    yield row

    def _row(self, at: str, day: int, result: _Result) -> Row | None:
        try:
            text, currency = self._amount(result)
            amount = amount_of(text)
            smallest = Fraction(1, 10 ** minor_digits(currency))
        except (Invalid, msgspec.MsgspecError) as wrong:
            said = wrong.message if isinstance(wrong, Invalid) else str(wrong)
            self._faults.add(f"{at}.amount: {said}")
            return None
        what = result.description or (result.cost_type or "")
        name = named(self.layout, (result.line_item if self._is_openai else result.model) or "", what)
        amount = amount if self._is_openai else amount * smallest
        return Row(at, day, kind_in(result.cost_type or "", name, what), name, amount, currency)

    def _amount(self, result: _Result) -> tuple[str, str]:
        if not self._is_openai:
            return _plain(result.amount), (result.currency or "USD").upper()
        inside = msgspec.json.decode(result.amount, type=_Amount)
        return _plain(inside.value), inside.currency.upper()


def _plain(raw: msgspec.Raw) -> str:
    """A number as it is written, whether or not it stands in quotes."""
    return bytes(raw).decode().strip().strip('"')


def _pages(text: str) -> list[_Page]:
    """One page, a list of pages, or pages in lines. Raises Invalid."""
    try:
        if text.lstrip().startswith("["):
            return msgspec.json.decode(text, type=list[_Page])
        try:
            return [msgspec.json.decode(text, type=_Page)]
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            pages: Any = [msgspec.json.decode(line, type=_Page) for line in text.splitlines() if line.strip()]
            return list(pages)
    except msgspec.ValidationError as wrong:
        raise Invalid("bad_bill", f"the report is no page of costs by day: {wrong}", param="file") from None
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise Invalid("bad_bill", f"the report is no JSON: {wrong}", param="file") from None
