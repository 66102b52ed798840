"""An alarm: something a person must look at. Raised once, however many processes see it."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

import msgspec

Kind = Literal[
    "budget_near", "budget_reached", "break_even_near", "break_even_crossed", "house_loss", "usage_refused",
    "payment_mismatch", "unpriced", "month_not_closed", "not_renewed", "usage_not_invoiced",
    "bill_residual",
]  # fmt: skip


class Alarm(msgspec.Struct, frozen=True):
    """Its fields are the columns of `alarms`, in their order.

    id: made of what it is about, so that it is raised once. subject: the customer, key or order it is about.
    words: the arithmetic behind it, as JSON for doors to put into sentences.
    """

    id: str
    at_us: int
    kind: Kind
    subject: str
    words: str


def alarm(kind: Kind, subject: str, once_for: str, at_us: int, **words: object) -> Alarm:
    """once_for: what it may be raised once for, such as a period or an answer."""
    id = "alm_" + sha256(f"{kind}\x1f{subject}\x1f{once_for}".encode()).hexdigest()[:32]
    return Alarm(id, at_us, kind, subject, msgspec.json.encode(words, order="sorted").decode())
