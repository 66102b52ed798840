"""Operations on providers' bills: holding one against the books, taking it, and the residual that is left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from solvent.answering.provider_cost_store import provider_costs
from solvent.app.business import Business
from solvent.app.routes import upstream_names
from solvent.console.bill_bodies import BillBody, BillDetail, ResidualBody, bill_body, bill_detail, residual_body
from solvent.console.members import AMOUNT, CURRENCY, DATE, WORD
from solvent.console.operation import Asked, Nothing, Operation, Page, PageQuery, page_of, read_at, reading
from solvent.db.port import Connection
from solvent.pricing.exchange import exchange
from solvent.reconciling import store
from solvent.reconciling.bill import Bill
from solvent.reconciling.compare_bill import compare_bill
from solvent.reconciling.compared import Compared
from solvent.reconciling.reading import Terms, read_bill
from solvent.reconciling.residual import By, Limit, Sums, over, residual_lines, rings
from solvent.reconciling.take_bill import take_bill
from solvent.reconciling.unpack import sent, unpacked
from solvent.values.errors import Invalid
from solvent.values.limits import (
    BILL_ALIASES_CHARACTERS_MAX,
    BILL_BODY_BYTES_MAX,
    BILL_COLUMNS_CHARACTERS_MAX,
    BILL_SENT_CHARACTERS_MAX,
    FILE_NAME_CHARACTERS_MAX,
)
from solvent.values.money import money
from solvent.values.period import first_day, zone


class NewBill(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename={"since": "from"}):
    """A bill, or an export of usage and costs, and how it is read."""

    provider: Annotated[str, WORD, Meta(min_length=1, description="as the books call who billed: openai")]
    file: Annotated[
        str, Meta(max_length=BILL_SENT_CHARACTERS_MAX, description="the file, as base64; it may be packed with gzip")
    ]
    file_name: Annotated[str, Meta(max_length=FILE_NAME_CHARACTERS_MAX, description="for people")] = ""
    columns: Annotated[
        str,
        Meta(
            max_length=BILL_COLUMNS_CHARACTERS_MAX,
            description="which column of a table says what: date=Day; amount=Cost; ...; known exports need none",
        ),
    ] = ""
    aliases: Annotated[
        str,
        Meta(
            max_length=BILL_ALIASES_CHARACTERS_MAX,
            description="names of the bill with the upstreams' in the books: GPT 4o=gpt-4o; ...",
        ),
    ] = ""
    currency: Annotated[str, CURRENCY, Meta(description="of the bill, where no column says it")] = ""
    rate: Annotated[
        str, AMOUNT, Meta(description="what one unit of it is in the books' currency; the books' own when left out")
    ] = ""
    rate_date: Annotated[str, DATE, Meta(description="the date of that rate: 2026-11-30")] = ""
    source: Annotated[str, WORD, Meta(description="who says so")] = "bill"
    time_zone: Annotated[str, WORD, Meta(description="whose days the bill's are")] = "UTC"
    since: Annotated[str, DATE, Meta(description="its first day, where rows do not begin with it")] = ""
    until: Annotated[str, DATE, Meta(description="its last day, where rows do not end with it")] = ""
    again: Annotated[bool, Meta(description="take it although it was taken before")] = False


class BillsQuery(PageQuery, forbid_unknown_fields=True, kw_only=True):
    """Which bills."""

    provider: Annotated[str, WORD, Meta(description="of one provider")] = ""


class ResidualQuery(msgspec.Struct, forbid_unknown_fields=True):
    """How it is summed."""

    by: Annotated[By, Meta(description="line: day and model")] = "line"


class TakenBody(msgspec.Struct, kw_only=True):
    """What came of it. is_new: false where the same bill was there already. replaced: bills that were reversed."""

    object: Literal["bill.taken"] = "bill.taken"
    is_new: bool
    replaced: list[str]
    bill: BillBody


async def preview(asked: Asked[Nothing, NewBill]) -> BillDetail:
    """Hold a bill against the books, and post nothing."""
    found = await _compared(asked)
    return await asyncio.to_thread(bill_detail, found, None, _limit(asked.business))


async def take(asked: Asked[Nothing, NewBill]) -> TakenBody:
    """Take a bill: its residual is posted to suspense, day by day. Taken once; a newer one reverses it first."""
    business = asked.business
    found = await _compared(asked)
    limit = _limit(business)
    done = await take_bill(found, limit, business.database, asked.act, again=asked.body.again)
    taken = await business.database.read(partial(_whole, id=done.bill))
    _, is_over = await asyncio.to_thread(over, taken.lines, taken.booked, limit)
    body = bill_body(taken.bill, "", is_over=is_over)
    return TakenBody(is_new=done.is_new, replaced=list(done.replaced), bill=body)


async def bills(asked: Asked[BillsQuery, Nothing]) -> Page[BillBody]:
    """List bills, newest first, those that were replaced too."""
    query, limit = asked.query, _limit(asked.business)
    before = read_at(query.cursor) if query.cursor else None

    def look(connection: Connection) -> tuple[list[BillBody], str | None]:
        found = store.bills_page(connection, query.limit + 1, provider=query.provider, before=before)
        rows, cursor = page_of(found, query.limit, lambda one: f"{one.at_us}-{one.id}")
        newer = store.replaced_by(connection, [one.id for one in rows])
        sums = store.sums_of_bills(connection, [one.id for one in rows])
        return [_listed(one, newer.get(one.id, ""), sums[one.id], limit) for one in rows], cursor

    rows, cursor = await asked.business.database.read(look)
    return Page(rows, cursor)


def _listed(bill: Bill, newer: str, parts: Sequence[Sums], limit: Limit) -> BillBody:
    return bill_body(bill, newer, is_over=rings((bill.billed_grains, bill.booked_grains), parts, limit))


async def show(asked: Asked[Nothing, Nothing]) -> BillDetail:
    """Show a bill: what is billed beside usage, and the models that nobody knows."""
    found, newer = await _read(asked)
    return await asyncio.to_thread(bill_detail, found, newer, _limit(asked.business))


async def residual(asked: Asked[ResidualQuery, Nothing]) -> ResidualBody:
    """Show the residual of a bill by day and model, with what is billed and what the books held when it was taken."""
    found, _ = await _read(asked)
    by = asked.query.by
    lines = await asyncio.to_thread(residual_lines, found.lines, found.booked, by)
    return residual_body(found.bill, lines, by)


def _limit(business: Business) -> Limit:
    """From what residual on there is an alarm."""
    config = business.config
    least = money(config.bill_residual_least, business.currency, "bill_residual_least")
    return Limit(config.bill_residual_permille, least.grains)


def _whole(connection: Connection, id: str) -> Compared:
    """A bill that was taken, with all that it is made of."""
    bill = store.bill_by_id(connection, id)
    lines, costs = store.lines_of_bill(connection, id), store.costs_of_bill(connection, id)
    return Compared(bill, tuple(lines), tuple(costs))


async def _read(asked: Asked[Any, Nothing]) -> tuple[Compared, str]:
    def look(connection: Connection) -> tuple[Compared, str]:
        found = _whole(connection, asked.path["bill"])
        return found, store.replaced_by(connection, [found.bill.id]).get(found.bill.id, "")

    return await asked.business.database.read(look)


async def _compared(asked: Asked[Nothing, NewBill]) -> Compared:
    body, business = asked.body, asked.business
    if body.rate and not body.rate_date:
        message = f"say the date of the rate {body.rate} too, so that it can be looked up later"
        raise Invalid("bill_rate_needed", message, param="rate_date")
    said = f"{body.rate}@{body.rate_date} {body.source}" if body.rate else ""
    terms = Terms(
        str(zone(body.time_zone)), body.columns.strip(), body.aliases.strip(), body.currency.upper(),
        _day(body.since, "from"), _until(body.until), said,
    )  # fmt: skip
    read = await asyncio.to_thread(lambda: read_bill(unpacked(sent(body.file)), terms))
    rate = None
    if body.rate:
        rate = exchange(read.currency, business.currency, body.rate, body.rate_date, body.source, "rate")
    return await compare_bill(
        body.provider, read, terms, rate, business.currency, provider_costs, business.database, asked.act.at_us,
        body.file_name, upstream_names(business.config),
    )  # fmt: skip


def _day(text: str, param: str) -> int | None:
    if not text:
        return None
    try:
        return first_day(text, 0, zone("UTC"))
    except Invalid:
        raise Invalid("not_a_date", f"{param}: {text[:40]!r} is no date like 2026-11-01", param=param) from None


def _until(text: str) -> int | None:
    last = _day(text, "until")
    return None if last is None else last + 1


IMPORT = Operation(
    "POST", "/v1/bills", "ledger.write", take, Nothing, NewBill, TakenBody, is_money=True,
    body_bytes_max=BILL_BODY_BYTES_MAX,
)  # fmt: skip
PREVIEW = Operation(
    "POST", "/v1/bills/preview", "ledger.write", preview, Nothing, NewBill, BillDetail, is_reading=True,
    body_bytes_max=BILL_BODY_BYTES_MAX,
)  # fmt: skip
LIST = reading("/v1/bills", "ledger.read", bills, BillsQuery, Page[BillBody])
SHOW = reading("/v1/bills/{bill}", "ledger.read", show, Nothing, BillDetail)
RESIDUAL = reading("/v1/bills/{bill}/residual", "ledger.read", residual, ResidualQuery, ResidualBody)
OPERATIONS = (IMPORT, PREVIEW, LIST, SHOW, RESIDUAL)
