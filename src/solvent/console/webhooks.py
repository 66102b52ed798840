"""What payment processors and their customers' browsers call: webhooks, and the way back from a checkout.

Neither carries a key of ours. A webhook is believed only as far as its signature and the processor itself go.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from solvent.app.payments import Payments
from solvent.app.problems import body as problem_body
from solvent.app.problems import status_and_type
from solvent.till.settle_event import SettledEvent
from solvent.values.errors import Invalid, SolventError, Unavailable
from solvent.values.limits import KIB, REQUEST_BODY_WHOLE_S_MAX, RETURN_BYTES_MAX, WEBHOOK_BYTES_MAX

log = logging.getLogger("solvent.webhooks")

# What a customer reads when there is no page of the operator's to go back to.
_WORDS: Final = {
    "paid": "결제가 완료되었습니다. 이 창을 닫아도 됩니다.\nThe payment has arrived. You can close this window.\n",
    "open": "결제가 아직 확인되지 않았습니다. 확인되면 반영됩니다.\n"
    "The payment is not confirmed yet. It will be taken in as soon as it is.\n",
    "failed": "결제되지 않았습니다. 다시 시도해 주세요.\nNothing was paid. Please try again.\n",
}


def payment_routes(payments: Payments, page: str) -> list[Route]:
    """The endpoints: POST /webhooks/{rail}, and GET /pay/{rail}/{order}. page: where customers go on from there."""

    async def webhook(request: Request) -> Response:
        rail: str = request.path_params["rail"]
        try:
            headers = {name.lower(): value for name, value in request.headers.items()}
            taken = await payments.take(rail, headers, await _body(request))
        except ClientDisconnect:
            return Response(status_code=400)
        except SolventError as problem:
            _note(rail, problem)
            return _refusal(problem)
        _tell(rail, taken)
        return JSONResponse({"state": taken.state})

    async def come_back(request: Request) -> Response:
        rail, order = request.path_params["rail"], request.path_params["order"]
        try:
            if len(request.url.query) > RETURN_BYTES_MAX:
                raise Invalid("return_too_large", "the address is too long; come back by the processor's own link")
            settled = await payments.come_back(rail, order, dict(request.query_params))
        except Unavailable as problem:
            _note(rail, problem)
            return _way_back(page, order, "open")
        except SolventError as problem:
            _note(rail, problem)
            return _refusal(problem)
        if settled.problem:
            log.error("rail %s: order %s: %s", rail, order, settled.problem)
        state = "paid" if settled.order.is_paid else settled.order.state
        return _way_back(page, order, state if state in ("paid", "open") else "failed")

    return [
        Route("/webhooks/{rail}", webhook, methods=["POST"]),
        Route("/pay/{rail}/{order}", come_back, methods=["GET"]),
    ]


async def _body(request: Request) -> bytes:
    """The whole body. Raises Invalid when it is too large or too slow."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(REQUEST_BODY_WHOLE_S_MAX):
            async for part in request.stream():
                size += len(part)
                if size > WEBHOOK_BYTES_MAX:
                    message = f"a webhook has at most {WEBHOOK_BYTES_MAX // KIB} KiB; this one was not read"
                    raise Invalid("body_too_large", message)
                parts.append(part)
    except TimeoutError:
        raise Invalid("body_too_slow", "the webhook stopped coming; send it again") from None
    return b"".join(parts)


def _tell(rail: str, taken: SettledEvent) -> None:
    """The log has every webhook: what it did, or why it did nothing."""
    order = taken.order.id if taken.order else "-"
    if taken.state == "mismatch":
        log.error("rail %s: webhook %s of order %s was not booked: %s", rail, taken.event, order, taken.why)
    elif taken.state in ("replayed", "seen"):
        log.warning("rail %s: webhook %s of order %s: %s", rail, taken.event, order, taken.why)
    else:
        done = ", ".join(taken.changes) or taken.why or "nothing new"
        log.info("rail %s: webhook %s of order %s: %s", rail, taken.event, order, done)


def _note(rail: str, problem: SolventError) -> None:
    log.warning("rail %s: %s: %s", rail[:40], problem.code, problem.message)


def _refusal(problem: SolventError) -> Response:
    status, _ = status_and_type(problem)
    headers = {"retry-after": str(problem.retry_after_s)} if problem.retry_after_s is not None else {}
    return JSONResponse(problem_body(problem), status_code=status, headers=headers)


def _way_back(page: str, order: str, state: str) -> Response:
    if page:
        mark = "&" if "?" in page else "?"
        return RedirectResponse(f"{page}{mark}order={order}&state={state}", status_code=303)
    return PlainTextResponse(_WORDS[state])
