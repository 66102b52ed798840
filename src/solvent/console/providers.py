"""Operations on what we owe providers: recording that one was paid, and what the exchange rate made of the debt."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from solvent.console.members import AMOUNT, CURRENCY, WORD
from solvent.console.operation import Asked, Nothing, Operation
from solvent.pricing.exchange import exchange
from solvent.till.pay_provider import ProviderPayment, pay_provider
from solvent.values.instant import iso
from solvent.values.money import money, plain


class NewProviderPayment(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a provider was paid for its invoice."""

    paid: Annotated[str, AMOUNT, Meta(description="as the provider was paid, in its currency")]
    currency: Annotated[str, CURRENCY, Meta(description="of what was paid; the books' own when left out")] = ""
    rate: Annotated[str, AMOUNT, Meta(description="what one unit of it was in the books' currency: 1385.50")] = ""
    source: Annotated[str, WORD, Meta(description="who says so")] = "bank"
    clears: (
        Annotated[str, AMOUNT, Meta(description="how much of the books' debt it pays; all of it when left out")] | None
    ) = None
    place: Annotated[str, Meta(description="the account cash:bank", pattern="^[a-z0-9_-]{1,40}$")] = "bank"


class ProviderPaymentBody(msgspec.Struct, kw_only=True):
    """A provider's payment as booked. left: what left the bank; cleared: of the debt; difference: left less cleared."""

    object: Literal["provider.payment"] = "provider.payment"
    provider: str
    paid: str
    paid_currency: str
    left: str
    cleared: str
    difference: str
    currency: str


def payment_body(done: ProviderPayment) -> ProviderPaymentBody:
    """A provider's payment as JSON."""
    return ProviderPaymentBody(
        provider=done.provider, paid=plain(done.paid), paid_currency=done.paid.currency, left=plain(done.left),
        cleared=plain(done.cleared), difference=plain(done.difference), currency=done.left.currency,
    )  # fmt: skip


async def pay(asked: Asked[Nothing, NewProviderPayment]) -> ProviderPaymentBody:
    """Record that a provider was paid. What the rate made of the debt since is a difference of its own."""
    business, body = asked.business, asked.body
    currency = business.currency
    paid = money(body.paid, body.currency or currency, "paid")
    rate = None
    if body.rate:
        rate = exchange(paid.currency, currency, body.rate, iso(asked.act.at_us), body.source, "rate")
    clears = None if body.clears is None else money(body.clears, currency, "clears")
    name = asked.path["provider"]
    done = await pay_provider(name, paid, currency, rate, clears, business.database, asked.act, body.place)
    return payment_body(done)


PAY = Operation(
    "POST", "/v1/providers/{provider}/payments", "ledger.write", pay, Nothing, NewProviderPayment,
    ProviderPaymentBody, is_money=True,
)  # fmt: skip
OPERATIONS = (PAY,)
