"""Money that goes back: refunds and disputes of payment orders, and how each is split over the books.

A top-up goes back the way it came: its share of VAT, then the wallet as far as money is free there; what was spent
already is our loss. Shares are cumulative, so that parts sum to the whole exactly. What paid an invoice is asked for
again; what the invoice has given into the wallet since goes back from there.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from solvent.billing.order import INVOICE, TOP_UP, PaymentOrder
from solvent.ledger.account import CHARGEBACKS, PAYMENT_FEES, REFUNDS, VAT_PAYABLE, wallet
from solvent.ledger.transfer import Transfer, hold, posting
from solvent.payments.port import Dispute
from solvent.values.ids import TransferId
from solvent.values.instant import NEVER_US
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money, round_half_even

# asked: we want it, and the processor may not know yet. returned: done, and then it came back to us.
RefundOrderState = Literal["asked", "pending", "done", "failed", "returned"]
UNDER_WAY: Final = frozenset({"asked", "pending"})


class Split(msgspec.Struct, frozen=True):
    """How an amount that goes back is split, in grains. short: what is not there to take back."""

    vat: int = 0
    wallet: int = 0
    short: int = 0


class RefundOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A refund. Its fields are the columns of `payment_refunds`, in their order.

    refund: the processor's id of it; "" until known.
    """

    id: str
    order_id: str
    rail: str
    refund: str = ""
    grains: int
    vat_grains: int
    wallet_grains: int
    short_grains: int
    currency: str
    state: RefundOrderState = "asked"
    why: str = ""
    created_us: int
    done_us: int = 0
    look_us: int = 0
    looks: int = 0

    @property
    def amount(self) -> Money:
        """What goes back to the customer."""
        return Money(self.grains, self.currency)


class DisputeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A chargeback. Its fields are the columns of `payment_disputes`, in their order. closed_us: 0 while it is open."""

    order_id: str
    id: str
    rail: str
    grains: int
    vat_grains: int
    wallet_grains: int
    short_grains: int
    currency: str
    state: Literal["open", "lost", "won"]
    opened_us: int
    closed_us: int = 0


def vat_in(order: PaymentOrder, grains: int) -> int:
    """The VAT in so much of what was paid, in whole minor units; in all of it, all of it."""
    if not order.grains:
        return 0
    return round_half_even(order.vat_grains * grains, order.grains * GRAINS_PER_MINOR_UNIT) * GRAINS_PER_MINOR_UNIT


def split(
    order: PaymentOrder, gone: Split, gone_grains: int, grains: int, free_grains: int, kept_grains: int = 0
) -> Split:
    """Split `grains` of a payment that go back, after `gone_grains` did, split as `gone`.

    free_grains: what can be taken out of the wallet now. kept_grains: what an invoice still has of its payments; it
    takes back so much, and asks for it again.
    """
    if order.kind not in (TOP_UP, INVOICE):
        return Split()
    if order.kind == INVOICE:
        beside = grains - min(grains, max(0, kept_grains))
        taken = min(beside, max(0, free_grains))
        return Split(0, taken, beside - taken)
    # Of all that is gone then, less what was taken before: so the VAT of all parts is all the VAT.
    vat = min(max(0, vat_in(order, gone_grains + grains) - gone.vat), grains)
    taken = min(grains - vat, max(0, free_grains))
    return Split(vat, taken, grains - vat - taken)


def of_invoice(order: PaymentOrder, back: RefundOrder | DisputeRecord) -> Money:
    """The part of what goes back that an invoice takes back, and asks for again."""
    beside = back.vat_grains + back.wallet_grains + back.short_grains
    return Money(back.grains - beside if order.kind == INVOICE else 0, back.currency)


def wallet_hold(order: PaymentOrder, refund: RefundOrder, at_us: int) -> Transfer | None:
    """What is set aside in the wallet until the processor has sent it. Only the refund's end resolves it."""
    if not refund.wallet_grains:
        return None
    amount = Money(refund.wallet_grains, refund.currency)
    id = TransferId(f"{refund.id}.wallet")
    return hold(id, at_us, wallet(order.customer), order.account, amount, NEVER_US, order.id)


def refund_transfers(order: PaymentOrder, refund: RefundOrder, at_us: int) -> list[Transfer]:
    """A refund that was done, but what a hold has set aside."""
    moves = (("vat", VAT_PAYABLE, refund.vat_grains), ("short", f"{REFUNDS}:{order.kind}", refund.short_grains))
    return _moves(refund.id, moves, order, refund.currency, at_us)


def returned_transfers(order: PaymentOrder, refund: RefundOrder, at_us: int) -> list[Transfer]:
    """A refund that was done and came back: the mirror of all it booked."""
    moves = (
        ("back_vat", VAT_PAYABLE, refund.vat_grains),
        ("back_wallet", wallet(order.customer), refund.wallet_grains),
        ("back_short", f"{REFUNDS}:{order.kind}", refund.short_grains),
    )
    return _moves(refund.id, moves, order, refund.currency, at_us, is_back=True)


def dispute_transfers(order: PaymentOrder, dispute: DisputeRecord, at_us: int, *, is_won: bool) -> list[Transfer]:
    """A chargeback that took money from us; or, when it was won, its exact mirror."""
    prefix = "won_" if is_won else ""
    moves = (
        (f"{prefix}vat", VAT_PAYABLE, dispute.vat_grains),
        (f"{prefix}wallet", wallet(order.customer), dispute.wallet_grains),
        (f"{prefix}short", CHARGEBACKS, dispute.short_grains),
    )
    return _moves(f"{order.id}.{dispute.id}", moves, order, dispute.currency, at_us, is_back=is_won)


def dispute_fee_transfer(order: PaymentOrder, dispute: Dispute, at_us: int) -> Transfer:
    """What the processor takes for a dispute, in its own currency; it keeps that even when the dispute is won."""
    assert dispute.fee is not None, "the caller has seen that there is one"
    id = TransferId(f"{order.id}.{dispute.id}.fee")
    return posting(id, at_us, f"{PAYMENT_FEES}:{order.rail}", order.account, dispute.fee, order.id)


def _moves(
    id: str,
    moves: tuple[tuple[str, str, int], ...],
    order: PaymentOrder,
    currency: str,
    at_us: int,
    *,
    is_back: bool = False,
) -> list[Transfer]:
    """From each account to where the money is; or the other way."""
    return [
        posting(
            TransferId(f"{id}.{name}"),
            at_us,
            order.account if is_back else account,
            account if is_back else order.account,
            Money(grains, currency),
            order.id,
        )
        for name, account, grains in moves
        if grains
    ]
