"""The pages of providers' bills: what was taken, one bill with its residual as picture and tables, and it as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from solvent.app.build import App
from solvent.console import bills
from solvent.console.bill_bodies import BillDetail, ResidualBody, ResidualLineBody
from solvent.console.clerk import Clerk, query_of
from solvent.console.sheet import Sheet
from solvent.ledger.account import api_payable
from solvent.ledger.store import balances_of
from solvent.pages.place import Place
from solvent.pages.spreadsheet import line_of
from solvent.pages.visit import Visit
from solvent.reconciling.posted import OWN
from solvent.values.limits import BILL_UPLOAD_BYTES_MAX

LINES_MAX: Final = 200  # of days and models on a page; the file has all


async def all_bills(clerk: Clerk) -> Mapping[str, Any]:
    """The bills, and providers there may be more of. After a preview: its picture."""
    owed = await clerk.business.database.read(lambda connection: balances_of(connection, api_payable("")))
    return {
        "page": await clerk.ask(bills.LIST, query_of(clerk.visit.query, bills.LIST)),
        "providers": sorted({account.removeprefix(api_payable("")) for account, _ in owed}),
        "picture": _picture_for(clerk.visit),
    }


async def one_bill(clerk: Clerk) -> Mapping[str, Any]:
    """One bill: by day as a picture, by model, and the days and models that differ most."""
    id = clerk.visit.path["bill"]
    detail = await clerk.ask(bills.SHOW, bill=id)
    lines: ResidualBody = await clerk.ask(bills.RESIDUAL, bill=id)
    different = sorted((one for one in lines.data if one.residual != "0"), key=_size, reverse=True)
    return {
        "detail": detail, "bill": detail.bill, "lines": different[:LINES_MAX], "hidden": len(different[LINES_MAX:]),
        "picture": _picture_for(clerk.visit), "own": OWN,
    }  # fmt: skip


def places(app: App) -> list[Place]:
    """Where residuals are files, and who may have them."""

    async def send(visit: Visit) -> Response:
        bill = visit.path["bill"]
        found: ResidualBody = await Clerk(app, visit).ask(bills.RESIDUAL, bill=bill)
        headers = {"content-disposition": f'attachment; filename="{bill}.csv"', "cache-control": "no-store"}
        return Response("\ufeff" + table_of(found), media_type="text/csv; charset=utf-8", headers=headers)

    return [Place("GET", "/console/money/bills/{bill}/csv", "ledger.read", send)]


def table_of(found: ResidualBody) -> str:
    """Every day and model for a spreadsheet: amounts are exact, and no name can be taken for a formula."""
    lines: list[tuple[object, ...]] = [
        ("day", "model", "in_bill", "is_known", "answers", "billed", "booked", "residual", "currency")
    ]
    lines += [
        (
            one.day or "", one.model or "", "; ".join(one.named), one.is_known, one.answers,
            one.billed, one.booked, one.residual, found.currency,
        )
        for one in found.data
    ]  # fmt: skip
    return "".join(map(line_of, lines))


def _size(line: ResidualLineBody) -> tuple[int, str]:
    whole, _, parts = line.residual.lstrip("-").partition(".")
    return int(whole), parts


def _picture_for(visit: Visit) -> Any:
    def picture(detail: BillDetail) -> dict[str, Any]:
        return {
            "kind": "residual", "label": visit.words("bills.picture_label"), "currency": detail.bill.currency,
            "days": _days(detail.days),
        }  # fmt: skip

    return picture


def _days(days: Sequence[ResidualLineBody]) -> list[dict[str, str]]:
    return [
        {"day": one.day or "", "billed": one.billed, "booked": one.booked, "residual": one.residual} for one in days
    ]


SHEETS: Final = (
    Sheet(
        "/console/money/bills", "ledger.read", "console/bills.html", all_bills,
        {"preview_bill": bills.PREVIEW, "import_bill": bills.IMPORT}, frozenset({"preview_bill"}),
        bytes_max=BILL_UPLOAD_BYTES_MAX,
    ),
    Sheet("/console/money/bills/{bill}", "ledger.read", "console/bill.html", one_bill),
)  # fmt: skip
