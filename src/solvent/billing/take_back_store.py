"""Books what went back of a paid order: refunds, ours and others', and disputes, opened, lost and won."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec
from sqlalchemy import Connection

from solvent.audit import store as audit_store
from solvent.audit.act import by_system
from solvent.billing import credit_store, invoice_store, paper_store, reversal_store, set_off_store
from solvent.billing.order import INVOICE, TOP_UP, PaymentOrder, next_look, settled_state, words_of
from solvent.billing.owed_store import lend_again
from solvent.billing.reversal import (
    UNDER_WAY,
    DisputeRecord,
    RefundOrder,
    dispute_fee_transfer,
    dispute_transfers,
    of_invoice,
    refund_transfers,
    returned_transfers,
    split,
    wallet_hold,
)
from solvent.billing.wallet_store import rest_of
from solvent.invoicing.invoice import InvoiceId
from solvent.ledger import pot_store
from solvent.ledger import store as ledger_store
from solvent.ledger.account import CHARGEBACKS, REFUNDS, wallet
from solvent.ledger.transfer import Transfer, post, posting, void
from solvent.payments.port import Dispute, Payment, Refund
from solvent.values.ids import TransferId, new_id
from solvent.values.money import Money

# The order as it is then, what was booked in words, and what does not agree; "" when all does.
TakenBack = tuple[PaymentOrder, list[str], str]
BY_OTHERS: Final = "made at the processor"


def takes_from_wallet(connection: Connection, order: PaymentOrder, payment: Payment) -> bool:
    """Whether something went back that is not booked yet, that we did not ask for, and that the wallet may bear."""
    if order.kind not in (TOP_UP, INVOICE) or not (payment.refunds or payment.disputes):
        return False
    disputed = {kept.id for kept in reversal_store.disputes_of(connection, order.id)}
    refunds = [refund for refund in payment.refunds if refund.state != "failed"]
    return any(_known(connection, order, refund) is None for refund in refunds) or any(
        dispute.id not in disputed and dispute.state in ("open", "lost") for dispute in payment.disputes
    )


def take_back_refund(connection: Connection, order: PaymentOrder, refund: Refund, at_us: int) -> TakenBack:
    """Bring one refund to what the processor says of it."""
    if refund.amount.currency != order.currency:
        return order, [], f"refund {refund.id} is of {words_of(refund.amount)}"
    known = _known(connection, order, refund)
    if known is None:
        return _by_others(connection, order, refund, at_us)
    if known.grains != refund.amount.grains:
        wrong = f"refund {known.id} is of {words_of(known.amount)}, and {words_of(refund.amount)} went back"
        return order, [], wrong
    if refund.state == "done" and known.state in UNDER_WAY:
        return refund_done(connection, order, known, refund.id, at_us), ["refunded"], ""
    if refund.state == "failed" and known.state in UNDER_WAY:
        refund_failed(connection, order, known, refund.why, at_us)
        return order, ["refund failed"], ""
    if refund.state == "failed" and known.state == "done":
        return _returned(connection, order, known, at_us), ["refund returned"], ""
    if refund.state == "pending" and known.state == "asked":
        pending = msgspec.structs.replace(known, state="pending", refund=refund.id)
        reversal_store.set_refund(connection, pending)
    return order, [], ""


def refund_done(
    connection: Connection, order: PaymentOrder, known: RefundOrder, refund: str, at_us: int
) -> PaymentOrder:
    """The money is with the customer: post what was set aside, and the rest."""
    rows = refund_transfers(order, known, at_us)
    held = wallet_hold(order, known, known.created_us)
    if held is not None:
        rows.append(post(held, Money(known.wallet_grains, known.currency), at_us))
    _append(connection, order, rows)
    _ask_again(connection, order, known, f"{REFUNDS}:{order.kind}", at_us, known.id)
    paper_store.note_back(connection, order, known, at_us)
    done = msgspec.structs.replace(known, state="done", refund=refund or known.refund, done_us=at_us, look_us=0)
    reversal_store.set_refund(connection, done)
    _record(connection, order, f"{known.id}/done", "payment.refunded", words_of(known.amount), at_us)
    return _standing(order, refunded=known.grains)


def refund_failed(connection: Connection, order: PaymentOrder, known: RefundOrder, why: str, at_us: int) -> None:
    """Nothing went back: what was set aside is free again."""
    held = wallet_hold(order, known, known.created_us)
    if held is not None:
        _append(connection, order, [void(held, at_us)])
    failed = msgspec.structs.replace(known, state="failed", why=why, done_us=at_us, look_us=0)
    reversal_store.set_refund(connection, failed)
    _record(connection, order, f"{known.id}/failed", "payment.refund_failed", why, at_us)


def take_back_dispute(connection: Connection, order: PaymentOrder, dispute: Dispute, at_us: int) -> TakenBack:
    """Bring one dispute to what the processor says of it. An inquiry takes nothing."""
    if dispute.state == "inquiry":
        return order, [], ""
    known = next((kept for kept in reversal_store.disputes_of(connection, order.id) if kept.id == dispute.id), None)
    if known is None:
        return _disputed(connection, order, dispute, at_us) if dispute.state != "won" else (order, [], "")
    fees = ["chargeback fee"] if _book_fee(connection, order, dispute, at_us) else []
    if known.state == "open" and dispute.state == "lost":
        lost = msgspec.structs.replace(known, state="lost", closed_us=at_us)
        reversal_store.put_dispute(connection, lost, is_new=False)
        paper_store.note_back(connection, order, lost, at_us)
        if order.kind == INVOICE:
            set_off_store.owe_again(connection, InvoiceId(order.subject))
        return order, [*fees, "chargeback lost"], ""
    if known.state != "won" and dispute.state == "won":
        return _won(connection, order, known, at_us), [*fees, "chargeback won"], ""
    return order, fees, ""


def _book_fee(connection: Connection, order: PaymentOrder, dispute: Dispute, at_us: int) -> bool:
    """What the processor takes for a dispute, once, whenever it tells: some tell after the dispute itself."""
    if dispute.fee is None or dispute.fee.grains <= 0:
        return False
    row = dispute_fee_transfer(order, dispute, at_us)
    if any(booked.id == row.id for booked in ledger_store.transfers_of(connection, row.id)):
        return False
    _append(connection, order, [row])
    return True


def _known(connection: Connection, order: PaymentOrder, refund: Refund) -> RefundOrder | None:
    """Ours by its key, or one of others that was booked before. One that was given up and is done now is another."""
    for kept in reversal_store.refunds_of(connection, order.id):
        is_it = kept.id == refund.key or (refund.id != "" and kept.refund == refund.id)
        if is_it and (kept.state != "failed" or refund.state == "failed"):
            return kept
    return None


def _by_others(connection: Connection, order: PaymentOrder, refund: Refund, at_us: int) -> TakenBack:
    """Somebody gave money back at the processor itself: it is gone, so the wallet gives what is free in it."""
    if refund.state == "failed":
        return order, [], ""
    gone_grains, gone = reversal_store.gone(connection, order.id)
    if gone_grains + refund.amount.grains > order.grains:
        return order, [], f"refund {refund.id} of {words_of(refund.amount)} is more than was left of the payment"
    kept = kept_of(connection, order, refund.amount.grains, at_us)
    shares = split(order, gone, gone_grains, refund.amount.grains, _free(connection, order), kept)
    entropy = int.from_bytes(sha256(f"{order.rail}/{refund.id}".encode()).digest()[:8], "big")
    record = RefundOrder(
        id=new_id("rfd", at_us, entropy), order_id=order.id, rail=order.rail, refund=refund.id,
        grains=refund.amount.grains, vat_grains=shares.vat, wallet_grains=shares.wallet, short_grains=shares.short,
        currency=order.currency, state="pending", why=BY_OTHERS, created_us=at_us, look_us=next_look(0, at_us),
    )  # fmt: skip
    reversal_store.add_refund(connection, record)
    held = wallet_hold(order, record, at_us)
    if held is not None:
        _append(connection, order, [held])
    if refund.state == "pending":
        return order, ["refund pending"], ""
    return refund_done(connection, order, record, refund.id, at_us), ["refunded"], ""


def _returned(connection: Connection, order: PaymentOrder, known: RefundOrder, at_us: int) -> PaymentOrder:
    """A refund came back to us: undo it."""
    _append(connection, order, returned_transfers(order, known, at_us))
    _pay_again(connection, order, known, at_us, f"{known.id}.returned")
    paper_store.note_returned(connection, order, known, at_us)
    returned = msgspec.structs.replace(known, state="returned", done_us=at_us)
    reversal_store.set_refund(connection, returned)
    _record(connection, order, f"{known.id}/returned", "payment.refund_returned", words_of(known.amount), at_us)
    return _standing(order, refunded=-known.grains)


def _disputed(connection: Connection, order: PaymentOrder, dispute: Dispute, at_us: int) -> TakenBack:
    gone_grains, gone = reversal_store.gone(connection, order.id)
    grains = dispute.amount.grains
    if dispute.amount.currency != order.currency or not 0 < grains <= order.grains - gone_grains:
        wrong = f"dispute {dispute.id} of {words_of(dispute.amount)} is not within what is left of the payment"
        return order, [], wrong
    shares = split(
        order, gone, gone_grains, grains, _free(connection, order), kept_of(connection, order, grains, at_us)
    )
    record = DisputeRecord(
        rail=order.rail, id=dispute.id, order_id=order.id, grains=grains, vat_grains=shares.vat,
        wallet_grains=shares.wallet, short_grains=shares.short, currency=order.currency,
        state="lost" if dispute.state == "lost" else "open", opened_us=at_us,
        closed_us=at_us if dispute.state == "lost" else 0,
    )  # fmt: skip
    reversal_store.put_dispute(connection, record, is_new=True)
    if record.state == "lost":
        paper_store.note_back(connection, order, record, at_us)
    _append(connection, order, dispute_transfers(order, record, at_us, is_won=False))
    _book_fee(connection, order, dispute, at_us)
    _ask_again(connection, order, record, CHARGEBACKS, at_us, f"{order.rail}/{dispute.id}")
    if record.state == "lost" and order.kind == INVOICE:
        set_off_store.owe_again(connection, InvoiceId(order.subject))
    _record(connection, order, f"{dispute.id}/opened", "payment.charged_back", words_of(dispute.amount), at_us)
    return _standing(order, disputed=grains), ["charged back"], ""


def _won(connection: Connection, order: PaymentOrder, known: DisputeRecord, at_us: int) -> PaymentOrder:
    """The money came back to us: undo it exactly."""
    _append(connection, order, dispute_transfers(order, known, at_us, is_won=True))
    _pay_again(connection, order, known, at_us, f"{order.rail}/{known.id}.won")
    paper_store.note_returned(connection, order, known, at_us)
    won = msgspec.structs.replace(known, state="won", closed_us=at_us)
    reversal_store.put_dispute(connection, won, is_new=False)
    _record(connection, order, f"{known.id}/won", "payment.chargeback_won", str(known.grains), at_us)
    return _standing(order, disputed=-known.grains)


def kept_of(connection: Connection, order: PaymentOrder, wanted: int, at_us: int) -> int:
    """What the invoice that an order paid still has of all payments, when so much is to go back: not what was given
    into the wallet, and not what went back. What it never asked for of this one goes back from the wallet first."""
    if order.kind != INVOICE:
        return 0
    _, gone = reversal_store.gone(connection, order.id)
    asked = wanted - max(0, rest_of(connection, order).grains - gone.wallet - gone.short)
    if asked <= 0:
        return 0
    return min(asked, set_off_store.kept_by_invoice(connection, InvoiceId(order.subject), asked, at_us))


def _ask_again(
    connection: Connection, order: PaymentOrder, back: RefundOrder | DisputeRecord, loss: str, at_us: int, step: str
) -> None:
    """The invoice asks again for what it gives back; what it has not any more by then is our loss."""
    wanted = of_invoice(order, back)
    there = Money(min(wanted.grains, kept_of(connection, order, wanted.grains, at_us)), back.currency)
    if there.grains:
        invoice_store.give_back(connection, InvoiceId(order.subject), there, order.account, at_us, step)
    if wanted.grains > there.grains:
        row = posting(TransferId(f"{order.id}.{back.id}.beside"), at_us, loss, order.account, wanted - there, order.id)
        ledger_store.append(connection, [row])


def _pay_again(
    connection: Connection, order: PaymentOrder, back: RefundOrder | DisputeRecord, at_us: int, step: str
) -> None:
    """What came back to us undoes what we lost when it went (`_ask_again`), and pays the invoice that asked again: what
    that does not ask for any more is the customer's."""
    came = of_invoice(order, back)
    lost = Money(0, came.currency)
    beside = f"{order.id}.{back.id}.beside"
    row = next((row for row in ledger_store.transfers_of(connection, beside) if row.id == beside), None)
    if row is not None:
        lost = Money(row.grains, row.currency)
        mirror = posting(TransferId(f"{beside}.back"), at_us, row.credit, row.debit, lost, order.id)
        ledger_store.append(connection, [mirror])
    if came.grains > lost.grains:
        id = InvoiceId(order.subject)
        invoice_store.take_again(connection, id, came - lost, order.account, at_us, step)
        credit_store.return_too_much(connection, id, f"{step}.too_much", at_us)
        lend_again(connection, id, at_us)


def _standing(order: PaymentOrder, *, refunded: int = 0, disputed: int = 0) -> PaymentOrder:
    moved = msgspec.structs.replace(
        order, refunded_grains=order.refunded_grains + refunded, disputed_grains=order.disputed_grains + disputed
    )
    return msgspec.structs.replace(moved, state=settled_state(moved))


def _free(connection: Connection, order: PaymentOrder) -> int:
    return pot_store.free(connection, wallet(order.customer), order.currency)


def _append(connection: Connection, order: PaymentOrder, rows: list[Transfer]) -> None:
    if rows:
        ledger_store.append(connection, rows)
        pot_store.touch_customers(connection, [order.customer])


def _record(connection: Connection, order: PaymentOrder, step: str, action: str, what: str, at_us: int) -> None:
    act = by_system(f"payment/{order.id}/{step}", at_us)
    audit_store.once(connection, act, action, order.customer, lambda: what, str)
