"""The stages on which the contract is played: the fake, Stripe and Toss before their local servers, and a bank."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from tests.payments import stripe_server, toss_server
from tests.payments.processor_server import Trouble
from tests.payments.stripe_server import StripeServer
from tests.payments.toss_server import TossServer

from solvent.payments import bank, stripe, toss
from solvent.payments.contract import CUSTOMER, Ability, Webhook
from solvent.payments.fake import BAD_CARD, GOOD_CARD, SECRET, FakeProcessor
from solvent.payments.port import Due, Method, PaymentProcessor, Settings
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money, money

ALL: frozenset[Ability] = frozenset({"checkout", "cards", "saving", "refunds", "webhooks", "signatures", "breakdown"})
ANSWER_S = 0.6  # how long a processor is waited for here
_numbers = itertools.count(1)


def new_due(amount: Money, *, save_method: bool = False) -> Due:
    """An order that nobody had before."""
    id = f"ord_contract_{next(_numbers):06d}"
    return Due(id, CUSTOMER, amount, "A test", f"https://shop.example/pay/{id}", save_method=save_method)


class FakeStage:
    """The fake plays both sides."""

    def __init__(self) -> None:
        self.fake = FakeProcessor()
        self.processor: PaymentProcessor = self.fake
        self.abilities = ALL
        self.secrets = (SECRET,)
        self.now_us = 1_795_000_000_000_000

    def due(self, amount: Money, *, save_method: bool = False) -> Due:
        return new_due(amount, save_method=save_method)

    async def pay(self, due: Due, reference: str) -> Mapping[str, str]:
        self.fake.pay(due.order, due.amount)
        return {"order": due.order}

    async def card(self, *, is_good: bool) -> Method:
        return GOOD_CARD if is_good else BAD_CARD

    def webhook(self, due: Due) -> Webhook:
        return self.fake.webhook(f"evt_{due.order}", "paid", due.order, self.now_us, due.amount)

    def forged(self, webhook: Webhook) -> Webhook:
        stranger = FakeProcessor(secret="another")
        stranger.payments = self.fake.payments
        event = msgspec.json.decode(webhook[1])
        return stranger.webhook(event["id"], "paid", event["order"], self.now_us)

    def charged(self, due: Due) -> list[Money]:
        known = self.fake.payments.get(due.order)
        return [known.amount] if known and known.state == "paid" and known.amount else []

    def breaks_down(self) -> None:
        self.fake.breaks_after = 1


class StripeStage:
    """The adapter, the official library in it, and a server that speaks Stripe's HTTP."""

    def __init__(self, server: StripeServer, currencies: tuple[str, ...] = ("KRW", "USD")) -> None:
        self.server = server
        server.at_s = int(time.time())
        self.processor = stripe.open_processor(
            Settings(
                "stripe",
                currencies,
                server.base_url,
                stripe_server.KEY,
                stripe_server.WEBHOOK_SECRET,
                answer_s=ANSWER_S,
            )
        )
        self.abilities = ALL
        self.secrets = (stripe_server.KEY, stripe_server.WEBHOOK_SECRET)

    @property
    def now_us(self) -> int:
        return self.server.at_s * 1_000_000

    def due(self, amount: Money, *, save_method: bool = False) -> Due:
        return new_due(amount, save_method=save_method)

    async def pay(self, due: Due, reference: str) -> Mapping[str, str]:
        self.server.pay(reference)
        return {"session_id": reference}

    async def card(self, *, is_good: bool) -> Method:
        return Method(stripe_server.GOOD if is_good else stripe_server.DECLINED, "cus_saved", "visa ··4242")

    def webhook(self, due: Due) -> Webhook:
        return self.server.outbox[-1]

    def forged(self, webhook: Webhook) -> Webhook:
        return stripe_server.forged((dict(webhook[0]), webhook[1]))

    def charged(self, due: Due) -> list[Money]:
        charges = [thing for thing in self.server.things.values() if thing["object"] == "charge"]
        mine = [charge for charge in charges if charge["metadata"].get("solvent_order") == due.order]
        return [Money(charge["amount"] * GRAINS_PER_MINOR_UNIT, charge["currency"].upper()) for charge in mine]

    def breaks_down(self) -> None:
        self.server.troubles.append(Trouble(times=2, path="/v1/payment_intents", loses=True))


class TossStage:
    """The adapter, and a server that speaks Toss Payments' HTTP."""

    def __init__(self, server: TossServer, currencies: tuple[str, ...] = ("KRW",)) -> None:
        self.server = server
        self.processor = toss.open_processor(
            Settings(
                "toss", currencies, server.base_url, toss_server.SECRET_KEY, client_key=toss_server.CLIENT_KEY,
                answer_s=ANSWER_S,
            )
        )  # fmt: skip
        self.abilities = ALL - {"signatures"}
        self.secrets = (toss_server.SECRET_KEY,)
        self.now_us = 1_795_000_000_000_000

    def due(self, amount: Money, *, save_method: bool = False) -> Due:
        return new_due(amount, save_method=save_method)

    async def pay(self, due: Due, reference: str) -> Mapping[str, str]:
        if due.save_method:
            return self.server.authorize_card(due.customer)
        return self.server.authorize(due.order, _number(due.amount))

    async def card(self, *, is_good: bool) -> Method:
        key = f"bill_{next(_numbers)}/+?"
        self.server.cards[key] = toss_server.GOOD if is_good else toss_server.DECLINED
        return Method(key, CUSTOMER, "카드 43301234****123*")

    def webhook(self, due: Due) -> Webhook:
        return self.server.outbox[-1]

    def forged(self, webhook: Webhook) -> Webhook:
        return webhook

    def charged(self, due: Due) -> list[Money]:
        mine = [payment for payment in self.server.payments.values() if payment["orderId"] == due.order]
        done = [payment for payment in mine if payment["status"] in ("DONE", "PARTIAL_CANCELED", "CANCELED")]
        return [money(str(payment["totalAmount"]), payment["currency"]) for payment in done]

    def breaks_down(self) -> None:
        self.server.troubles.append(Trouble(times=2, path="/v1/billing", loses=True))


class BankStage:
    """An account that people look after: neither cards nor webhooks, and no payment that a program could see."""

    def __init__(self) -> None:
        self.processor = bank.open_processor(Settings("bank", ("KRW",), account="국민 123456-01-123456 솔벤트"))
        self.abilities: frozenset[Ability] = frozenset()
        self.secrets: tuple[str, ...] = ()
        self.now_us = 0

    def due(self, amount: Money, *, save_method: bool = False) -> Due:
        return new_due(amount, save_method=save_method)

    async def pay(self, due: Due, reference: str) -> Mapping[str, str]:
        return {}

    async def card(self, *, is_good: bool) -> Method:
        raise AssertionError("a bank has no cards")

    def webhook(self, due: Due) -> Webhook:
        raise AssertionError("a bank has no webhooks")

    def forged(self, webhook: Webhook) -> Webhook:
        return webhook

    def charged(self, due: Due) -> list[Money]:
        return []

    def breaks_down(self) -> None:
        """It is never up."""


def _number(amount: Money) -> Any:
    units = Decimal(amount.grains) / (10**7 if amount.currency == "KRW" else 10**9)
    return int(units) if units == int(units) else float(units)
