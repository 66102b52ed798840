"""Collecting what a subscription's invoice asks for: charge now, wait, or give up. Dunning says when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from solvent.billing.dunning import Schedule, gives_up_us, next_attempt
from solvent.billing.order import PaymentOrder
from solvent.billing.subscription import Pays

Step = Literal["wait", "charge", "late", "give_up"]


def next_step(
    how: Pays, schedule: Schedule, orders: Sequence[PaymentOrder], due_us: int, now_us: int, *, is_late: bool,
    usable_until_us: int,
) -> Step:  # fmt: skip
    """What to do about an unpaid invoice now.

    how: by "card": what is saved is charged; by "invoice": the customer pays it in time. orders: all to pay it.
    is_late: whether the subscription is past due already; usable_until_us: then, when its grace is over.
    """
    if now_us < due_us:
        return "wait"
    if any(order.state == "open" and order.charges for order in orders):
        return "wait"  # nobody knows yet how a charge ended; another could pay twice
    if any(order.state == "charged_back" for order in orders):  # who took the money back is not charged again
        return ("give_up" if now_us >= usable_until_us else "wait") if is_late else "late"
    if how == "invoice":
        if now_us >= gives_up_us(schedule, due_us):
            return "give_up"
        return "wait" if is_late else "late"
    failed = sorted(order.created_us for order in orders if order.charges and order.state in ("failed", "expired"))
    if not failed:  # nothing was there to charge so far; somebody may have saved a card since
        return "give_up" if is_late and now_us >= gives_up_us(schedule, due_us) else "charge"
    attempt_us = next_attempt(schedule, len(failed), failed[0])
    if attempt_us is None:
        return "give_up"
    if now_us >= attempt_us:
        return "charge"
    return "wait" if is_late else "late"
