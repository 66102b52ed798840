"""The contract of payment processors, kept by the fake, Stripe, Toss Payments and a bank account."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from tests.payments.stages import BankStage, FakeStage, StripeStage, TossStage
from tests.payments.stripe_server import StripeServer
from tests.payments.toss_server import TossServer

from solvent.payments.contract import CHECKS, Check, NotPlayed, Stage
from solvent.payments.fake import FakeProcessor
from solvent.payments.port import Due, Event, Method, Payment
from solvent.values.money import Money

CHECK_S_MAX = 20.0
PLAYED_BY_A_BANK = {
    "begins_the_same_checkout_again",
    "refuses_what_cannot_be_paid",
    "knows_nothing_of_a_new_order",
    "shows_no_secret_and_closes",
}


@pytest.fixture(params=["fake", "stripe", "toss", "bank"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    if request.param == "stripe":
        stripe = StripeServer()
        with stripe.running():
            yield StripeStage(stripe)
    elif request.param == "toss":
        toss = TossServer()
        with toss.running():
            yield TossStage(toss)
    else:
        yield FakeStage() if request.param == "fake" else BankStage()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_keeps_the_contract(stage: Stage, check: Check) -> None:
    async def run() -> None:
        async with asyncio.timeout(CHECK_S_MAX):
            await check(stage)
        await stage.processor.close()

    if isinstance(stage, BankStage) and check.__name__ not in PLAYED_BY_A_BANK:
        with pytest.raises(NotPlayed):
            asyncio.run(run())
        return
    asyncio.run(run())


class Careless(FakeProcessor):
    """Charges again and again, believes anybody and refunds anything: what the contract is there to find."""

    def __init__(self) -> None:
        super().__init__()
        self.charges = 0

    async def charge(self, due: Due, method: Method) -> Payment:
        """Every time anew."""
        self.charges += 1
        return Payment(due.order, "paid", f"pay_{self.charges}", Money(due.amount.grains * 100, due.amount.currency))

    def read_event(self, headers: object, body: bytes, now_us: int) -> Event:
        """Believe it."""
        return Event("evt", "paid", "ord")


def test_the_contract_finds_a_processor_that_does_not_keep_it() -> None:
    async def broken(check: Check) -> bool:
        stage = FakeStage()
        stage.fake = stage.processor = Careless()
        try:
            await check(stage)
        except AssertionError:
            return True
        return False

    async def run() -> set[str]:
        return {check.__name__ for check in CHECKS if await broken(check)}

    assert asyncio.run(run()) >= {
        "charges_a_card_once",
        "tells_a_refusal_from_a_breakdown",
        "finds_out_after_a_breakdown",
        "reads_its_webhooks",
        "believes_no_forged_webhook",
        "reads_nonsense_without_breaking",
        "shows_no_secret_and_closes",
    }
