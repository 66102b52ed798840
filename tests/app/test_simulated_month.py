"""A month through the real desk and books, and the same month replayed: equal for each customer, to the last grain.

Everything that changes what an answer or a plan comes to happens in it: two currencies with rates that move, prices
that change on the way and in the middle of an answer, batches, service tiers, caches, fallbacks and what they lost,
clients who leave, plans that change, old terms, seats, packs, coupons, gifts, and every treatment of VAT.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from random import Random
from typing import Any, cast

import msgspec
import pytest
from sqlalchemy import func, select
from tests.money.inline import InlineBooks, open_without_waiting, run_without_waiting
from tests.money.world import Provider, World

from solvent.answering.answer import answer
from solvent.answering.correct_prices import correct_prices
from solvent.answering.correction_store import Order
from solvent.answering.read_margins import read_margins
from solvent.answering.receipt_store import first_asked
from solvent.answering.route import Pool, Route
from solvent.answering.store import receipts
from solvent.app.issued import issued_by
from solvent.app.traffic import own_trace
from solvent.billing.accrue import accrue
from solvent.billing.add_coupon import add_coupon
from solvent.billing.buy_pack import buy_pack
from solvent.billing.change_plan import change_plan
from solvent.billing.coupon import FOR_EVER, Coupon
from solvent.billing.expire_pots import expire_pots
from solvent.billing.grant import grant
from solvent.billing.included import Included
from solvent.billing.pack import Pack
from solvent.billing.plan import BatchTerms, Plan, Seats
from solvent.billing.publish_plans import publish_plans
from solvent.billing.redeem import redeem
from solvent.billing.renew_due import renew_due
from solvent.billing.subscribe import subscribe
from solvent.billing.subscription import Wish
from solvent.billing.withdraw_plan import withdraw_plan
from solvent.identity.caller import Customer
from solvent.identity.key import Key
from solvent.identity.store import add_customer, add_key
from solvent.invoicing.profile import Profile
from solvent.invoicing.store import set_profile
from solvent.invoicing.tax import Tax
from solvent.ledger import store as ledger_store
from solvent.ledger.account import wallet
from solvent.ledger.beside_store import drawn_since
from solvent.ledger.pot import Pot
from solvent.ledger.pot_store import open_pots
from solvent.ledger.transfer import posting
from solvent.margin import store as margin_store
from solvent.margin.earned_store import add_earned
from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import RateCard
from solvent.providers.port import Chunk
from solvent.simulation.as_booked import as_booked
from solvent.simulation.outcome import Outcome
from solvent.simulation.scenario import Scenario, Sold
from solvent.values.errors import SolventError, Unavailable
from solvent.values.ids import AnswerId, CustomerId, KeyId, TransferId, new_id
from solvent.values.instant import NEVER_US, US_PER_S, instant
from solvent.values.money import Money
from solvent.values.period import day_name, day_number, start_of_day, zone

DAY = 86_400 * US_PER_S
BEGIN, END = instant("2026-12-20T15:00:00Z", "a test"), instant("2027-01-31T15:00:00Z", "a test")  # Seoul's midnights
JANUARY, MIDDLE = instant("2026-12-31T15:00:00Z", "a test"), instant("2027-01-14T15:00:00Z", "a test")
PRICES = ("input_picos", "cached_input_picos", "output_picos", "reasoning_picos")
UNITS = {"KRW": (10**7, 10**12), "USD": (10**7, 10**10)}  # grains and picos of a won, of a cent
OTHER = {"KRW": "USD", "USD": "KRW"}
RATES = {"KRW": ((1_380, 1), (1_401, 1)), "USD": ((1, 1_380), (1, 1_401))}
VAT = (("inclusive", 100), ("exclusive", 100), ("inclusive", 77), ("none", 0))


class Month(World):
    """One shop, in a currency, from the middle of December to the end of January."""

    def __init__(self, open_books: Callable[[], InlineBooks], seed: int, currency: str) -> None:
        super().__init__(open_books, Random(seed))
        self.zone, self.now, self.currency = "Asia/Seoul", BEGIN, currency
        self.grains, self.picos = UNITS[currency]
        self.plans = self._plans(9_900)
        self.second = Provider("drain")
        self.second.name = "second"
        self.provider = Provider("cancel")
        self.exchanges = tuple(
            Exchange(OTHER[currency], currency, *rate, since, "a test")
            for rate, since in zip(RATES[currency], (0, instant("2027-01-09T15:00:00Z", "t")), strict=True)
        )
        self.books_of_cards = self._cards()
        cards = self.books_of_cards
        quick = Route(
            "quick", "quick", self.provider, 100, cards["quick-cost"], cards["quick-price"], model_class="quick"
        )
        elsewhere = msgspec.structs.replace(quick, provider=self.second, cost_cards=cards["second-cost"])
        expert = Route(
            "expert", "expert", self.provider, 100, cards["expert-cost"], cards["expert-price"], model_class="expert"
        )  # fmt: skip
        self.routes = {"quick": quick, "expert": expert}
        self.pools = {"quick": Pool((quick, elsewhere))}
        self.more: dict[str, Coroutine[Any, Any, None]] = {}  # what else happens on a day
        self.until = END

    def money(self, amount: int) -> Money:
        return Money(amount * self.grains, self.currency)

    def _plans(self, price: int) -> dict[str, Plan]:
        money = self.money
        quotas = (Included("answers", 9, ("quick",)), Included("money", 60 * self.grains))
        plus = Plan(
            name="plus", price=money(price), included=quotas,
            beyond="overage", overage_most=money(10**6), batch=BatchTerms(500),
            packs=(Pack("more", money(700), Included("answers", 6), 20),),
        )  # fmt: skip
        team = Plan(
            name="team", price=money(30_000), seats=Seats(2, money(3_333), 9), batch=BatchTerms(by_tariff=True),
            included=(Included("answers", 3, roll_over=2, each_seat=True),),
        )  # fmt: skip
        yearly = Plan(name="yearly", price=money(99_000), period="year", included=(Included("tokens", 10**7),))
        free = Plan(name="free", price=money(0), included=(Included("answers", 4),), beyond="stop")
        return {plan.name: plan for plan in (plus, team, yearly, free)}

    def _cards(self) -> dict[str, tuple[RateCard, ...]]:
        found: dict[str, list[RateCard]] = {}
        for name, currency in (
            ("quick-price", self.currency), ("expert-price", self.currency), ("quick-cost", OTHER[self.currency]),
            ("expert-cost", self.currency), ("second-cost", self.currency),
        ):  # fmt: skip
            for since in (0, MIDDLE):
                _, picos = UNITS[currency]
                rates = [self.random.randrange(1, picos // 10) for _ in range(4)]
                found.setdefault(name, []).append(_card(name, currency, since, rates))
        return {name: tuple(cards) for name, cards in found.items()}

    async def begin(self) -> None:
        """Everything is on sale, and everybody is there and on a plan."""
        await self.open()
        for process in self.processes:
            process.desk.currency = self.currency
            process.desk.set_anew(self.routes, self.pools, self.exchanges, 0)
        tenth = Coupon("TENTH", "percent", 113, 0, "", FOR_EVER, 0, 0, NEVER_US, 0, "")
        gift = Coupon("GIFT", "gift", 0, 333 * self.grains, self.currency, 1, 25, 0, NEVER_US, 0, "")
        for coupon in (tenth, gift):
            await add_coupon(coupon, self.act(), self.books)
        for number, (plan, seats, code) in enumerate(
            (("plus", 0, "TENTH"), ("plus", 0, ""), ("team", 4, "GIFT"), ("team", 0, "TENTH"), ("yearly", 0, ""),
             ("free", 0, ""), ("plus", 0, "GIFT"), ("", 0, ""))
        ):  # fmt: skip
            customer = await self._come(number)
            if code:
                await redeem(customer, code, self.act(), self.books)
            if plan:
                await subscribe(Wish(customer=customer, plan=plan, seats=seats, pays="invoice"), self.act(), self.books)
            self.now += self.random.randrange(DAY)

    async def _come(self, number: int) -> CustomerId:
        customer, (how, rate) = CustomerId(f"cus_{number}"), VAT[number % len(VAT)]
        purse = wallet(customer)

        def work(connection: Any) -> None:
            add_customer(connection, Customer(customer, customer, "", self.now))
            add_key(connection, Key(KeyId(f"key_{customer}"), "customer", customer, "", self.now), customer.encode())
            open_pots(connection, [Pot(purse, self.currency, customer, "wallet", "", 0, NEVER_US)])
            set_profile(
                connection, Profile(customer=customer, tax=Tax(cast(Any, how), rate), vat_currency=self.currency)
            )
            if number != 1:  # who has nothing in the wallet uses on account
                paid = posting(TransferId(f"in-{customer}"), self.now, "cash", purse, self.money(10**7), "a test")
                ledger_store.append(connection, [paid])

        await self.books.write(work)
        self.customers.append(customer)
        return customer

    async def tell(self) -> None:
        """Day by day: questions, renewals, what is over, what is earned; and what happens on its day."""
        events = {
            "2026-12-27": self._buy(0), "2027-01-05": self._change(1, "team", 3), "2027-01-08": self._give(7),
            "2027-01-12": self._buy(6), "2027-01-15": self._publish(), "2027-01-19": self._change(2, "plus", 0),
            "2027-01-20": self._change(7, "plus", 0), "2027-01-22": self._change(3, "team", 6),
            "2027-01-25": self._withdraw(), **self.more,
        }  # fmt: skip
        seoul = zone(self.zone)
        while (day := day_number(self.now, seoul)) < day_number(self.until, seoul):
            times = sorted(self.random.randrange(DAY) for _ in range(12))
            event = events.pop(day_name(day), None)
            for at in times:
                self.now = max(self.now, start_of_day(day, seoul) + at)
                if event is not None and at > DAY // 3:
                    await event
                    event = None
                await self._ask(self.random.choice(self.customers))
            self.now = start_of_day(day + 1, seoul) - 1
            await self._sweep()
            self.now += 1
        self.now -= 1
        for event in events.values():
            event.close()
        assert not events or self.until < END

    async def _sweep(self) -> None:
        await self.give_all_back()
        await renew_due(self.books, self.now)
        await self.give_all_back()
        await expire_pots(self.books, self.now)
        await self.quiet()
        await accrue(add_earned, self.currency, self.books, self.now)

    async def _change(self, number: int, plan: str, seats: int) -> None:
        wish = Wish(customer=self.customers[number], plan=plan, seats=seats, pays="invoice")
        await self.give_all_back()
        if number == 7:
            await subscribe(wish, self.act(), self.books)
        else:
            await self.with_call_ins(change_plan(wish, self.act(), self.books, when="now"))
        await self.hear()

    async def _buy(self, number: int) -> None:
        await buy_pack(self.customers[number], "more", "invoice", self.act(), self.books)
        await self.hear()

    async def _give(self, number: int) -> None:
        await grant(self.customers[number], self.money(400), self.act(), self.books, expires_us=self.now + 9 * DAY)

    async def _publish(self) -> None:
        """Other terms from now on: whoever is on the old ones stays on them."""
        plans = self._plans(12_900)
        await publish_plans(plans, plans.keys(), (), self.books, self.now)

    async def _withdraw(self) -> None:
        await withdraw_plan("team", self.act(), self.books)

    async def _ask(self, customer: CustomerId) -> None:
        """One question: answered, left alone midway, failed, or first failed and answered elsewhere."""
        random, process = self.random, self.processes[0]
        await self.hear()
        caller = msgspec.structs.replace(await self.caller(customer), in_batch=random.random() < 0.2)
        model, reads, writes = (
            random.choice(("quick", "quick", "expert")),
            random.randrange(1, 90),
            random.randrange(1, 80),
        )
        question = self.question(model, reads, writes)
        if random.random() < 0.15 and model == "expert" and not caller.in_batch:
            question = msgspec.structs.replace(question, tariff="flex")
        self.provider.script = self.second.script = _script(random, reads, writes, question.tariff)
        fate = random.random()
        if fate < 0.2:
            self.provider.script = [Unavailable("upstream_timeout", "as scripted", upstream_status=None)]
        answering = answer(question, caller, process.desk)
        try:
            await anext(answering)
            self.now += random.randrange(40 * US_PER_S)  # it takes a while: prices are those of when it was asked
            if 0.2 < fate < 0.35:
                await anext(answering, None)
                await answering.aclose()
            else:
                async for _ in answering:
                    pass
            self.done["asked"] += 1
        except SolventError as refused:
            self.done[refused.code] += 1
        await process.quiet()


def _card(name: str, currency: str, since: int, rates: list[int]) -> RateCard:
    prices: dict[str, Any] = dict(zip(PRICES, rates, strict=True))
    card = RateCard(name, currency, since, "a test", **prices)
    shares = (("flex", 50), ("batch", 43))
    ways = tuple(msgspec.structs.replace(card, variant=way, input_picos=rates[0] * of // 100) for way, of in shares)
    return msgspec.structs.replace(card, tariffs=ways) if "second" not in name else card


def _script(random: Random, reads: int, writes: int, tariff: str) -> list[Chunk | Exception]:
    read, written = reads - random.randrange(reads), writes - random.randrange(writes)
    usage = {
        "prompt_tokens": read, "completion_tokens": written,
        "prompt_tokens_details": {"cached_tokens": random.randrange(read + 1)},
        "completion_tokens_details": {"reasoning_tokens": random.randrange(written + 1)},
        **({"service_tier": tariff} if tariff else {}),
    }  # fmt: skip
    said = Chunk({"choices": msgspec.Raw(b"[]")}, 1)
    report = Chunk({"choices": msgspec.Raw(b"[]")}, 0, msgspec.Raw(msgspec.json.encode(usage)))
    return [said, said, report]


async def _replayed(month: Month, from_us: int) -> Outcome:
    cards = month.books_of_cards
    sold = {
        name: Sold(cards[f"{name}-price"], cards[f"{name}-cost"], name, cards) for name in ("quick", "expert")
    }  # fmt: skip
    nothing = {"": Plan(name="", price=month.money(0))}
    scenario = Scenario(
        name="today", currency=month.currency, time_zone=month.zone, plans=nothing, plan="", sold=sold,
        exchanges=month.exchanges,
    )  # fmt: skip
    opened, on = await own_trace(month.books, from_us, END)
    with opened as trace:
        return as_booked(trace, scenario, await issued_by(month.books, on, month.currency, from_us, END))


async def _booked(month: Month, from_us: int) -> dict[str, Counter[str]]:
    seoul = zone(month.zone)
    first, last = day_number(from_us, seoul), day_number(END - 1, seoul)
    lines = await read_margins(
        lambda books: margin_store.lines(books, "customer", first, month.currency, until_day=last), month.books
    )
    names = {"charge", "granted", "included", "cost", "earned"}
    return {
        line.name: +Counter(
            {"answers": line.sums.answers} | {one: getattr(line.sums, f"{one}_grains") for one in names}
        )
        for line in lines
    }


def _by_customer(outcome: Outcome) -> dict[str, Counter[str]]:
    found = {
        line.customer: +Counter(
            answers=line.answers, charge=line.charge_grains, granted=line.granted_grains,
            included=line.included_grains, cost=line.cost_grains, earned=line.revenue_grains,
        )
        for line in outcome.lines
    }  # fmt: skip
    return {name: sums for name, sums in found.items() if sums}


@pytest.mark.parametrize(("seed", "currency"), [(1, "KRW"), (7, "USD")])  # in 7 the house bears an overrun
def test_a_replayed_month_is_the_live_ledger_to_the_last_grain(seed: int, currency: str, tmp_path: Path) -> None:
    engine = open_without_waiting(tmp_path)
    month = Month(lambda: InlineBooks(engine), seed, currency)

    async def story() -> None:
        await month.begin()
        try:
            await month.tell()
            for from_us in (JANUARY, instant("2027-01-10T15:00:00Z", "t"), BEGIN):
                outcome, booked = await _replayed(month, from_us), await _booked(month, from_us)
                assert _by_customer(outcome) == booked
                total = outcome.total
                assert total.charge_grains > 0 < total.granted_grains
                assert total.included_grains > 0 < total.revenue_grains
            overrun = await month.books.read(lambda books: books.scalar(select(func.sum(receipts.c.overrun_grains))))
            assert bool(overrun) == (seed == 7)
            assert outcome.borne_grains == (overrun or 0)
            assert any("the house bears" in note for note in outcome.notes) == bool(overrun)
        finally:
            await month.close()

    run_without_waiting(story())
    engine.dispose()
    assert month.done["asked"] > 300


def test_what_a_correction_gave_back_of_answers_before_is_there_to_be_drawn(tmp_path: Path) -> None:
    engine = open_without_waiting(tmp_path)
    month = Month(lambda: InlineBooks(engine), 1, "KRW")
    fourth, month.until = instant("2027-01-03T15:00:00Z", "t"), instant("2027-01-05T15:00:00Z", "t")

    async def correct() -> None:
        """December's prices of one model were five times too high."""
        right = tuple(
            msgspec.structs.replace(card, revision=2, **{name: getattr(card, name) // 5 for name in PRICES})
            for card in month.books_of_cards["expert-price"]
        )
        first, until = (AnswerId(new_id("ans", at_us, 0)) for at_us in (BEGIN, JANUARY))
        day = day_number(month.now, zone(month.zone))
        done = await correct_prices(
            Order("price", "expert-price", right, first, until, day, collect=False), month.act(), month.books
        )
        assert done.included_grains < 0  # quotas had paid
        await month.hear()

    month.more["2027-01-03"] = correct()

    async def story() -> None:
        await month.begin()
        try:
            await month.tell()
            issued = await issued_by(month.books, {}, "KRW", fourth, month.until)
            lately = await month.books.read(lambda books: drawn_since(books, first_asked(fourth), fourth))
            accounts = [account for account, _ in issued.moves]
            left = await month.books.read(lambda books: ledger_store.balances_at(books, accounts))
            replayed = {key: sum(grains for _, grains in moves) for key, moves in issued.moves.items()}
            assert {key: replayed[key] - lately.get(key, 0) for key in left} == {
                key: moved.credits - moved.debits for key, moved in left.items()
            }
        finally:
            await month.close()

    run_without_waiting(story())
    engine.dispose()
