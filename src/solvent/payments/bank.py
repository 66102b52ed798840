"""Bank transfers by hand: the customer is told where to send money, and an operator says what came.

No network is involved: what a bank knows, a person reads from its statement and confirms.
"""

from __future__ import annotations

from collections.abc import Mapping

from solvent.payments import failures
from solvent.payments.port import Checkout, Due, Event, Method, Payment, PaymentProcessor, Refund, Settings
from solvent.values.money import Money, minor_units, plain

CODE_CHARACTERS = 8  # of an order's id: enough to tell transfers apart, short enough for a bank's memo field


def open_processor(settings: Settings) -> PaymentProcessor:
    """See `OpenProcessor`."""
    return Bank(settings)


class Bank:
    """One bank account of ours."""

    is_bank = True

    def __init__(self, settings: Settings) -> None:
        if not settings.account.strip():
            raise failures.no_secret(settings.rail, "account", "customers must be told where to send money")
        self.rail = settings.rail
        self.currencies = frozenset(settings.currencies)
        self._account = settings.account

    def __repr__(self) -> str:
        return f"Bank({self.rail!r})"

    async def begin(self, due: Due) -> Checkout:
        """See `PaymentProcessor.begin`. memo: what the customer writes as the sender's note."""
        minor_units(due.amount)  # raises for what cannot be paid
        amount = f"{plain(due.amount)} {due.amount.currency}"
        memo = due.order[-CODE_CHARACTERS:].upper()
        return Checkout(due.order, parameters={"account": self._account, "amount": amount, "memo": memo})

    async def confirm(self, due: Due, reference: str, given: Mapping[str, str]) -> Payment:
        """See `PaymentProcessor.confirm`. A customer's word is not a bank's."""
        return Payment(due.order, "open", amount=due.amount)

    async def charge(self, due: Due, method: Method) -> Payment:
        """See `PaymentProcessor.charge`."""
        raise failures.cannot_charge(self.rail)

    async def refund(self, payment: str, amount: Money, key: str, why: str) -> Refund:
        """See `PaymentProcessor.refund`. Pending until an operator has sent it and says so."""
        return Refund(key, key, amount, "pending")

    async def forget(self, method: Method) -> None:
        """See `PaymentProcessor.forget`. Nothing was ever saved here."""

    async def look_up(self, order: str, reference: str) -> Payment:
        """See `PaymentProcessor.look_up`."""
        return Payment(order, "open")

    def read_event(self, headers: Mapping[str, str], body: bytes, now_us: int) -> Event:
        """See `PaymentProcessor.read_event`."""
        raise failures.no_webhooks(self.rail)

    async def close(self) -> None:
        """See `PaymentProcessor.close`."""
