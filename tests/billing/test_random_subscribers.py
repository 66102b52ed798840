"""Customers who do anything at any time: whatever they do, the books, quotas and periods stay true."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from sqlalchemy import Connection, select
from tests.billing.subscribers import FREE, KIM, PLUS, PRO, YEAR, Books, act, at, story
from tests.db.opened import Place

from solvent.billing import quota_store, recognition_store, subscription_store
from solvent.billing.add_coupon import add_coupon
from solvent.billing.cancel import cancel
from solvent.billing.coupon import Coupon
from solvent.billing.expire_pots import expire_pots
from solvent.billing.included import Included, unlimited
from solvent.billing.keep_plan import keep_plan
from solvent.billing.plan import Plan, Seats, Trial
from solvent.billing.proposal_store import begin_paid, invoice_paid
from solvent.billing.rails import Rails
from solvent.billing.redeem import redeem
from solvent.billing.subscription import Subscription
from solvent.invoicing.profile import Profile
from solvent.invoicing.tax import Tax
from solvent.ledger.account import deferred, invoiced
from solvent.ledger.pot_store import left_of
from solvent.payments.fake import FakeProcessor
from solvent.till.collect_due import collect_due
from solvent.values.errors import SolventError
from solvent.values.money import GRAINS_PER_MINOR_UNIT, money

TEAM = Plan(
    name="team", price=money("49000", "KRW"), seats=Seats(2, money("9000", "KRW"), 9), trial=Trial(10, PLUS.included),
    included=(Included("answers", 400, roll_over=30, each_seat=True), Included("tokens", 10**6, ("large",))),
    beyond="overage", overage_most=money("20000", "KRW"), afterwards="free", grace_days=2,
)  # fmt: skip
FLAT = Plan(name="flat", price=money("70000", "KRW"), included=(Included("answers", unlimited("answers")),))
PLANS = (FREE, PLUS, PRO, YEAR, TEAM, FLAT)
HALF_OFF = Coupon("HALF", "percent", 500, 0, "", 2, 0, 0, 2**62, 0, "")
HOUR = 3_600 * 10**6


class Walk:
    """One customer's life, a step at a time."""

    def __init__(self, books: Books, random: Random) -> None:
        self.books = books
        self.random = random
        self.now_us = at("2026-01-29T10:00:00")
        self.rails = Rails({"fake": FakeProcessor()}, {"subscription": begin_paid, "invoice": invoice_paid})

    async def step(self) -> str:
        random, books = self.random, self.books
        self.now_us += random.choice([0, 1, HOUR, 24 * HOUR, 6 * 24 * HOUR, 20 * 24 * HOUR])
        database, now = books.database, self.now_us
        plan = random.choice(PLANS).name
        seats = random.choice([0, 3, 5]) if plan == "team" else 0
        what = random.choice(
            ["subscribe", "change", "change", "change", "renew", "renew", "use", "use", "pay", "collect", "expire",
             "cancel", "keep", "redeem"]
        )  # fmt: skip
        if await database.read(lambda connection: subscription_store.current(connection, KIM)) is None:
            what = "subscribe"
        match what:
            case "subscribe":
                await books.subscribe(plan, now, seats=seats)
            case "change":
                await books.change(plan, now, random.choice(["as_fits", "now", "period_end"]), seats=seats)
            case "renew":
                await books.renew(now)
            case "use":
                await self.use()
            case "pay":
                for document, standing in await books.invoices():
                    if document.kind == "invoice" and not standing.paid and not standing.credited:
                        await books.pay(document.id, now)
            case "collect":
                await collect_due(self.rails, database, now)
            case "expire":
                await expire_pots(database, now)
            case "cancel":
                at_once = random.random() < 0.3
                await cancel(
                    KIM, act(now), database, at="now" if at_once else "period_end", gives_back=random.random() < 0.5
                )
            case "keep":
                await keep_plan(KIM, act(now), database)
            case "redeem":
                await redeem(KIM, "HALF", act(now), database)
        return what

    async def use(self) -> None:
        left = await self.books.left(at_us=self.now_us)
        places = [place for place, grains in left.items() if grains and not place.startswith("overage")]
        if places:
            place = self.random.choice(places)
            grains = self.random.randint(1, min(left[place], 10**4))
            quotas = await self.books.database.read(lambda connection: quota_store.open_of_customer(connection, KIM))
            mine = [quota for quota in quotas if quota.place == place]
            newest = max(mine, key=lambda quota: quota.opens_us)
            free = await self.books.database.read(lambda connection: left_of(connection, [newest.account]))
            await self.books.use(place, min(grains, free.get((newest.account, newest.unit), (0, 0))[0]), self.now_us)

    async def check(self) -> None:
        await self.books.check()
        await self.books.database.read(self._check_rows)
        documents = await self.books.invoices()
        for document, _ in documents:
            assert document.total.grains % GRAINS_PER_MINOR_UNIT == document.vat.grains % GRAINS_PER_MINOR_UNIT == 0
            assert document.supply + document.vat == document.total
        open_grains = sum(
            document.total.grains - standing.paid + standing.returned
            for document, standing in documents
            if document.kind == "invoice"
        ) + sum(document.total.grains for document, _ in documents if document.kind == "credit_note")
        assert await self.books.balance(invoiced(KIM)) == -open_grains

    def _check_rows(self, connection: Connection) -> None:
        history = subscription_store.history(connection, KIM)
        running = [one for one in history if one.state not in ("waiting", "canceled")]
        assert len(running) <= 1, "one subscription is current"
        for subscription in history:
            self._check_deferred(connection, subscription)
        for subscription in running:
            assert subscription.period_start_us <= subscription.changed_us < subscription.period_end_us
            assert subscription.price_grains % GRAINS_PER_MINOR_UNIT == 0
            assert subscription.usable_until_us <= subscription.period_end_us
        rows = connection.execute(select(quota_store.quotas)).all()
        left = left_of(connection, [row.account for row in rows])
        for row in rows:
            free, whole = left.get((row.account, row.unit), (0, 0))
            assert 0 <= free <= whole
            assert row.rolled <= max(row.roll_most, row.rolled)
            assert row.state == "open" or whole == 0

    def _check_deferred(self, connection: Connection, subscription: Subscription) -> None:
        schedules = recognition_store.schedules_of(connection, deferred(subscription.id))
        earned = sum(schedule.grains for schedule in schedules)
        assert earned >= 0, "no more is given back than was asked"
        by_period: dict[int, int] = {}
        for schedule in schedules:
            by_period[schedule.until_us] = by_period.get(schedule.until_us, 0) + schedule.grains
        assert all(grains >= 0 for grains in by_period.values()), "of each period alone"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("treatment", ["inclusive", "exclusive"])
def test_whatever_a_customer_does(place: Place, seed: int, treatment: str) -> None:
    if place.url and seed >= 1:
        pytest.skip("the other database walks one way only")

    async def tell(books: Books) -> None:
        random = Random(f"{seed}/{treatment}")
        await books.publish(*PLANS)
        await add_coupon(HALF_OFF, act(1), books.database)
        await books.profile(msgspec.convert({"customer": KIM, "tax": Tax(treatment)}, Profile))  # type: ignore[arg-type]
        walk = Walk(books, random)
        done: list[str] = []
        for _ in range(60):
            try:
                done.append(await walk.step())
            except SolventError as wrong:
                done.append(wrong.code)
            await walk.check()
        assert len(set(done)) > 8, done

    story(place, tell)
