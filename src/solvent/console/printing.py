"""Pages that are files: an invoice as PDF, and the journal for Beancount."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import Response, StreamingResponse

from solvent.app.build import App
from solvent.app.http import Download
from solvent.console import documents, ledger
from solvent.console.clerk import Clerk, query_of
from solvent.console.operation import AnyOperation
from solvent.pages.place import Place
from solvent.pages.visit import Visit


def places(app: App) -> list[Place]:
    """Where the files are, and who may have them."""
    return [
        Place("GET", "/console/money/invoices/{invoice}/pdf", "invoices.read", _file(documents.INVOICE, app)),
        Place("GET", "/console/ledger/export", "ledger.read", _file(ledger.EXPORT, app)),
    ]


def _file(operation: AnyOperation, app: App) -> Callable[[Visit], Awaitable[Response]]:
    async def send(visit: Visit) -> Response:
        made: Download = await Clerk(app, visit).ask(operation, query_of(visit.query, operation), **visit.path)
        headers = {"content-disposition": f'attachment; filename="{made.name}"', "cache-control": "no-store"}
        return StreamingResponse(made.parts, media_type=made.media_type, headers=headers)

    return send
