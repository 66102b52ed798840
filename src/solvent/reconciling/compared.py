"""A bill beside the books, as it would be taken: what is seen before anything is posted, and what is written then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from solvent.pricing.exchange import Exchange
from solvent.reconciling.alias import aliases_of, known_as
from solvent.reconciling.bill import Bill, BillLine, Booked, ReadBill, lines_of, rates_said
from solvent.reconciling.reading import Terms
from solvent.values.errors import Invalid
from solvent.values.limits import GRAINS_MAX
from solvent.values.period import day_name


class Compared(msgspec.Struct, frozen=True):
    """A bill with its lines, and what our books hold of the same days. bill.id: "" while it is not taken."""

    bill: Bill
    lines: tuple[BillLine, ...]
    booked: tuple[Booked, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """Usage by names that are none of our books' models."""
        return tuple(dict.fromkeys(line.named for line in self.lines if line.kind == "usage" and not line.model))


def compared(
    provider: str, read: ReadBill, terms: Terms, booked: Sequence[Booked], books_currency: str,
    rates: Mapping[int, Exchange], file_name: str, at_us: int, names: Iterable[str] = (),
) -> Compared:  # fmt: skip
    """rates: of one unit of the bill's currency, by day. names: of upstreams in the price book, whether or not they
    were asked. Raises Invalid where a rate is missing."""
    theirs = sorted({named for _, kind, named in read.sums if kind == "usage"})
    known = known_as(theirs, {*names, *(one.model for one in booked)} - {""}, aliases_of(terms.aliases))
    lines = tuple(lines_of(read, books_currency, rates.get, known))
    billed = _sum(line.grains for line in lines if line.kind == "usage")
    bill = Bill(
        "", at_us, provider, read.first_day, read.until_day, terms.zone, read.layout, file_name, read.digest,
        read.currency, books_currency, rates_said(lines), read.rows, read.left_out, billed,
        _sum(one.grains for one in booked), _sum(line.grains for line in lines if line.kind != "usage"),
    )  # fmt: skip
    return Compared(bill, lines, tuple(booked))


def demand_over(read: ReadBill, today: int) -> None:
    """Raises Invalid for a bill of a day that is not over: it will still grow, and so will the books."""
    if read.until_day > today:
        message = (
            f"the bill is for days until {day_name(read.until_day - 1)}, and {day_name(today)} is not over: "
            "export the days before"
        )
        raise Invalid("bill_not_over", message, param="file")


def _sum(grains: Iterable[int]) -> int:
    each = list(grains)
    if sum(map(abs, each)) > GRAINS_MAX:  # so that no sum of some of them is too large for the books either
        raise Invalid("bad_bill", "what is billed in all does not fit the books", param="file")
    return sum(each)
