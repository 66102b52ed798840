"""Refund a payment: set the money aside, have the processor send it, and book it once it was sent."""

from __future__ import annotations

from solvent.audit import store as audit_store
from solvent.audit.act import Act
from solvent.billing import payment_store, reversal_store
from solvent.billing.order import INVOICE, TOP_UP, PaymentOrder, next_look, words_of
from solvent.billing.rails import Rails
from solvent.billing.reversal import RefundOrder, split, wallet_hold
from solvent.billing.take_back_store import kept_of
from solvent.db.port import Connection, Database
from solvent.ledger import pot_store
from solvent.ledger import store as ledger_store
from solvent.ledger.account import wallet
from solvent.ledger.call_in_leases import call_in_leases
from solvent.till.settle_refund import settle_refund
from solvent.values.errors import Conflict, Invalid, Refused, Unavailable
from solvent.values.ids import new_id
from solvent.values.money import Money, minor_units


async def refund(
    id: str,
    amount: Money,
    rails: Rails,
    database: Database,
    act: Act,
    id_entropy: int,
    *,
    why: str = "",
    force: bool = False,
) -> RefundOrder:
    """id: of the order that was paid. A top-up gives back at most what is free in the wallet, unless forced; so does
    what paid an invoice and was credited into the wallet since.

    force: what is not free is our loss. Asked again with the same key, it is the same refund.
    Returns the refund: done; pending while a bank takes its time; or asked, when nobody knows yet: it is found out
    later (`resume_payments`). Raises NotFound, Conflict for an order that was not paid, Invalid for an amount that
    cannot be paid, and Refused for more than is left of it or free, or when the processor will not.
    """
    minor_units(amount)
    order = await database.read(lambda connection: payment_store.order_by_id(connection, id))
    if order.kind in (TOP_UP, INVOICE) and order.is_paid:
        await call_in_leases(wallet(order.customer), order.currency, database)

    def ask(connection: Connection) -> RefundOrder:
        def effect() -> RefundOrder:
            return _ask(connection, id, amount, act, id_entropy, why, force=force)

        refund, _ = audit_store.once(connection, act, "payment.refund", order.customer, effect, RefundOrder)
        return refund

    asked = await database.write(ask)
    try:
        return await settle_refund(asked.id, rails, database, act.at_us)
    except Unavailable:
        return await database.read(lambda connection: reversal_store.refund_by_id(connection, asked.id))


def _ask(
    connection: Connection, id: str, amount: Money, act: Act, id_entropy: int, why: str, *, force: bool
) -> RefundOrder:
    order = payment_store.order_by_id(connection, id)
    gone_grains, gone = reversal_store.gone(connection, id)
    _demand_left(order, amount, order.grains - gone_grains)
    free_grains = pot_store.free(connection, wallet(order.customer), order.currency)
    kept = kept_of(connection, order, amount.grains, act.at_us)
    shares = split(order, gone, gone_grains, amount.grains, free_grains, kept)
    if shares.short and not force:
        free = words_of(Money(max(0, free_grains), order.currency))
        message = f"{free} of the wallet can be given back now; the rest is spent, or set aside for answers under way"
        raise Refused("wallet_not_free", message, param="amount")
    refund = RefundOrder(
        id=new_id("rfd", act.at_us, id_entropy), order_id=id, rail=order.rail, grains=amount.grains,
        vat_grains=shares.vat, wallet_grains=shares.wallet, short_grains=shares.short, currency=order.currency,
        why=why, created_us=act.at_us, look_us=next_look(0, act.at_us),
    )  # fmt: skip
    reversal_store.add_refund(connection, refund)
    held = wallet_hold(order, refund, act.at_us)
    if held is not None:
        ledger_store.append(connection, [held])
        pot_store.touch_customers(connection, [order.customer])
    return refund


def _demand_left(order: PaymentOrder, amount: Money, left_grains: int) -> None:
    if not order.is_paid:
        raise Conflict("order_not_paid", f"order {order.id} is {order.state}; there is nothing to give back")
    if amount.currency != order.currency or amount.grains <= 0:
        message = f"order {order.id} was paid in {order.currency}; give back more than 0 of that"
        raise Invalid("bad_amount", message, param="amount")
    if amount.grains > left_grains:
        left = words_of(Money(left_grains, order.currency))
        message = f"{left} of order {order.id} have not gone back yet; give back at most that"
        raise Refused("refund_exceeds_payment", message, param="amount")
