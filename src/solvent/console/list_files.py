"""Lists as files for spreadsheets: the same rows that a page shows a part of, all of them, amounts exact."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, cast

import msgspec
from msgspec import inspect
from starlette.responses import Response

from solvent.app.build import App
from solvent.console import bills, coupons, customers, invoices, ledger, months, moved, payments, suspense
from solvent.console.clerk import Clerk, query_of
from solvent.console.operation import AnyOperation
from solvent.pages.place import Place
from solvent.pages.spreadsheet import cut_after, line_of, sent_as
from solvent.pages.visit import Visit
from solvent.values.limits import LIST_FILE_ROWS_MAX, PAGE_ROWS_MAX

# Of each page its list, and what the page itself asks for beside the address.
FILES: Final[Mapping[str, tuple[AnyOperation, Mapping[str, str]]]] = {
    "/console/customers": (customers.LIST, {}),
    "/console/money": (invoices.LIST, {}),
    "/console/money/debtors": (invoices.LIST, {"state": "issued"}),
    "/console/money/payments": (payments.LIST, {}),
    "/console/money/suspense": (suspense.SUSPENDED, {}),
    "/console/money/bills": (bills.LIST, {}),
    "/console/money/coupons": (coupons.LIST, {}),
    "/console/ledger": (ledger.ACCOUNTS, {}),
    "/console/ledger/transfers": (ledger.TRANSFERS, {}),
    "/console/ledger/moved": (moved.LIST, {"sums": "false"}),
}


def places(app: App) -> list[Place]:
    """A file beside each page, for whoever may see it."""

    async def month(visit: Visit) -> Response:
        found = await Clerk(app, visit).ask(months.SHOW, month=visit.path["month"])
        return sent_as(f"books-{found.month}", _books(found))

    listed = [Place("GET", f"{path}.csv", FILES[path][0].action, _sender(app, path)) for path in FILES]
    return [*listed, Place("GET", "/console/money/months/{month}/csv", months.SHOW.action, month)]


async def _books(found: months.MonthBody) -> AsyncIterator[str]:
    """Both statements of a month, in each currency."""
    yield line_of(["month", "currency", "statement", "account", "section", "amount"])
    for books in found.books:
        for statement, lines in (("profit_and_loss", books.profit_and_loss), ("balance_sheet", books.balance_sheet)):
            for line in lines:
                yield line_of([books.month, books.currency, statement, line.account, line.section, line.amount])


def _sender(app: App, path: str) -> Any:
    operation, fixed = FILES[path]

    async def send(visit: Visit) -> Response:
        clerk = Clerk(app, visit)
        query = query_of(visit.query, operation) | {**fixed, "limit": str(PAGE_ROWS_MAX), "cursor": ""}
        first = await clerk.ask(operation, query)  # what is wrong with the address is said before a file begins
        return sent_as(path.rpartition("/")[2], _written(clerk, operation, query, first))

    return send


async def _written(clerk: Clerk, operation: AnyOperation, query: dict[str, str], first: Any) -> AsyncIterator[str]:
    """The names of the columns, then rows, a page of them at a time. A file that is cut says so in its last line."""
    columns = columns_of(operation)
    yield line_of(columns)
    page, count = first, 0
    while True:
        yield "".join(line_of([_cell(getattr(row, name)) for name in columns]) for row in page.data)
        count += len(page.data)
        if not page.next_cursor:
            return
        if count >= LIST_FILE_ROWS_MAX:
            yield cut_after(count)
            return
        page = await clerk.ask(operation, query | {"cursor": page.next_cursor})


def columns_of(operation: AnyOperation) -> list[str]:
    """The members of a list's rows, but for what kind of thing each is."""
    told = inspect.type_info(operation.result)
    assert isinstance(told, inspect.StructType), operation.path
    data = next(one.type for one in told.fields if one.name == "data")
    row = cast("inspect.StructType", cast("inspect.ListType", data).item_type)
    return [one.name for one in row.fields if one.name != "object"]


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, str | int):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "; ".join(value)
    return msgspec.json.encode(value).decode()
