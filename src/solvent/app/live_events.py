"""The live view as server-sent events, for GET /v1/live and for the page: first what is known, then each receipt."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from solvent.answering.receipt import Receipt
from solvent.app.bills import receipt_for_operator
from solvent.app.build import App
from solvent.app.http import Receive, Send, until_gone
from solvent.app.live import Watcher
from solvent.app.report import Report, Shown, Span, report
from solvent.app.report_body import line_body, report_body
from solvent.identity.caller import Caller
from solvent.identity.permission import demand

BEAT_S = 15.0  # a comment this often keeps proxies from closing a quiet stream
_EVENT_STREAM = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]


async def live(app: App, caller: Caller, receive: Receive, send: Send) -> None:
    """Runs until the watcher leaves or the service stops. Raises before the response began, or not at all."""
    demand(caller, "margin.read")
    today = app.desk.day(app.desk.now_us())
    made = await report(Shown(), Span(today, today), app.desk.currency, app.database)
    await app.live.catch_up()
    watcher = app.live.watch()
    state = _state(app, made)  # in the same moment, so that a receipt is in what is known or follows it
    try:
        await send({"type": "http.response.start", "status": 200, "headers": _EVENT_STREAM})
        await _tell(send, "state", state)
        await _follow(app, watcher, receive, send)
    finally:
        app.live.leave(watcher)


def _state(app: App, made: Report) -> dict[str, object]:
    return {
        "today": line_body(app.live.today, {}),
        "receipts": [receipt_for_operator(receipt) for receipt in app.live.receipts],
        "names": app.names,
        "plans": report_body(made).plans,
        "time_zone": str(app.desk.time_zone),
    }


async def _follow(app: App, watcher: Watcher, receive: Receive, send: Send) -> None:
    gone = asyncio.ensure_future(until_gone(receive))
    stop = asyncio.ensure_future(app.stop.wait())
    following: asyncio.Future[Receipt] = asyncio.ensure_future(watcher.get())
    try:
        while True:
            waiting: set[asyncio.Future[Any]] = {gone, stop, following}
            await asyncio.wait(waiting, timeout=BEAT_S, return_when=asyncio.FIRST_COMPLETED)
            if gone.done() or stop.done():
                return
            if not following.done():
                await send({"type": "http.response.body", "body": b": beat\n\n", "more_body": True})
                continue
            receipt = following.result()
            name, today = app.names.get(receipt.customer, ""), line_body(app.live.today, {})
            await _tell(send, "receipt", {"receipt": receipt_for_operator(receipt), "name": name, "today": today})
            following = asyncio.ensure_future(watcher.get())
    finally:
        ending: set[asyncio.Future[Any]] = {gone, stop, following}
        for waiter in ending:
            waiter.cancel()
        await asyncio.wait(ending)


async def _tell(send: Send, event: str, body: object) -> None:
    data = b"event: " + event.encode() + b"\ndata: " + msgspec.json.encode(body) + b"\n\n"
    await send({"type": "http.response.body", "body": data, "more_body": True})
