"""What follows a line's answer: it is told, it waits, it is tried again, or nothing more of its batch is asked."""

from __future__ import annotations

from typing import Final, Literal

from solvent.values.errors import SolventError, Unavailable
from solvent.values.limits import BATCH_TRIES_MAX

Step = Literal["tell", "wait", "again", "stop"]
# It will pass, and nothing was asked: waited for as long as the window lasts.
_PASSES: Final = {
    "rate_limited", "balance_held", "upstream_busy", "engine_busy", "stopping", "books_overloaded", "books_closed",
    "books_unavailable", "lease_lost",
}  # fmt: skip
# Every other line would be refused as well.
_ALL_REFUSED: Final = {
    "wallet_empty", "plan_quota_exhausted", "plan_at_break_even", "customer_suspended", "customer_closed",
    "invalid_api_key", "key_expired",
}  # fmt: skip
# Asked again, it would come to the same, or nobody knows whether it was charged.
_FINAL: Final = {"internal_error", "answer_overdue", "upstream_body_too_large", "upstream_event_too_large"}


def next_step(problem: SolventError | None, tries: int) -> Step:
    """tries: how often this line failed before."""
    if problem is None:
        return "tell"
    if problem.code in _PASSES:
        return "wait"
    if problem.code in _ALL_REFUSED:
        return "stop"
    is_worth_it = isinstance(problem, Unavailable) and problem.code not in _FINAL and tries + 1 < BATCH_TRIES_MAX
    return "again" if is_worth_it else "tell"
