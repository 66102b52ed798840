"""A payment order: what a customer is asked to pay, for what, over which rail, and how it stands.

What a processor says of it is checked against it here: order, rail, amount and currency, before anything is booked.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from solvent.ledger.account import CASH, PAYMENT_FEES, PROCESSOR_RECEIVABLE, VAT_PAYABLE, wallet
from solvent.ledger.transfer import Transfer, posting
from solvent.payments.port import Due, Payment
from solvent.values.ids import CustomerId, TransferId
from solvent.values.instant import US_PER_S
from solvent.values.limits import PAYMENT_WAIT_S_MAX
from solvent.values.money import MINOR_DIGITS, Money, plain

OrderState = Literal["open", "paid", "partly_refunded", "refunded", "charged_back", "failed", "expired"]
PAID_STATES: Final = frozenset({"paid", "partly_refunded", "refunded", "charged_back"})

# What an order is for: one of these words, or "invoice:<id>", or another word that is booked by who gave it.
TOP_UP: Final = "top_up"
METHOD: Final = "method"  # nothing is paid, something is saved to pay with
INVOICE: Final = "invoice"

_FIRST_LOOK_S: Final = 60
_GRACE_S: Final = 3_600  # after its end, before an order is given up: the processor's clock is another


class PaymentOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Its fields are the columns of `payment_orders`, in their order.

    account: where the money is ours, once paid. grains: all that is paid, of which vat_grains are VAT.
    charges: the id of the saved method that is charged; "" when the customer pays in a checkout.
    saves: "method" when what is paid with is kept. reference: the checkout's id at the processor, checkout and
    returned: what the customer was given and brought back, as JSON. payment: the processor's id of the payment.
    fee_currency: "" until the fee is known. why: what went wrong, or does not agree.
    look_us: when to ask the processor again, 0 for never; looks: how often that was done.
    """

    id: str
    customer: CustomerId
    purpose: str
    rail: str
    account: str
    grains: int
    vat_grains: int
    currency: str
    name: str
    state: OrderState = "open"
    charges: str = ""
    saves: Literal["", "method"] = ""
    return_url: str = ""
    created_us: int
    expires_us: int
    reference: str = ""
    checkout: str = ""
    returned: str = ""
    payment: str = ""
    paid_us: int = 0
    refunded_grains: int = 0
    disputed_grains: int = 0
    fee_grains: int = 0
    fee_currency: str = ""
    why: str = ""
    look_us: int = 0
    looks: int = 0

    @property
    def amount(self) -> Money:
        """All that is paid, VAT included."""
        return Money(self.grains, self.currency)

    @property
    def is_paid(self) -> bool:
        """Whether money came, whatever became of it since."""
        return self.state in PAID_STATES

    @property
    def kind(self) -> str:
        """The first word of the purpose."""
        return self.purpose.partition(":")[0]

    @property
    def subject(self) -> str:
        """What of that kind: an invoice's id."""
        return self.purpose.partition(":")[2]


def money_account(rail: str, *, is_bank: bool) -> str:
    """Where money of a rail is ours: in a bank account at once, else owed to us by the processor."""
    return f"{CASH if is_bank else PROCESSOR_RECEIVABLE}:{rail}"


def due(order: PaymentOrder, owner: str = "") -> Due:
    """The order as a processor is asked for it. owner: the processor's name of the customer, if it has one."""
    return Due(
        order.id, order.customer, order.amount, order.name, order.return_url, order.expires_us,
        save_method=bool(order.saves), owner=owner,
    )  # fmt: skip


def disagreement(order: PaymentOrder, payment: Payment) -> str:
    """Why what a processor says cannot be about this order; "" when it agrees. Nothing of the rest is booked."""
    if payment.order != order.id and (payment.order or payment.state == "paid"):
        return f"the processor's payment {payment.payment} is for {payment.order or 'no order of ours'}"
    if order.is_paid and payment.state != "paid":
        return f"was paid, and the processor now says {payment.state}"
    if order.is_paid and payment.payment != order.payment:
        return f"was paid by {order.payment}, and now by {payment.payment} again"
    if payment.state == "paid" and payment.amount != order.amount and (order.grains or payment.amount):
        paid = words_of(payment.amount) if payment.amount else "nothing"
        return f"asks for {words_of(order.amount)}, and {paid} was paid"
    return ""


def words_of(amount: Money) -> str:
    """An amount in words, of whatever currency a processor may name."""
    if amount.currency in MINOR_DIGITS:
        return f"{plain(amount)} {amount.currency}"
    return f"{amount.grains} grains of {amount.currency[:12]!r}"


def settled_state(order: PaymentOrder) -> OrderState:
    """How a paid order stands by what went back of it."""
    assert order.is_paid, "only what was paid goes back"
    assert 0 <= order.refunded_grains + order.disputed_grains <= order.grains, "no more goes back than came"
    if order.disputed_grains:
        return "charged_back"
    if not order.refunded_grains:
        return "paid"
    return "refunded" if order.refunded_grains == order.grains else "partly_refunded"


def top_up_transfers(order: PaymentOrder, at_us: int) -> list[Transfer]:
    """A paid top-up: into the wallet what is to be spent, and the VAT on top to whom it is owed."""
    moves = (
        ("paid", wallet(order.customer), order.grains - order.vat_grains),
        ("vat", VAT_PAYABLE, order.vat_grains),
    )
    return [
        posting(TransferId(f"{order.id}.{name}"), at_us, order.account, to, Money(grains, order.currency), order.id)
        for name, to, grains in moves
        if grains
    ]


def fee_transfer(order: PaymentOrder, fee: Money, at_us: int) -> Transfer:
    """What the processor keeps for the payment, in its own currency."""
    expense = f"{PAYMENT_FEES}:{order.rail}"
    return posting(TransferId(f"{order.id}.fee"), at_us, expense, order.account, fee, order.id)


def first_look(order: PaymentOrder) -> int:
    """When to ask about a new order, should nothing be heard of it."""
    return order.created_us + _FIRST_LOOK_S * US_PER_S


def next_look(looks: int, now_us: int) -> int:
    """When to ask again after so many times in vain: after 1, 2, 4, ... minutes, then every hour."""
    return now_us + min(_FIRST_LOOK_S << min(looks, 20), PAYMENT_WAIT_S_MAX) * US_PER_S


def is_given_up(order: PaymentOrder, now_us: int) -> bool:
    """Whether an open order's time is over, and some more."""
    return now_us >= order.expires_us + _GRACE_S * US_PER_S
