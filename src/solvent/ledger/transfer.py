"""A transfer moves money from one account to another, so the books always balance.

A hold is a pending transfer. It is resolved once, by a second row: posted for at most what was
held, or voided. Rows are only ever added.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from solvent.values.errors import Conflict
from solvent.values.ids import TransferId
from solvent.values.money import Money

State = Literal["pending", "posted", "voided"]
OF_CORRECTION: Final = "correction:"  # begins the reference of what a corrected answer gave back, before its id


class Transfer(msgspec.Struct, frozen=True):
    """One row of the journal. Its fields are the columns of `transfers`, in their order.

    id: unique; writing the same id twice fails.
    debit, credit: accounts. grains: 0 or more, of `currency`.
    resolves: on a posting or void of a hold, the hold's id; held_grains: what that hold had set aside.
    expires_us: on a hold, when it may be voided by anybody.
    reference: the answer, grant or other cause of it.
    holder: on a hold, the process that made it and will resolve it; "" when none has to.
    """

    id: TransferId
    at_us: int
    state: State
    debit: str
    credit: str
    grains: int
    currency: str
    resolves: TransferId | None
    held_grains: int
    expires_us: int | None
    reference: str
    holder: str = ""


def posting(id: TransferId, at_us: int, debit: str, credit: str, amount: Money, reference: str) -> Transfer:
    """A transfer that stands at once."""
    assert amount.grains >= 0, "a transfer moves a positive amount; swap the accounts instead"
    return Transfer(id, at_us, "posted", debit, credit, amount.grains, amount.currency, None, 0, None, reference)


def hold(
    id: TransferId,
    at_us: int,
    debit: str,
    credit: str,
    amount: Money,
    expires_us: int,
    reference: str,
    holder: str = "",
) -> Transfer:
    """Set `amount` aside until it is posted, voided or expired."""
    assert amount.grains >= 0, "a hold sets a positive amount aside"
    grains, currency = amount.grains, amount.currency
    return Transfer(id, at_us, "pending", debit, credit, grains, currency, None, 0, expires_us, reference, holder)


def post(held: Transfer, amount: Money, at_us: int) -> Transfer:
    """Resolve a hold: `amount` (0 to what was held) moves, the rest returns. Raises Conflict otherwise."""
    _demand_pending(held)
    if amount.currency != held.currency or not 0 <= amount.grains <= held.grains:
        message = f"{amount} is outside the hold {held.id} of {held.grains} {held.currency}"
        raise Conflict("exceeds_hold", message)
    return _resolution(held, "posted", amount.grains, at_us)


def void(held: Transfer, at_us: int) -> Transfer:
    """Resolve a hold: all of it returns. Raises Conflict when it is not pending."""
    _demand_pending(held)
    return _resolution(held, "voided", 0, at_us)


def _resolution(held: Transfer, state: State, grains: int, at_us: int) -> Transfer:
    return Transfer(
        TransferId(f"{held.id}.{state}"), at_us, state, held.debit, held.credit, grains, held.currency,
        held.id, held.grains, None, held.reference,
    )  # fmt: skip


def _demand_pending(held: Transfer) -> None:
    if held.state != "pending":
        raise Conflict("hold_not_pending", f"transfer {held.id} is {held.state}, not a hold")
