"""A bill: its rows summed by day, class and name, each sum in the books' currency by one rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

import msgspec

from solvent.pricing.exchange import Exchange
from solvent.reconciling.amount import decimal_text
from solvent.reconciling.kind import LineKind
from solvent.values.errors import Invalid
from solvent.values.limits import GRAINS_MAX
from solvent.values.money import grains_per_unit, round_half_even
from solvent.values.period import day_name, start_of_day, zone


class Row(msgspec.Struct, frozen=True):
    """One row of a file. at: where it stands, in words. day: days since 1970-01-01 in the bill's zone.

    named: the model, or what else is billed, as the bill calls it.
    """

    at: str
    day: int
    kind: LineKind
    named: str
    amount: Fraction
    currency: str


class ReadBill(msgspec.Struct, frozen=True):
    """What stands in a file. sums: by day, class and name, with how many rows each is of. currency: of all of them.

    layout: what it was read as. left_out: rows of other services. days: [first, until) that the file speaks of.
    digest: of the text and of how it was read.
    """

    layout: str
    currency: str
    sums: Mapping[tuple[int, LineKind, str], tuple[Fraction, int]]
    rows: int
    left_out: int
    first_day: int
    until_day: int
    digest: str


class BillLine(msgspec.Struct, frozen=True):
    """One sum of a bill. Its fields are columns of `bill_lines`, in their order.

    model: the upstream's name in our books; "" where nobody knows. amount: exact, in the bill's currency.
    rate: what one unit of that was in the books' currency, and since when; "" where they are one.
    """

    day: int
    kind: LineKind
    named: str
    model: str
    amount: str
    rate: str
    grains: int
    rows: int


class Booked(msgspec.Struct, frozen=True):
    """What our books hold for a provider, one day and one upstream's name; "" for attempts that failed.

    Its fields are columns of `bill_costs`, in their order. sold_as: what customers know the model as.
    """

    day: int
    model: str
    sold_as: str
    grains: int
    answers: int


class Bill(msgspec.Struct, frozen=True):
    """A bill that was taken. Its fields are the columns of `bills`, in their order.

    first_day, until_day: it is for the days [first_day, until_day) of its zone. currency: as the provider bills.
    billed_grains: usage; booked_grains: what our books held for it then; beside_grains: taxes, credits, fees and
    others; all in books_currency. rates: in words.
    """

    id: str
    at_us: int
    provider: str
    first_day: int
    until_day: int
    zone: str
    layout: str
    file_name: str
    digest: str
    currency: str
    books_currency: str
    rates: str
    rows: int
    left_out: int
    billed_grains: int
    booked_grains: int
    beside_grains: int

    @property
    def residual_grains(self) -> int:
        """What the provider bills beyond our books; below zero for less."""
        return self.billed_grains - self.booked_grains


def span_us(bill: Bill) -> tuple[int, int]:
    """The time it is for, whatever its time zone."""
    in_zone = zone(bill.zone)
    return start_of_day(bill.first_day, in_zone), start_of_day(bill.until_day, in_zone)


RateOn = Callable[[int], Exchange | None]  # of a day


def lines_of(read: ReadBill, books_currency: str, rate_on: RateOn, known: Mapping[str, str]) -> list[BillLine]:
    """The lines of a bill in the books' currency. known: our name of each name in it, "" for none.

    Raises Invalid where the currency is another and no rate of a day is known, or a sum does not fit the books.
    """
    made: list[BillLine] = []
    for (day, kind, named), (amount, rows) in sorted(read.sums.items(), key=lambda one: one[0]):
        ratio, said = _ratio(read.currency, books_currency, rate_on, day)
        exact = amount * ratio * grains_per_unit(books_currency)
        grains = round_half_even(exact.numerator, exact.denominator)
        if abs(grains) > GRAINS_MAX:
            message = f"{day_name(day)}, {named[:60]!r}: {decimal_text(amount)} {read.currency} does not fit the books"
            raise Invalid("bad_bill", message, param="file")
        model = known.get(named, "") if kind == "usage" else ""
        made.append(BillLine(day, kind, named, model, decimal_text(amount), said, grains, rows))
    return made


def rates_said(lines: Iterable[BillLine]) -> str:
    """The rates of a bill in words, each once, in the order of their days."""
    return "; ".join(dict.fromkeys(line.rate for line in lines if line.rate))


def _ratio(base: str, quote: str, rate_on: RateOn, day: int) -> tuple[Fraction, str]:
    if base == quote:
        return Fraction(1), ""
    rate = rate_on(day)
    if rate is None:
        message = (
            f"the bill is in {base} and the books are in {quote}, with no rate for {day_name(day)}: say the rate and "
            "its date, or write it into [[exchanges]]"
        )
        raise Invalid("bill_rate_needed", message, param="rate")
    ratio = Fraction(rate.numerator, rate.denominator)
    since = day_name(rate.valid_from_us // 86_400_000_000)
    return ratio, f"1 {base} = {decimal_text(ratio)} {quote} since {since} ({rate.source})"
