"""Errors as OpenAI's clients expect them: one table from what went wrong to status, type and headers."""

from __future__ import annotations

import logging
from typing import Final

import msgspec

from solvent.app.http import Headers, Send, respond
from solvent.values.errors import (
    Conflict,
    Invalid,
    NotFound,
    Refused,
    SolventError,
    Unauthenticated,
    Unavailable,
)
from solvent.values.instant import iso

log = logging.getLogger("solvent.gateway")

# Where a code needs another status or type than its kind. Sources: facts/API_CONTRACT.md.
_BY_CODE: Final[dict[str, tuple[int, str]]] = {
    "wallet_empty": (402, "insufficient_quota"),
    "request_exceeds_balance": (402, "insufficient_quota"),
    "balance_held": (402, "insufficient_quota"),
    "plan_quota_exhausted": (402, "insufficient_quota"),
    "plan_at_break_even": (402, "insufficient_quota"),
    "rate_limited": (429, "rate_limit_exceeded"),
    "too_many_sign_ins": (429, "rate_limit_exceeded"),
    "too_many_sign_ups": (429, "rate_limit_exceeded"),
    "too_many_coupons": (429, "rate_limit_exceeded"),
    "too_many_letters": (429, "rate_limit_exceeded"),
    "guard_blocked": (400, "invalid_request_error"),
    "guard_failed": (503, "api_error"),
    "lease_lost": (503, "api_error"),
    "body_too_large": (413, "invalid_request_error"),
    "file_too_large": (413, "invalid_request_error"),
    "bill_too_large": (413, "invalid_request_error"),
    "body_too_slow": (408, "invalid_request_error"),
    "no_such_endpoint": (404, "invalid_request_error"),
    "wrong_method": (405, "invalid_request_error"),
    "idempotency_key_conflict": (422, "invalid_request_error"),
    "upstream_timeout": (504, "api_error"),
    "answer_overdue": (504, "api_error"),
    "upstream_busy": (429, "rate_limit_exceeded"),
    "engine_busy": (503, "server_is_overloaded"),
    "too_many_watchers": (503, "server_is_overloaded"),
    "documents_busy": (503, "server_is_overloaded"),
    "books_overloaded": (503, "server_is_overloaded"),
    "books_unavailable": (503, "api_error"),
    "books_unknown": (503, "api_error"),
    "books_closed": (503, "api_error"),
    "internal_error": (500, "api_error"),
    "page_broke": (500, "api_error"),
    "stopping": (503, "api_error"),
}
# What customers read where our own words name an address or a vendor; the log has those.
_FOR_CUSTOMERS: Final = {
    "upstream_unreachable": "the model cannot be reached now; ask again in a moment",
    "upstream_timeout": "the model did not answer in time; ask again, or for less at once",
    "upstream_cut_off": "the model broke off in the middle of its answer; ask again",
    "upstream_busy": "the model is asked too much now; ask again in a moment",
    "upstream_garbage": "what the model sent cannot be understood; tell the operator",
    "upstream_head_too_large": "what the model sent cannot be understood; tell the operator",
    "upstream_body_too_large": "the model's answer is too large to pass on; ask for less at once",
    "upstream_event_too_large": "the model's answer is too large to pass on; ask for less at once",
    "upstream_closed": "the model was let go in the middle of its answer; ask again",
}
_BY_KIND: Final[tuple[tuple[type[SolventError], int, str], ...]] = (
    (Invalid, 400, "invalid_request_error"),
    (Unauthenticated, 401, "authentication_error"),
    (Refused, 403, "permission_error"),
    (NotFound, 404, "not_found_error"),
    (Conflict, 409, "conflict_error"),
    (Unavailable, 502, "api_error"),
)


# What Anthropic's dialect calls a problem, by its status.
_MESSAGES_TYPES: Final = {
    401: "authentication_error", 402: "billing_error", 403: "permission_error", 404: "not_found_error",
    409: "conflict_error", 413: "request_too_large", 429: "rate_limit_error", 503: "overloaded_error",
}  # fmt: skip


def status_and_type(problem: SolventError) -> tuple[int, str]:
    """The HTTP status and OpenAI error type of a problem."""
    if problem.code in _BY_CODE:
        return _BY_CODE[problem.code]
    return next((status, name) for kind, status, name in _BY_KIND if isinstance(problem, kind))


def asks_for_money(code: str) -> bool:
    """Whether a problem is that nothing pays: then topping up, or another plan, helps."""
    return _BY_CODE.get(code, (0, ""))[0] == 402


def body(problem: SolventError, top_up_url: str = "") -> dict[str, object]:
    """The JSON error body; what it says agrees with the status it is sent with."""
    status, name = status_and_type(problem)
    error: dict[str, object] = {
        "message": _FOR_CUSTOMERS.get(problem.code, problem.message),
        "type": name,
        "param": problem.param,
        "code": problem.code,
    }
    if status == 402:
        error["top_up_url"] = top_up_url or None
        resets_us = problem.resets_us if isinstance(problem, Refused) else 0
        error["resets_at"] = iso(resets_us) if resets_us else None
    return {"error": error}


def messages_body(problem: SolventError, id: str) -> dict[str, object]:
    """The JSON error body of Anthropic's dialect. Source: facts/API_CONTRACT.md."""
    status, _ = status_and_type(problem)
    kind = _MESSAGES_TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    words = _FOR_CUSTOMERS.get(problem.code, problem.message)
    error = {"type": kind, "message": words, "code": problem.code, "param": problem.param}
    return {"type": "error", "error": error, "request_id": id}


def bug(id: str) -> Unavailable:
    """What is said of a defect: nothing of it, but where to find it."""
    words = f"something broke on our side; the operator finds it in the log under {id}"
    return Unavailable("internal_error", words)


def note(problem: SolventError, id: str) -> None:
    """Tell the operator's log what the customer is not told: a dependency failed, and which."""
    if isinstance(problem, Unavailable):
        log.warning("answer %s: %s: %s", id, problem.code, problem.message, extra={"request_id": id})


async def refuse(
    send: Send, problem: SolventError, headers: Headers = (), top_up_url: str = "", *, messages_id: str = ""
) -> None:
    """Send a problem as the whole response. messages_id: of a question in Anthropic's dialect; "" for OpenAI's."""
    status, _ = status_and_type(problem)
    extra = list(headers)
    if problem.retry_after_s is not None:
        extra.append((b"retry-after", str(problem.retry_after_s).encode()))
    elif status == 402 or status in (503, 429):
        # Official clients repeat 429 and 5xx by themselves; tell them when that is pointless.
        extra.append((b"x-should-retry", b"false"))
    if status == 401:
        extra.append((b"www-authenticate", b'Bearer realm="solvent"'))
    said = messages_body(problem, messages_id) if messages_id else body(problem, top_up_url)
    await respond(send, status, msgspec.json.encode(said), extra)
