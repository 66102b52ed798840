"""What Solvent asks of a payment processor, and what it says of a payment. `contract.py` proves an adapter.

A processor is believed only when we asked it: a webhook says that there is something to look up, never what to book.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from solvent.values.ids import CustomerId
from solvent.values.limits import PAYMENT_ANSWER_S_MAX
from solvent.values.money import Money

# none: the processor knows of no payment. open: it may still be paid. expired: it cannot be paid any more.
PaymentState = Literal["none", "open", "paid", "failed", "expired"]
RefundState = Literal["pending", "done", "failed"]
# inquiry: the bank asks, nothing was taken. open, lost: the money was taken from us. won: it came back.
DisputeState = Literal["inquiry", "open", "lost", "won"]
EventKind = Literal["paid", "failed", "refunded", "chargeback", "method_saved", "ignored"]


class Due(msgspec.Struct, frozen=True):
    """What a customer is to pay.

    order: our id of it, 6 to 64 letters, digits, "-" or "_"; one order is paid at most once.
    amount: whole minor units; zero when only a method is to be saved.
    name: what the customer reads. return_url: where their browser comes back to. expires_us: not payable from then on.
    save_method: also keep what they pay with, for charges later.
    owner: the processor's name of this customer, from a Method saved before; "" for a new one.
    """

    order: str
    customer: CustomerId
    amount: Money
    name: str
    return_url: str = ""
    expires_us: int = 0
    save_method: bool = False
    owner: str = ""


class Window(msgspec.Struct, frozen=True):
    """A processor's own script, which opens what a customer pays in. Its page allows these origins and no others.

    opener: our script that hands it the checkout's parameters: `web/js/<opener>.js`. script: the address of theirs.
    asks: the origins it asks. leads_to: those it sends forms to.
    """

    opener: str
    script: str
    asks: tuple[str, ...] = ()
    leads_to: tuple[str, ...] = ()


class Checkout(msgspec.Struct, frozen=True):
    """How the customer pays. url: where to send their browser; "" when `parameters` are for a script or to be read.

    reference: the processor's own id of it; "" when it has none. window: whose script the parameters are for.
    """

    reference: str = ""
    url: str = ""
    parameters: dict[str, str] = {}
    window: Window | None = None


class Method(msgspec.Struct, frozen=True):
    """Something saved to charge: a card. label: for people.

    handle, owner: what the processor calls it and its customer; good only with our key, and never shown.
    """

    handle: str
    owner: str
    label: str

    def __repr__(self) -> str:
        return f"Method({self.label!r})"


class Refund(msgspec.Struct, frozen=True):
    """Money that went back. id: the processor's. key: ours, which it was asked with; "" when others asked for it."""

    id: str
    key: str
    amount: Money
    state: RefundState
    why: str = ""


class Dispute(msgspec.Struct, frozen=True):
    """Money that a customer's bank asks back. fee: what the processor takes for it, if known."""

    id: str
    amount: Money
    state: DisputeState
    fee: Money | None = None


class Payment(msgspec.Struct, frozen=True):
    """All that a processor says of one order, now.

    order: our id of it as the processor has kept it; "" when it has none. payment: the processor's id; "" for none.
    amount: what was paid or is asked. fee: what the processor keeps of it; fee_follows: it will be told later.
    method: what was saved on the way. why: the reason of a failure, in words without secrets.
    proof: a secret that the processor repeats in its unsigned webhooks about this payment.
    """

    order: str
    state: PaymentState
    payment: str = ""
    amount: Money | None = None
    fee: Money | None = None
    fee_follows: bool = False
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    method: Method | None = None
    why: str = ""
    proof: str = ""

    def __repr__(self) -> str:
        return f"Payment({self.order!r}, {self.state!r}, {self.payment!r}, {self.amount!r})"


class Event(msgspec.Struct, frozen=True):
    """A webhook, read. Whether it is signed or not, it only says which order to look up.

    id: the processor's; the same for every delivery of it. order, payment: what it is about, as far as it says.
    amount: what it says was paid, if it does; it must agree with what the processor says when asked.
    signed: proven to be the processor's. proof: see `Payment`; None where such an event carries none.
    """

    id: str
    kind: EventKind
    order: str = ""
    payment: str = ""
    amount: Money | None = None
    signed: bool = True
    proof: str | None = None

    def __repr__(self) -> str:
        return f"Event({self.id!r}, {self.kind!r}, {self.order!r}, {self.payment!r}, {self.amount!r})"


class PaymentProcessor(Protocol):
    """Moves money. Adapters are registered in the entry-point group `solvent.payments`.

    Every method that asks the processor raises Unavailable when nobody can know whether it was done: asking again
    with the same order or key is safe and has one effect.
    """

    @property
    def rail(self) -> str:
        """Its name in the configuration, in orders and in the books."""
        ...

    @property
    def currencies(self) -> frozenset[str]:
        """What it takes."""
        ...

    @property
    def is_bank(self) -> bool:
        """Whether money is ours at once (cash), and an operator says when it came; else the processor owes it."""
        ...

    async def begin(self, due: Due) -> Checkout:
        """How the customer pays this; the same for the same order. Raises Refused when it cannot be paid so."""
        ...

    async def confirm(self, due: Due, reference: str, given: Mapping[str, str]) -> Payment:
        """The customer has come back with `given` in the address: finish what is left to do, and say how it stands.

        Raises Refused when `given` is not about this order or this amount.
        """
        ...

    async def charge(self, due: Due, method: Method) -> Payment:
        """Charge a saved method, once for each order. A refusal by the bank is a state, not an error."""
        ...

    async def refund(self, payment: str, amount: Money, key: str, why: str) -> Refund:
        """Give money back, once for each key. payment: the processor's id."""
        ...

    async def forget(self, method: Method) -> None:
        """Never let this method be charged again, by anybody. One that is not known any more is forgotten already."""
        ...

    async def look_up(self, order: str, reference: str) -> Payment:
        """How an order stands. reference: the payment's or checkout's id, as far as known; may be "", or `order`."""
        ...

    def read_event(self, headers: Mapping[str, str], body: bytes, now_us: int) -> Event:
        """Read one webhook. headers: names in lower case.

        Raises Refused when it is not the processor's, and Invalid when it cannot be understood.
        """
        ...

    async def close(self) -> None:
        """Let go of all connections. A second call does nothing."""
        ...


class Settings(msgspec.Struct, frozen=True):
    """What the configuration says of one rail. key, webhook_secret: the secrets themselves, already looked up.

    base_url: where the processor is; "" for its own address. client_key: what a customer's browser may know.
    account: for a bank, what customers are told to send money to.
    """

    rail: str
    currencies: tuple[str, ...]
    base_url: str = ""
    key: str = ""
    webhook_secret: str = ""
    client_key: str = ""
    account: str = ""
    answer_s: float = PAYMENT_ANSWER_S_MAX

    def __repr__(self) -> str:
        return f"Settings({self.rail!r}, {self.base_url!r})"


class OpenProcessor(Protocol):
    """What an entry point in the group `solvent.payments` names: a function that makes a processor."""

    def __call__(self, settings: Settings) -> PaymentProcessor:
        """Raises Invalid when the settings make no sense, such as an empty webhook secret. Connects to nothing yet."""
        ...
