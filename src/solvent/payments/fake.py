"""A payment processor in memory: for tests, for plug-in authors, and for a look without a network.

It is a real processor by the contract: one payment an order, one refund a key, signed webhooks, and trouble on request.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from hashlib import sha256

import msgspec

from solvent.payments import failures
from solvent.payments.port import (
    Checkout,
    Dispute,
    Due,
    Event,
    EventKind,
    Method,
    Payment,
    PaymentProcessor,
    Refund,
    Settings,
)
from solvent.values.instant import US_PER_S
from solvent.values.limits import WEBHOOK_AGE_S_MAX
from solvent.values.money import Money, minor_units

GOOD_CARD = Method("card_good", "fake", "good card")
BAD_CARD = Method("card_bad", "fake", "bad card")
SECRET = "signs the webhooks of a fake"
_SIGNATURE = "x-fake-signature"
_AT = "x-fake-at"


def open_processor(settings: Settings) -> PaymentProcessor:
    """See `OpenProcessor`."""
    if not settings.webhook_secret.strip():
        raise failures.no_secret(settings.rail, "webhook_secret", "without it anybody could send webhooks")
    return FakeProcessor(settings.rail, settings.currencies, settings.webhook_secret)


class FakeProcessor:
    """See `PaymentProcessor`. payments: what it knows, by order. forgotten: the handles it was told to forget.

    breaks_before, breaks_after: so many calls fail before, or after, they had their effect.
    """

    is_bank = False

    def __init__(self, rail: str = "fake", currencies: Iterable[str] = ("KRW", "USD"), secret: str = SECRET) -> None:
        self.rail = rail
        self.currencies = frozenset(currencies)
        self.payments: dict[str, Payment] = {}
        self.calls: list[str] = []
        self.breaks_before = 0
        self.breaks_after = 0
        self._secret = secret.encode()
        self.forgotten: set[str] = set()
        self._saving: set[str] = set()
        self._closed = False

    def __repr__(self) -> str:
        return f"FakeProcessor({self.rail!r})"

    async def begin(self, due: Due) -> Checkout:
        """See `PaymentProcessor.begin`."""
        self._called("begin")
        minor_units(due.amount)  # raises for what cannot be paid
        self.payments.setdefault(due.order, Payment(due.order, "open", amount=due.amount))
        if due.save_method:
            self._saving.add(due.order)
        self._break_after()
        return Checkout(due.order, f"https://fake.example/{due.order}")

    async def confirm(self, due: Due, reference: str, given: Mapping[str, str]) -> Payment:
        """See `PaymentProcessor.confirm`."""
        if given.get("order", due.order) != due.order:
            raise failures.return_mismatch(self.rail, "order")
        return await self.look_up(due.order, reference)

    async def charge(self, due: Due, method: Method) -> Payment:
        """See `PaymentProcessor.charge`."""
        self._called("charge")
        minor_units(due.amount)
        if due.order not in self.payments:
            if method.handle == BAD_CARD.handle or method.handle in self.forgotten:
                why = "declined: no funds" if method.handle == BAD_CARD.handle else "unknown: this card was removed"
                self.payments[due.order] = Payment(due.order, "failed", amount=due.amount, why=why)
            else:
                self.pay(due.order, due.amount)
        self._break_after()
        return self.payments[due.order]

    async def refund(self, payment: str, amount: Money, key: str, why: str) -> Refund:
        """See `PaymentProcessor.refund`."""
        self._called("refund")
        paid = next((known for known in self.payments.values() if known.payment == payment), None)
        if paid is None or paid.amount is None:
            raise failures.refused(self.rail, f"no payment {payment}")
        known = [refund for refund in paid.refunds if refund.key == key]
        if not known:
            left = paid.amount.grains - sum(refund.amount.grains for refund in paid.refunds)
            if amount.grains > left or amount.currency != paid.amount.currency:
                raise failures.refused(self.rail, "more than is left of the payment")
            known = [self.give_back(paid.order, amount, key)]
        self._break_after()
        return known[0]

    async def forget(self, method: Method) -> None:
        """See `PaymentProcessor.forget`."""
        self._called("forget")
        self.forgotten.add(method.handle)
        self._break_after()

    async def look_up(self, order: str, reference: str) -> Payment:
        """See `PaymentProcessor.look_up`."""
        self._called("look_up")
        known = self.payments.get(order)
        if known is None:
            named = (payment for payment in self.payments.values() if reference and payment.payment == reference)
            known = next(named, Payment(order, "none"))
        return known

    def read_event(self, headers: Mapping[str, str], body: bytes, now_us: int) -> Event:
        """See `PaymentProcessor.read_event`."""
        at = headers.get(_AT, "")
        if not hmac.compare_digest(headers.get(_SIGNATURE, "").encode(), self._sign(at, body).encode()):
            raise failures.bad_signature(self.rail, "its signature is not of our secret")
        if abs(now_us - int(at)) > WEBHOOK_AGE_S_MAX * US_PER_S:
            raise failures.bad_signature(self.rail, "it is too old")
        try:
            return msgspec.json.decode(body, type=Event)
        except failures.UNREADABLE as wrong:
            raise failures.unreadable_webhook(self.rail, str(wrong)) from None

    async def close(self) -> None:
        """See `PaymentProcessor.close`."""
        self._closed = True

    # What happens at the processor without us

    def pay(self, order: str, amount: Money, fee: Money | None = None) -> Payment:
        """A customer pays."""
        method = GOOD_CARD if order in self._saving else None
        self.payments[order] = Payment(order, "paid", f"pay_{order}", amount, fee, method=method)
        return self.payments[order]

    def give_back(self, order: str, amount: Money, key: str = "") -> Refund:
        """A refund is made, by somebody else when it has no key of ours."""
        paid = self.payments[order]
        refund = Refund(f"ref_{order}_{len(paid.refunds)}", key, amount, "done")
        self.payments[order] = msgspec.structs.replace(paid, refunds=(*paid.refunds, refund))
        return refund

    def dispute(self, order: str, dispute: Dispute) -> None:
        """A customer's bank asks for money back, or the case goes on."""
        paid = self.payments[order]
        others = tuple(known for known in paid.disputes if known.id != dispute.id)
        self.payments[order] = msgspec.structs.replace(paid, disputes=(*others, dispute))

    def webhook(
        self, id: str, kind: EventKind, order: str, at_us: int, amount: Money | None = None
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of one webhook, signed."""
        payment = self.payments[order].payment if order in self.payments else ""
        body = msgspec.json.encode(Event(id, kind, order, payment, amount))
        return {_AT: str(at_us), _SIGNATURE: self._sign(str(at_us), body)}, body

    def _sign(self, at: str, body: bytes) -> str:
        return hmac.new(self._secret, at.encode() + b"." + body, sha256).hexdigest()

    def _called(self, what: str) -> None:
        self.calls.append(what)
        if self._closed:
            raise failures.unavailable(self.rail, "this processor was closed")
        if self.breaks_before > 0:
            self.breaks_before -= 1
            raise failures.unavailable(self.rail, "the fake was told to break")

    def _break_after(self) -> None:
        if self.breaks_after > 0:
            self.breaks_after -= 1
            raise failures.unavailable(self.rail, "the fake was told to break, but did it")
