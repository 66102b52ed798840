"""Makes payment orders: what is asked is checked against the wallet or the invoice it is for, and written."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from solvent.billing import payment_store
from solvent.billing.asking import Asking, order_of
from solvent.billing.order import INVOICE, METHOD, TOP_UP, PaymentOrder
from solvent.billing.rails import Rails
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.invoice import InvoiceId, payable_grains
from solvent.invoicing.tax import split
from solvent.ledger import pot_store
from solvent.ledger.account import wallet
from solvent.values.errors import Conflict, Invalid, NotFound
from solvent.values.ids import CustomerId
from solvent.values.money import Money, minor_units, of_minor_units, plain


def make_order(connection: Connection, rails: Rails, asking: Asking, now_us: int, id_entropy: int) -> PaymentOrder:
    """Write the order that was asked for.

    Raises Invalid, Refused, NotFound or Conflict for what cannot be paid so.
    """
    processor = rails.processor(asking.rail)
    rails.demand_currency(asking.rail, asking.amount.currency)
    kind, _, subject = asking.purpose.partition(":")
    rails.demand_purpose(kind)
    if kind == INVOICE:
        _demand_due(connection, asking, subject)
    if kind == METHOD and processor.is_bank:
        message = f"transfers over {asking.rail} save nothing to charge later; name a rail that takes cards"
        raise Invalid("bad_purpose", message, param="rail")
    order = order_of(asking, now_us, id_entropy, is_bank=processor.is_bank)
    if order.kind == TOP_UP:
        _demand_wallet(connection, order)
    elif order.charges:
        _demand_no_other_charge(connection, order)
    payment_store.add_order(connection, order)
    return order


def vat_on_top(connection: Connection, customer: CustomerId, amount: Money, at_us: int) -> Money:
    """The VAT that a top-up is charged on top: where prices are without it. Elsewhere it is owed on use, not now."""
    tax = invoicing_store.profile_at(connection, customer, at_us).tax
    if tax.treatment != "exclusive":
        return Money(0, amount.currency)
    return of_minor_units(split(minor_units(amount), tax).vat, amount.currency)


def vat_within(connection: Connection, customer: CustomerId, paid: Money, at_us: int) -> Money:
    """The VAT in what is paid into a wallet, where prices are without it: what `vat_on_top` was added to."""
    tax = invoicing_store.profile_at(connection, customer, at_us).tax
    if tax.treatment != "exclusive":
        return Money(0, paid.currency)
    contained = msgspec.structs.replace(tax, treatment="inclusive")
    return of_minor_units(split(minor_units(paid), contained).vat, paid.currency)


def due_of(connection: Connection, customer: CustomerId, invoice: str) -> Money:
    """What an invoice of a customer still asks for; 0 or less when nothing. Raises NotFound for another's too."""
    document, standing = invoicing_store.invoice_by_id(connection, InvoiceId(invoice))
    if document.customer != customer or document.kind != "invoice":
        raise NotFound("no_such_invoice", f"there is no invoice {invoice[:60]!r} of this customer", param="invoice")
    return Money(payable_grains(document.total.grains, standing), document.currency)


def _demand_due(connection: Connection, asking: Asking, invoice: str) -> None:
    due = due_of(connection, asking.customer, invoice)
    amount = asking.amount
    if amount.currency != due.currency or not 0 < amount.grains <= due.grains:
        message = f"invoice {invoice} asks for {plain(due)} {due.currency} now; it takes no other payment"
        raise Conflict("invoice_not_due", message, param="amount")


def _demand_no_other_charge(connection: Connection, order: PaymentOrder) -> None:
    """A charge whose end nobody knows yet may have been made: a second one could pay twice."""
    for other in payment_store.orders_for(connection, order.purpose):
        if other.state == "open" and other.charges:
            message = f"{order.purpose} is being charged by {other.id}, whose end is not known yet; wait for that"
            raise Conflict("payment_under_way", message, retry_after_s=60)


def _demand_wallet(connection: Connection, order: PaymentOrder) -> None:
    account = wallet(order.customer)
    for pot in pot_store.pots_of(connection, order.customer):
        if pot.account == account and pot.unit != order.currency:
            message = f"the wallet is kept in {pot.unit}, not in {order.currency}; top it up in {pot.unit}"
            raise Invalid("wrong_currency", message, param="currency")
