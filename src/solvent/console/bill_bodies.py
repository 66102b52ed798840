"""Bills and residuals as JSON: amounts are exact decimal texts in the books' currency, unless they say otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

import msgspec

from solvent.ledger.account import bill_suspense
from solvent.reconciling.amount import decimal_text
from solvent.reconciling.bill import Bill, BillLine
from solvent.reconciling.compared import Compared
from solvent.reconciling.kind import LineKind
from solvent.reconciling.residual import By, Limit, ResidualLine, over, percent_text, residual_lines, share_ppm
from solvent.values.instant import iso
from solvent.values.limits import BILL_RESIDUAL_ROWS_MAX
from solvent.values.money import Money, plain
from solvent.values.period import day_name


class BillBody(msgspec.Struct, kw_only=True):
    """A bill. id, at: empty while it is not taken. first, last: its days, in time_zone. billed: usage; booked: what
    the books held for it; residual: billed less booked, and share its part of billed, null where nothing is billed;
    is_over: whether that, or that of a day or a model, is an alarm. beside: taxes, credits, fees and others. left_out:
    rows of other services.
    replaced_by: the bill that reversed it; null while it is in force. account: where its residual is.
    """

    object: Literal["bill"] = "bill"
    id: str
    at: str | None
    provider: str
    first: str
    last: str
    time_zone: str
    layout: str
    file_name: str
    bill_currency: str
    currency: str
    rates: str
    rows: int
    left_out: int
    billed: str
    booked: str
    residual: str
    share: str | None
    is_over: bool
    beside: str
    account: str
    replaced_by: str | None


class BesideBody(msgspec.Struct, kw_only=True):
    """What is billed beside usage. amount: as the provider bills it; in_books: in the books' currency."""

    kind: LineKind
    named: str
    first: str
    last: str
    amount: str
    in_books: str
    rows: int


class UnknownBody(msgspec.Struct, kw_only=True):
    """Usage by a name that is none of the books' models: it is residual, until an alias says what it is."""

    named: str
    billed: str


class BillDetail(msgspec.Struct, kw_only=True):
    """A bill, what is billed beside usage, and names that nobody knows."""

    bill: BillBody
    beside: list[BesideBody]
    unknown: list[UnknownBody]
    days: list[ResidualLineBody]
    models: list[ResidualLineBody]


class ResidualLineBody(msgspec.Struct, kw_only=True):
    """One line. day, model: null where it is of all of them; model: "" for attempts that failed. named: in the bill.
    sold_as: what customers know the model as, "" where that is several. is_known: whether the books have the model.
    """

    day: str | None
    model: str | None
    named: list[str]
    is_known: bool
    sold_as: str
    answers: int
    billed: str
    booked: str
    residual: str
    share: str | None


class ResidualBody(msgspec.Struct, kw_only=True):
    """Lines that add up to the bill."""

    object: Literal["bill.residual"] = "bill.residual"
    bill: str
    by: By
    currency: str
    billed: str
    booked: str
    residual: str
    data: list[ResidualLineBody]


def bill_body(bill: Bill, newer: str, *, is_over: bool) -> BillBody:
    """newer: the bill that replaced it, "" for none."""
    return BillBody(
        id=bill.id, at=iso(bill.at_us) if bill.id else None, provider=bill.provider, first=day_name(bill.first_day),
        last=day_name(bill.until_day - 1), time_zone=bill.zone, layout=bill.layout, file_name=bill.file_name,
        bill_currency=bill.currency, currency=bill.books_currency, rates=bill.rates, rows=bill.rows,
        left_out=bill.left_out, billed=_text(bill, bill.billed_grains), booked=_text(bill, bill.booked_grains),
        residual=_text(bill, bill.residual_grains), share=_share(bill.residual_grains, bill.billed_grains),
        is_over=is_over, beside=_text(bill, bill.beside_grains),
        account=bill_suspense(bill.provider), replaced_by=newer or None,
    )  # fmt: skip


def bill_detail(found: Compared, newer: str | None, limit: Limit) -> BillDetail:
    """newer: the bill that replaced it; None or "" for none."""
    bill = found.bill
    unknown: dict[str, int] = {}
    for line in found.lines:
        if line.kind == "usage" and not line.model:
            unknown[line.named] = unknown.get(line.named, 0) + line.grains
    by_day, by_model = (residual_lines(found.lines, found.booked, by) for by in ("day", "model"))
    return BillDetail(
        bill=bill_body(bill, newer or "", is_over=over(found.lines, found.booked, limit)[1]),
        beside=_beside(bill, found.lines),
        unknown=[UnknownBody(named=named, billed=_text(bill, grains)) for named, grains in unknown.items()],
        days=[_line(bill, line, "day") for line in by_day],
        models=[_line(bill, line, "model") for line in _largest_first(by_model)][:BILL_RESIDUAL_ROWS_MAX],
    )  # fmt: skip


def residual_body(bill: Bill, lines: Sequence[ResidualLine], by: By) -> ResidualBody:
    """The lines of a residual, with their sums."""
    return ResidualBody(
        bill=bill.id, by=by, currency=bill.books_currency, billed=_text(bill, bill.billed_grains),
        booked=_text(bill, bill.booked_grains), residual=_text(bill, bill.residual_grains),
        data=[_line(bill, line, by) for line in lines],
    )  # fmt: skip


def _largest_first(lines: Sequence[ResidualLine]) -> list[ResidualLine]:
    return sorted(lines, key=lambda line: (-abs(line.grains), line.model))


def _line(bill: Bill, line: ResidualLine, by: By) -> ResidualLineBody:
    return ResidualLineBody(
        day=None if by == "model" else day_name(line.day), model=None if by == "day" else line.model,
        named=list(line.named) if by != "day" else [], is_known=line.is_known,
        sold_as=line.sold_as if by != "day" else "", answers=line.answers, billed=_text(bill, line.billed_grains),
        booked=_text(bill, line.booked_grains), residual=_text(bill, line.grains),
        share=_share(line.grains, line.billed_grains),
    )  # fmt: skip


def _beside(bill: Bill, lines: Sequence[BillLine]) -> list[BesideBody]:
    """Each class and name once, over all its days."""
    found: dict[tuple[LineKind, str], list[BillLine]] = {}
    for line in lines:
        if line.kind != "usage":
            found.setdefault((line.kind, line.named), []).append(line)
    return [
        BesideBody(
            kind=kind, named=named, first=day_name(of[0].day), last=day_name(of[-1].day),
            amount=_sum_of([line.amount for line in of]), in_books=_text(bill, sum(line.grains for line in of)),
            rows=sum(line.rows for line in of),
        )
        for (kind, named), of in sorted(found.items())
    ]  # fmt: skip


def _sum_of(amounts: Sequence[str]) -> str:
    return decimal_text(sum(map(Fraction, amounts), start=Fraction(0)))


def _text(bill: Bill, grains: int) -> str:
    return plain(Money(grains, bill.books_currency))


def _share(residual: int, billed: int) -> str | None:
    ppm = share_ppm(residual, billed)
    return None if ppm is None else percent_text(ppm)
