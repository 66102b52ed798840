"""Payments, refunds and disputes in any order, with lost answers and lost, repeated and late webhooks: the books are
always sound, and once everything can be asked they say what the processor says.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Literal

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.db.opened import Place
from tests.till.tills import Till, opened_till, won

from solvent.payments.fake import FakeProcessor
from solvent.payments.port import Dispute, DisputeState
from solvent.values.errors import SolventError
from solvent.values.money import Money

What = Literal["begin", "pay", "webhook", "refund", "refund there", "dispute", "break", "sweep"]
STEPS = st.tuples(
    st.sampled_from(
        ["begin", "pay", "pay", "webhook", "webhook", "refund", "refund there", "dispute", "break", "sweep"]
    ),
    st.integers(0, 3),
    st.integers(1, 9_000),
)
MINUTE_US = 60_000_000


class Shop:
    """The till, the processor, and every webhook that was ever sent."""

    def __init__(self, till: Till, fake: FakeProcessor) -> None:
        self.till = till
        self.fake = fake
        self.sent: list[tuple[dict[str, str], bytes]] = []
        self.orders: list[str] = []

    async def do(self, what: str, which: int, amount: int) -> None:
        """One step; what is refused is refused."""
        self.till.now_us += MINUTE_US // 2
        try:
            if what == "begin":
                self.orders.append((await self.till.top_up(10_000, "fake", f"key {which}")).order.id)
            elif what == "sweep":
                self.till.now_us += which * 30 * MINUTE_US
                await self.till.resume()
            elif what == "break":
                setattr(self.fake, ("breaks_before", "breaks_after")[which % 2], 1 + which)
            elif what == "webhook" and self.sent:
                await self.till.take("fake", self.sent[amount % len(self.sent)])
            elif self.orders:
                await self.happen(what, self.orders[which % len(self.orders)], amount)
        except SolventError:
            pass

    async def happen(self, what: str, order: str, amount: int) -> None:
        """Something happens to one order, here or at the processor."""
        known = self.fake.payments.get(order)
        is_paid = known is not None and known.state == "paid"
        if what == "pay" and known is not None and not is_paid:
            self.fake.pay(order, won(10_000), won(340))
        elif what == "refund":
            await self.till.refund(order, amount)
        elif what == "refund there" and is_paid and amount <= self.left(order):
            self.fake.give_back(order, won(amount))
        elif what == "dispute" and is_paid:
            self.dispute(order, amount)
        kind = {"pay": "paid", "dispute": "chargeback"}.get(what, "refunded")
        self.sent.append(self.fake.webhook(f"evt_{len(self.sent)}", kind, order, self.till.now_us))  # type: ignore[arg-type]

    def dispute(self, order: str, amount: int) -> None:
        """A dispute is opened, or goes on."""
        disputes = self.fake.payments[order].disputes
        if not disputes and amount <= self.left(order):
            self.fake.dispute(order, Dispute("du_1", won(amount), "open"))
        elif disputes and disputes[0].state == "open":
            end: DisputeState = "won" if amount % 2 else "lost"
            self.fake.dispute(order, msgspec.structs.replace(disputes[0], state=end))

    def left(self, order: str) -> int:
        """What has not gone back of an order at the processor, in won."""
        return 10_000 - self.gone(order)

    def gone(self, order: str) -> int:
        known = self.fake.payments[order]
        refunded = sum(refund.amount.grains for refund in known.refunds)
        disputed = sum(dispute.amount.grains for dispute in known.disputes if dispute.state != "won")
        return (refunded + disputed) // 10**7

    async def settle(self) -> None:
        """The processor answers again, sends what it has to say, and time passes."""
        self.fake.breaks_before = self.fake.breaks_after = 0
        for order in self.orders:
            for kind in ("paid", "refunded", "chargeback"):
                word = self.fake.webhook(f"last_{kind}_{order}", kind, order, self.till.now_us)
                await self.till.take("fake", word)
        for _ in range(4):
            self.till.now_us += 90 * MINUTE_US
            await self.till.resume()


@given(st.lists(STEPS, min_size=6, max_size=30))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_books_end_as_the_processor_says(steps: list[tuple[str, int, int]]) -> None:
    async def run(folder: str) -> None:
        fake = FakeProcessor()
        async with opened_till(Place(Path(folder)), fake) as till:
            shop = Shop(till, fake)
            for step in [("begin", 0, 1), *steps]:
                await shop.do(*step)
                await till.check()
            await shop.settle()
            paid = [order for order in set(shop.orders) if fake.payments[order].state == "paid"]
            left = sum(shop.left(order) for order in paid)
            assert await till.wallet() == await till.free() == left
            owed = Money(won(left).grains - won(340 * len(paid)).grains, "KRW")
            assert await till.balance("receivable:processor:fake") == -owed

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(folder))
