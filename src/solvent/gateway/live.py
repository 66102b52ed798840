"""GET /v1/live: the operator's live view as server-sent events: first what is known, then each receipt."""

from __future__ import annotations

import asyncio

import msgspec

from solvent.app.build import App
from solvent.app.report import report
from solvent.gateway.bills import line_body, receipt_for_operator, report_body
from solvent.gateway.http import Receive, Send
from solvent.identity.caller import Caller, demand_operator

BEAT_S = 15.0  # a comment this often keeps proxies from closing a quiet stream


async def live(app: App, caller: Caller, receive: Receive, send: Send) -> None:
    """Runs until the watcher leaves or the service stops."""
    demand_operator(caller)
    watching = app.live.watch()

    async def tell(event: str, body: object) -> None:
        data = b"event: " + event.encode() + b"\ndata: " + msgspec.json.encode(body) + b"\n\n"
        await send({"type": "http.response.body", "body": data, "more_body": True})

    headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    today = app.desk.day(app.desk.now_us())
    standing = report_body(await report("model", today, today, app.plans, app.desk.currency, app.database))
    recent = [receipt_for_operator(receipt) for receipt in app.live.receipts]
    await tell("state", {"today": line_body(app.live.today, {}), "receipts": recent, "names": app.names,
                         "plans": standing["plans"]})  # fmt: skip
    gone = asyncio.ensure_future(_until_gone(receive))
    stop = asyncio.ensure_future(app.stop.wait())
    next_receipt = asyncio.ensure_future(anext(watching))
    try:
        while True:
            await asyncio.wait({gone, stop, next_receipt}, timeout=BEAT_S, return_when=asyncio.FIRST_COMPLETED)
            if gone.done() or stop.done():
                return
            if not next_receipt.done():
                await send({"type": "http.response.body", "body": b": beat\n\n", "more_body": True})
                continue
            receipt = next_receipt.result()
            name = app.names.get(receipt.customer, "")
            await tell("receipt", {"receipt": receipt_for_operator(receipt), "name": name,
                                   "today": line_body(app.live.today, {})})  # fmt: skip
            next_receipt = asyncio.ensure_future(anext(watching))
    finally:
        for waiting in (gone, stop, next_receipt):
            waiting.cancel()
        await asyncio.wait({gone, stop, next_receipt})
        await watching.aclose()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
