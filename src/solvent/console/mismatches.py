"""The list of what processors told that does not agree with its order: nothing of it is booked, a person must look."""

from __future__ import annotations

from functools import partial
from typing import Literal

import msgspec

from solvent.billing import payment_store
from solvent.billing.payment_store import EventRecord
from solvent.console.operation import Asked, Nothing, Page, PageQuery, page_of, reading
from solvent.values.errors import Invalid
from solvent.values.instant import iso


class MismatchBody(msgspec.Struct, kw_only=True):
    """One webhook. event: its id at the processor. amount: what it says was paid. signed: proven to be theirs."""

    object: Literal["payment.mismatch"] = "payment.mismatch"
    rail: str
    event: str
    kind: str
    order: str | None
    payment: str | None
    amount: str | None
    signed: bool
    why: str
    seen_at: str


async def mismatches(asked: Asked[PageQuery, Nothing]) -> Page[MismatchBody]:
    """List what processors told that does not agree with its order, newest first. Nothing of it is booked."""
    query = asked.query
    before = _read_cursor(query.cursor) if query.cursor else None
    look = partial(payment_store.mismatches, count=query.limit + 1, before=before)
    found = await asked.business.database.read(look)
    rows, cursor = page_of(found, query.limit, lambda one: f"{one.seen_us}/{one.rail}/{one.id}")
    return Page([_body(one) for one in rows], cursor)


def _body(one: EventRecord) -> MismatchBody:
    return MismatchBody(
        rail=one.rail, event=one.id, kind=one.kind, order=one.order_id or None, payment=one.payment or None,
        amount=one.amount or None, signed=bool(one.signed), why=one.why, seen_at=iso(one.seen_us),
    )  # fmt: skip


def _read_cursor(cursor: str) -> tuple[int, str, str]:
    seen_us, _, named = cursor.partition("/")
    rail, slash, event = named.partition("/")
    if not (slash and seen_us.isascii() and seen_us.isdigit() and len(seen_us) < 19):
        message = f"cursor: {cursor[:60]!r} is none that this list gave; leave it out to begin again"
        raise Invalid("bad_cursor", message, param="cursor")
    return int(seen_us), rail, event


LIST = reading("/v1/payments/mismatches", "payments.read", mismatches, PageQuery, Page[MismatchBody])
