"""The same contract before the real sandboxes, when keys are given: STRIPE_TEST_KEY; TOSS_TEST_KEY (auto-billing).

No page of theirs can be clicked from here, so a card is saved over their API and what needs a browser is not played.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
import urllib.request
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pytest
import stripe as library
from tests.payments.stages import new_due

from solvent.payments import stripe, toss
from solvent.payments.contract import CHECKS, CUSTOMER, Ability, Check, NotPlayed, Webhook
from solvent.payments.port import Due, Method, Settings
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money, money

STRIPE_KEY = os.environ.get("STRIPE_TEST_KEY", "")
TOSS_KEY = os.environ.get("TOSS_TEST_KEY", "")
CHECK_S_MAX = 120.0
# A run of its own: orders are paid once for ever.
RUN = f"{int(time.time()):x}"


class Sandbox:
    """What both have in common."""

    abilities: frozenset[Ability] = frozenset({"cards", "refunds"})
    now_us = 0

    def due(self, amount: Money, *, save_method: bool = False) -> Due:
        known = new_due(amount, save_method=save_method)
        return Due(
            f"{known.order}_{RUN}", CUSTOMER, amount, "A test", "https://shop.example/pay", save_method=save_method
        )

    async def pay(self, due: Due, reference: str) -> Mapping[str, str]:
        raise NotPlayed("nobody clicks here")

    def webhook(self, due: Due) -> Webhook:
        raise NotPlayed("nothing reaches us here")

    def forged(self, webhook: Webhook) -> Webhook:
        return webhook

    def breaks_down(self) -> None:
        """They do not, on request."""


class StripeSandbox(Sandbox):
    def __init__(self) -> None:
        self.processor = stripe.open_processor(Settings("stripe", ("KRW", "USD"), "", STRIPE_KEY, "whsec_unused"))
        self.secrets = (STRIPE_KEY,)
        self._client: Any = library.StripeClient(STRIPE_KEY).v1

    async def card(self, *, is_good: bool) -> Method:
        def save() -> Method:
            owner = self._client.customers.create().id
            handle = "pm_card_visa" if is_good else "pm_card_chargeCustomerFail"
            return Method(self._client.payment_methods.attach(handle, {"customer": owner}).id, owner, "test")

        return await asyncio.to_thread(save)

    def charged(self, due: Due) -> list[Money]:
        made = self._client.payment_intents.list({"limit": 100}).data
        mine = [one for one in made if one.metadata.get("solvent_order") == due.order and one.amount_received]
        return [Money(one.amount_received * GRAINS_PER_MINOR_UNIT, one.currency.upper()) for one in mine]


class TossSandbox(Sandbox):
    def __init__(self) -> None:
        self.processor = toss.open_processor(Settings("toss", ("KRW",), "", TOSS_KEY, client_key="test_ck_unused"))
        self.secrets = (TOSS_KEY,)

    async def card(self, *, is_good: bool) -> Method:
        if not is_good:
            raise NotPlayed("the sandbox has no card without funds")
        card = {"cardNumber": "4330123412341234", "cardExpirationYear": "30", "cardExpirationMonth": "07",
                "customerIdentityNumber": "881212", "customerKey": CUSTOMER}  # fmt: skip
        made = await asyncio.to_thread(self._ask, "/v1/billing/authorizations/card", card)
        return Method(made["billingKey"], CUSTOMER, "test")

    def charged(self, due: Due) -> list[Money]:
        try:
            payment = self._ask(f"/v1/payments/orders/{due.order}", None)
        except urllib.error.HTTPError:
            return []
        return [money(str(payment["totalAmount"]), "KRW")] if payment["status"] == "DONE" else []

    def _ask(self, path: str, body: Any) -> Any:
        headers = {
            "authorization": "Basic " + b64encode(f"{TOSS_KEY}:".encode()).decode(),
            "content-type": "application/json",
        }
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"https://api.tosspayments.com{path}", data, headers)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)


def play(stage: Any, check: Check) -> None:
    async def run() -> None:
        async with asyncio.timeout(CHECK_S_MAX):
            await check(stage)
        await stage.processor.close()

    try:
        asyncio.run(run())
    except NotPlayed as why:
        pytest.skip(str(why))


@pytest.mark.skipif(not STRIPE_KEY.startswith("sk_test_"), reason="STRIPE_TEST_KEY=sk_test_... asks Stripe itself")
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_stripe_itself_keeps_the_contract(check: Check) -> None:
    play(StripeSandbox(), check)


@pytest.mark.skipif(not TOSS_KEY.startswith("test_"), reason="TOSS_TEST_KEY=test_sk_... asks Toss Payments itself")
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_toss_payments_itself_keeps_the_contract(check: Check) -> None:
    play(TossSandbox(), check)
