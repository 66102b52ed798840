"""Operations on payments: orders, transfers to the bank, refunds, charges, and what customers saved."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from solvent.billing import payment_store, reversal_store
from solvent.billing.order import OrderState, PaymentOrder
from solvent.billing.payment_store import SavedMethod
from solvent.billing.reversal import RefundOrder
from solvent.console import mismatches
from solvent.console.checkouts import OrderBody, PaymentBody, order_body, payment_of
from solvent.console.members import CURRENCY, NOTE, WORD
from solvent.console.operation import Asked, Nothing, Operation, Page, PageQuery, page_of, reading
from solvent.console.wallets import Amount
from solvent.console.whose import whose
from solvent.db.port import Connection
from solvent.identity.store import known_customer
from solvent.payments.port import Dispute
from solvent.till.book_chargeback import book_chargeback
from solvent.till.charge_order import charge_order
from solvent.till.confirm_transfer import REFUND_PREFIX, confirm_transfer
from solvent.till.refund import refund
from solvent.till.save_method import save_method
from solvent.till.settle_order import settle_order
from solvent.values.errors import Conflict
from solvent.values.ids import CustomerId
from solvent.values.instant import iso
from solvent.values.money import Money, money, plain

RailName = Annotated[str, WORD, Meta(description="a payment rail of the configuration")]
Currency = Annotated[str, CURRENCY, Meta(description="of the amounts; the books' own when left out")]
Note = Annotated[str, NOTE, Meta(description="why, for people")]


class RefundBody(msgspec.Struct, kw_only=True):
    """Money that goes back. wallet: taken from the customer's wallet; short: what is not there and is our loss."""

    object: Literal["payment.refund"] = "payment.refund"
    id: str
    order: str
    state: str
    amount: str
    vat: str
    wallet: str
    short: str
    currency: str
    refund: str | None
    why: str | None
    created_at: str
    done_at: str | None


class DisputeBody(msgspec.Struct, kw_only=True):
    """Money that a customer's bank asks back."""

    object: Literal["payment.dispute"] = "payment.dispute"
    id: str
    state: str
    amount: str
    currency: str


class PaymentDetail(msgspec.Struct, kw_only=True):
    """An order, and what went back of it."""

    object: Literal["payment.detail"] = "payment.detail"
    order: OrderBody
    refunds: list[RefundBody]
    disputes: list[DisputeBody]


class MethodBody(msgspec.Struct, kw_only=True):
    """Something saved to charge. label: as people know it; what the processor keeps is never shown."""

    object: Literal["payment.method"] = "payment.method"
    id: str
    customer: str
    rail: str
    label: str
    created_at: str


class MethodsBody(msgspec.Struct, kw_only=True):
    """What can be charged of a customer, the newest first: that one is, when none is named."""

    object: Literal["list"] = "list"
    data: list[MethodBody]


class RailBody(msgspec.Struct, kw_only=True):
    """One way customers pay. is_bank: transfers are confirmed by hand."""

    object: Literal["payment.rail"] = "payment.rail"
    rail: str
    currencies: list[str]
    is_bank: bool


class RailsBody(msgspec.Struct, kw_only=True):
    """The rails of the configuration."""

    object: Literal["list"] = "list"
    data: list[RailBody]


class PaymentsQuery(PageQuery, forbid_unknown_fields=True, kw_only=True):
    """Which orders."""

    customer: Annotated[str, WORD, Meta(description="only those of this customer")] = ""
    state: Annotated[OrderState | None, Meta(description="only those in this state")] = None


class Transfer(msgspec.Struct, forbid_unknown_fields=True):
    """What the bank statement says."""

    amount: Amount
    memo: Note = ""
    from_suspense: Annotated[bool, Meta(description="it came before and was booked to suspense")] = False


class NewRefund(msgspec.Struct, forbid_unknown_fields=True):
    """What is to go back."""

    amount: Amount
    why: Note = ""
    force: Annotated[bool, Meta(description="what is not free in the wallet is our loss")] = False


class NewDispute(msgspec.Struct, forbid_unknown_fields=True):
    """A chargeback that the processor does not tell by itself."""

    dispute: Annotated[str, Meta(description="the bank's or processor's id of it", min_length=1), WORD]
    state: Annotated[Literal["open", "lost", "won"], Meta(description="how it stands")]
    amount: Amount


class NewCharge(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be charged of what a customer saved."""

    purpose: Annotated[str, Meta(description="top_up, or invoice:ID", min_length=1), WORD]
    amount: Amount
    name: Annotated[str, Meta(description="what the customer reads", min_length=1), WORD] = "Solvent"
    method: Annotated[str, Meta(description="a saved method's id; the newest when left out"), WORD] = ""


class NewMethod(msgspec.Struct, forbid_unknown_fields=True):
    """Something to save, to charge it later."""

    rail: RailName


def refund_body(refund: RefundOrder) -> RefundBody:
    """A refund as JSON."""
    vat, wallet, short = (
        plain(Money(grains, refund.currency))
        for grains in (refund.vat_grains, refund.wallet_grains, refund.short_grains)
    )
    return RefundBody(
        id=refund.id, order=refund.order_id, state=refund.state, amount=plain(refund.amount), vat=vat, wallet=wallet,
        short=short, currency=refund.currency, refund=refund.refund or None, why=refund.why or None,
        created_at=iso(refund.created_us), done_at=iso(refund.done_us) if refund.done_us else None,
    )  # fmt: skip


async def orders(asked: Asked[PaymentsQuery, Nothing]) -> Page[OrderBody]:
    """List payment orders, newest first."""
    query = asked.query
    customer = CustomerId(query.customer) if query.customer else None
    look = partial(
        payment_store.orders_page, customer=customer, before=query.cursor, count=query.limit + 1, state=query.state
    )
    rows, cursor = page_of(await asked.business.database.read(look), query.limit, lambda order: order.id)
    return Page([order_body(order) for order in rows], cursor)


async def show(asked: Asked[Nothing, Nothing]) -> PaymentDetail:
    """Show one order, and what went back of it."""
    id = asked.path["order"]

    def look(connection: Connection) -> PaymentDetail:
        order = payment_store.order_by_id(connection, id)
        return PaymentDetail(
            order=order_body(order),
            refunds=[refund_body(one) for one in reversal_store.refunds_of(connection, id)],
            disputes=[
                DisputeBody(
                    id=one.id, state=one.state, amount=plain(Money(one.grains, order.currency)), currency=order.currency
                )
                for one in reversal_store.disputes_of(connection, id)
            ],
        )

    return await asked.business.database.read(look)


async def confirm(asked: Asked[Nothing, Transfer]) -> OrderBody:
    """Confirm that a bank transfer came, or that a refund was sent: then it is booked.

    The id is the order's, or the refund's.
    """
    id, body = asked.path["order"], asked.body
    currency = await asked.business.database.read(lambda connection: _currency_of(connection, id))
    amount = money(body.amount, currency)
    done = await confirm_transfer(
        id, amount, asked.business.payments.rails, asked.business.database, asked.act, memo=body.memo,
        from_suspense=body.from_suspense,
    )  # fmt: skip
    return order_body(done)


def _currency_of(connection: Connection, id: str) -> str:
    if id.startswith(REFUND_PREFIX):
        return reversal_store.refund_by_id(connection, id).currency
    return payment_store.order_by_id(connection, id).currency


async def give_back(asked: Asked[Nothing, NewRefund]) -> RefundBody:
    """Refund a payment, whole or in part. A top-up gives back at most what is free in the wallet, unless forced."""
    business, body = asked.business, asked.body
    order = await _order(asked)
    made = await refund(
        order.id, money(body.amount, order.currency), business.payments.rails, business.database, asked.act,
        business.entropy(), why=body.why, force=body.force,
    )  # fmt: skip
    return refund_body(made)


async def charge_back(asked: Asked[Nothing, NewDispute]) -> OrderBody:
    """Book a chargeback that the processor does not tell by itself."""
    order, body = await _order(asked), asked.body
    dispute = Dispute(body.dispute, money(body.amount, order.currency), body.state)
    return order_body(await book_chargeback(order.id, dispute, asked.business.database, asked.act))


async def _order(asked: Asked[Nothing, Any]) -> PaymentOrder:
    id = asked.path["order"]
    return await asked.business.database.read(lambda connection: payment_store.order_by_id(connection, id))


async def look_up(asked: Asked[Nothing, Nothing]) -> OrderBody:
    """Ask the processor how an order stands, and book what it says: when a webhook did not come."""
    business = asked.business
    settled = await settle_order(
        asked.path["order"], business.payments.rails, business.database, asked.act.at_us
    )  # fmt: skip
    if settled.problem:
        raise Conflict("payment_disagrees", f"{settled.problem}; nothing was booked, look at the processor's page")
    return order_body(settled.order)


async def charge(asked: Asked[Nothing, NewCharge]) -> OrderBody:
    """Charge what a customer saved, now."""
    business, body = asked.business, asked.body
    made = await charge_order(
        await whose(asked), body.purpose, money(body.amount, business.currency), body.name,
        business.payments.rails, business.database, asked.act, business.entropy(), method=body.method,
    )  # fmt: skip
    return order_body(made)


async def methods(asked: Asked[Nothing, Nothing]) -> MethodsBody:
    """List what a customer saved to pay with."""
    id = CustomerId(asked.path["customer"])

    def look(connection: Connection) -> list[SavedMethod]:
        known_customer(connection, id)
        return payment_store.methods_of(connection, id)

    found = await asked.business.database.read(look)
    return MethodsBody(
        data=[
            MethodBody(id=one.id, customer=one.customer, rail=one.rail, label=one.label, created_at=iso(one.created_us))
            for one in found
        ]
    )


async def save(asked: Asked[Nothing, NewMethod]) -> PaymentBody:
    """Ask a customer for something to charge later, without paying now. The answer says where they give it."""
    business, rail = asked.business, asked.body.rail
    opened = await save_method(
        await whose(asked), business.currency, rail, business.payments.rails, business.database,
        asked.act, business.entropy(), return_url=business.payments.return_url(rail),
    )  # fmt: skip
    return payment_of(opened)


async def rails(asked: Asked[Nothing, Nothing]) -> RailsBody:
    """List the rails customers can pay over."""
    known = asked.business.payments.rails.processors
    return RailsBody(
        data=[
            RailBody(rail=name, currencies=sorted(known[name].currencies), is_bank=known[name].is_bank)
            for name in sorted(known)
        ]
    )


_ORDER: Final = "/v1/payments/{order}"
_CUSTOMER: Final = "/v1/customers/{customer}"
LIST = reading("/v1/payments", "payments.read", orders, PaymentsQuery, Page[OrderBody])
SHOW = reading(_ORDER, "payments.read", show, Nothing, PaymentDetail)
CONFIRM = Operation(
    "POST", f"{_ORDER}/confirm", "payments.write", confirm, Nothing, Transfer, OrderBody, is_money=True,
    touches_callers=True,
)  # fmt: skip
REFUND = Operation(
    "POST", f"{_ORDER}/refund", "payments.write", give_back, Nothing, NewRefund, RefundBody, is_money=True
)
CHARGEBACK = Operation(
    "POST", f"{_ORDER}/chargeback", "payments.write", charge_back, Nothing, NewDispute, OrderBody, is_money=True
)
LOOK_UP = Operation(
    "POST", f"{_ORDER}/look-up", "payments.write", look_up, Nothing, Nothing, OrderBody, is_money=True,
    touches_callers=True,
)  # fmt: skip
CHARGE = Operation(
    "POST", f"{_CUSTOMER}/charges", "payments.write", charge, Nothing, NewCharge, OrderBody, is_money=True
)
METHODS = reading(f"{_CUSTOMER}/methods", "payments.read", methods, Nothing, MethodsBody)
SAVE = Operation("POST", f"{_CUSTOMER}/methods", "payments.write", save, Nothing, NewMethod, PaymentBody)
RAILS = reading("/v1/rails", "payments.read", rails, Nothing, RailsBody)
OPERATIONS = (
    LIST, mismatches.LIST, SHOW, LOOK_UP, CONFIRM, REFUND, CHARGEBACK, CHARGE, METHODS, SAVE, RAILS,
)  # fmt: skip
