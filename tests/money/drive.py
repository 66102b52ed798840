"""Drives one shop through random steps, and looks at the books after each. A seed is a story that can be told again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from random import Random
from typing import Any

from tests.money import compare
from tests.money.arithmetic import DAY
from tests.money.steps_of_answers import Answering
from tests.money.steps_of_payments import Paying
from tests.money.steps_of_plans import Selling
from tests.money.world import Idle, OpenBooks, World

from solvent.ledger.verify_books import verify_books
from solvent.values.ids import CustomerId

Step = Callable[[], Awaitable[CustomerId | None]]
HOUR = 3_600 * 10**6
ANSWER_LASTS_US = 20 * 60 * 10**6  # the clock does not run further than this while answers are under way


class Drive:
    """One story. accounts_every, books_every: after how many steps all accounts, and the whole books, are compared."""

    def __init__(self, open_books: OpenBooks, seed: int, *, accounts_every: int = 10, books_every: int = 400) -> None:
        self.random = Random(seed)
        self.world = World(open_books, self.random)
        self.answers = Answering(self.world)
        self.plans = Selling(self.world)
        self.payments = Paying(self.world, self.plans)
        self.told: list[str] = []  # the steps so far
        self._accounts_every, self._books_every = accounts_every, books_every

    @property
    def weights(self) -> dict[str, tuple[int, Step]]:
        """How often each kind of step is taken."""
        answers, plans, payments = self.answers, self.plans, self.payments
        steps: dict[str, tuple[int, Any]] = {
            "open an answer": (40, answers.open_answer), "end an answer": (40, answers.end_answer),
            "many at once": (3, answers.many_at_once), "crash": (1, answers.crash),
            "clock": (14, self.move_clock), "open a customer": (1, plans.open_customer), "give": (7, plans.give),
            "take a coupon": (2, plans.take_coupon), "subscribe or change": (10, plans.subscribe_or_change),
            "cancel or keep": (4, plans.cancel_or_keep), "renew": (6, plans.renew), "sweep": (4, plans.sweep),
            "collect": (5, plans.collect), "buy a pack": (3, plans.buy_pack), "return a pack": (2, plans.return_pack),
            "prices": (1, plans.change_prices), "set a budget": (3, plans.set_budget),
            "order a top-up": (6, payments.order_top_up),
            "order what waits": (6, payments.order_what_waits), "order an invoice": (3, payments.order_invoice),
            "pay": (9, payments.pay), "resume": (2, payments.resume), "save a card": (3, payments.save_card),
            "give back": (2, payments.give_back), "charge back": (1, payments.charge_back),
            "close a month": (1, payments.close_month),
        }  # fmt: skip
        return steps

    async def run(self, steps: int) -> None:
        """So many steps, then everything ends and the whole books are compared."""
        await self.world.open()
        try:
            await self.plans.add_coupons()
            for _ in range(4):
                await self.plans.open_customer()
            weights = self.weights
            names = list(weights)
            often = [weights[name][0] * self.random.choice((0.2, 1, 1, 1, 5)) for name in names]
            while (n := len(self.told)) < steps:
                name = self.random.choices(names, often)[0]
                self.told.append(f"{n} {name}")
                self.world.now += self.random.randrange(1, 10_000)
                self.world.note = ""
                try:
                    touched = await weights[name][1]()
                except Idle:
                    self.told.pop()
                    continue
                self.world.done[name] += 1
                self.told[-1] += f" {touched or ''} {self.world.note}"
                await self.payments.learn_invoices()
                await self.look(n, touched)
            await self.answers.finish_all()
            await self.look_at_all()
        except Exception as wrong:
            wrong.add_note("\n".join(["the last steps were:", *self.told[-20:]]))
            raise
        finally:
            await self.world.close()

    async def move_clock(self) -> None:
        """By milliseconds, hours, days or months; often to an edge, or to just before it."""
        world, random = self.world, self.random
        far = random.choice((HOUR // 60, HOUR, DAY, 9 * DAY, 0, 0, 70 * DAY if random.random() < 0.2 else DAY))
        if far:
            until = world.now + random.randrange(1, far)
        else:
            edges = [pot.until for pot in world.reference.pots if pot.left and world.now < pot.until < 2**62]
            edges += [sub.end for sub in world.reference.subs if sub.end > world.now]
            edges += [one.due for one in world.reference.invoices if one.due > world.now]
            until = min(edges, default=world.now + DAY) - random.choice((0, 0, 1))
        if until - min((one["since"] for one in self.answers.under_way), default=until) > ANSWER_LASTS_US:
            await self.answers.finish_all()
        world.now = max(world.now + 1, until)

    async def look(self, n: int, touched: CustomerId | None) -> None:
        """What must hold after every step; now and then all of it."""
        shop = self.world
        if (n + 1) % self._books_every == 0:
            await self.look_at_all()
            return
        if (n + 1) % self._accounts_every == 0:
            await self.look_at_accounts()
            return
        for customer in [touched] if touched else shop.customers if "renew" in self.told[-1] else []:
            await self.look_at_pots(customer)

    async def look_at_pots(self, customer: CustomerId) -> None:
        """Every pot of a customer is what the reference says."""
        await self.world.write_what_is_queued()
        real = await self.world.books.read(lambda connection: compare.real_pots(connection, customer))
        told = compare.told_pots(self.world.reference, customer)
        assert real == told, f"pots of {customer}:\n  books     {real}\n  reference {told}"

    async def look_at_accounts(self) -> None:
        """Every pot and every account."""
        for customer in self.world.customers:
            await self.look_at_pots(customer)
        real = await self.world.books.read(compare.real_accounts)
        found = compare.differences(real, compare.told_accounts(self.world.reference))
        assert not found, "\n".join(found)

    async def look_at_all(self) -> None:
        """The whole books: accounts, documents, projections, the chain."""
        await self.world.quiet()
        await self.look_at_accounts()
        await self.world.books.read(compare.check_documents)
        purses = {
            (process.desk.holder, account): purse.spare
            for process in self.world.alive
            for known in (process.desk.shared, *(funds.purses for funds in process.desk.funds.values()))
            for account, purse in known.items()
        }
        await self.world.books.read(lambda connection: compare.check_leases(connection, purses))
        await self.world.books.write(partial(compare.check_margins, currency="KRW"))
        verdict = await verify_books(self.world.books)
        assert verdict.is_clean, verdict.problems
