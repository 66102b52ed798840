"""What payment processors call: webhooks, without a key of ours, believed as far as their processor confirms them."""

from __future__ import annotations

import asyncio
import logging

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from solvent.app.payments import Payments
from solvent.app.problems import body as problem_body
from solvent.app.problems import status_and_type
from solvent.till.settle_event import SettledEvent
from solvent.values.errors import Invalid, SolventError
from solvent.values.limits import KIB, REQUEST_BODY_WHOLE_S_MAX, WEBHOOK_BYTES_MAX

log = logging.getLogger("solvent.webhooks")


def payment_routes(payments: Payments) -> list[Route]:
    """The endpoint: POST /webhooks/{rail}."""

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

    return [
        Route("/webhooks/{rail}", webhook, methods=["POST"]),
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
