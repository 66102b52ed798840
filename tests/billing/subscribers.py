"""Customers on plans, on real books: what tests of subscriptions share."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count

import msgspec
from sqlalchemy import Connection
from tests.db.opened import Place

from solvent.audit.act import Act, fingerprint
from solvent.billing import invoice_store, quota_store, subscription_store
from solvent.billing.change_plan import When, change_plan
from solvent.billing.included import Included
from solvent.billing.plan import Plan
from solvent.billing.proposal_store import Outcome, settle
from solvent.billing.publish_plans import publish_plans
from solvent.billing.recognition import earned_by_time
from solvent.billing.recognition_store import schedules_of
from solvent.billing.renew_due import renew_due
from solvent.billing.subscribe import subscribe
from solvent.billing.subscription import Subscription, Wish
from solvent.db.group_commit import GroupCommit
from solvent.identity.caller import Customer
from solvent.identity.store import add_customer, known_customer
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.invoice import Invoice, InvoiceId, Standing
from solvent.invoicing.profile import Profile
from solvent.invoicing.store import set_profile
from solvent.ledger import store as ledger_store
from solvent.ledger.account import MEMO_USED, deferred, wallet
from solvent.ledger.balance import all_months
from solvent.ledger.pot import Pot, drawing_order
from solvent.ledger.pot_store import left_of, open_pots, pots_of
from solvent.ledger.transfer import posting
from solvent.values.ids import CustomerId, TransferId
from solvent.values.instant import NEVER_US, instant
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money, money

KIM = CustomerId("cus_kim")
FREE = Plan(name="free", price=money("0", "KRW"), included=(Included("answers", 10),))
PLUS = Plan(
    name="plus", price=money("9900", "KRW"), included=(Included("answers", 300, roll_over=50),), afterwards="free"
)
PRO = Plan(name="pro", price=money("29000", "KRW"), included=(Included("answers", 1500),), afterwards="free")
YEAR = Plan(
    name="pro-year", price=money("290000", "KRW"), period="year", included=(Included("answers", 18000),),
    afterwards="free",
)  # fmt: skip
PLANS = (FREE, PLUS, PRO, YEAR)
_keys = count()


def at(text: str) -> int:
    """An instant; without an offset in Seoul."""
    return instant(f"{text}+09:00" if len(text) == len("2026-06-01T00:00:00") else text, "at")


def won(units: int) -> Money:
    """Whole won."""
    return Money(units * 10**7, "KRW")


def act(now_us: int, key: str = "") -> Act:
    """An act under a new key, or a given one."""
    return Act("key_op", key or f"act-{next(_keys)}", fingerprint(key), now_us)


class Books:
    """One open database with the verbs that stories are made of."""

    def __init__(self, database: GroupCommit) -> None:
        self.database = database

    async def customer(self, id: CustomerId = KIM, currency: str = "KRW") -> CustomerId:
        """A customer with an empty wallet."""

        def work(connection: Connection) -> None:
            add_customer(connection, Customer(id, f"Customer {id}", "", 0))
            open_pots(connection, [Pot(wallet(id), currency, id, "wallet", "", 0, NEVER_US)])

        await self.database.write(work)
        return id

    async def publish(self, *plans: Plan, now_us: int = 0) -> None:
        """Put plans on sale, at a loss if they like."""
        named = {plan.name: plan for plan in plans}
        await publish_plans(named, named.keys(), (), self.database, now_us)

    async def profile(self, profile: Profile) -> None:
        """How a customer is taxed."""
        await self.database.write(lambda connection: set_profile(connection, profile))

    async def subscribe(self, plan: str, now_us: int, customer: CustomerId = KIM, **wish: object) -> Outcome:
        """Paying by invoice unless it is said otherwise."""
        asked = msgspec.convert({"customer": customer, "plan": plan, "pays": "invoice", **wish}, Wish)
        return (await subscribe(asked, act(now_us), self.database))[0]

    async def change(
        self, plan: str, now_us: int, when: When = "as_fits", customer: CustomerId = KIM, **wish: object
    ) -> Outcome:
        """Paying by invoice unless it is said otherwise."""
        asked = msgspec.convert({"customer": customer, "plan": plan, "pays": "invoice", **wish}, Wish)
        return (await change_plan(asked, act(now_us), self.database, when=when))[0]

    async def renew(self, now_us: int) -> int:
        """How many periods were renewed."""
        return (await renew_due(self.database, now_us)).renewed

    async def current(self, customer: CustomerId = KIM) -> Subscription:
        """The subscription that runs."""
        found = await self.database.read(lambda connection: subscription_store.current(connection, customer))
        assert found is not None, f"{customer} has no subscription"
        return found

    async def plan_name(self, customer: CustomerId = KIM) -> str:
        """The plan that identity shows."""
        return (await self.database.read(lambda connection: known_customer(connection, customer))).plan

    async def left(self, customer: CustomerId = KIM, at_us: int | None = None) -> dict[str, int]:
        """What is left in each open quota, by its place; of those that may be used at an instant."""

        def work(connection: Connection) -> dict[str, int]:
            quotas = quota_store.open_of_customer(connection, customer)
            left = left_of(connection, [quota.account for quota in quotas])
            sums: dict[str, int] = {}
            for quota in quotas:
                if at_us is None or quota.opens_us <= at_us < quota.expires_us:
                    grains = left.get((quota.account, quota.unit), (0, 0))[1]
                    sums[quota.place] = sums.get(quota.place, 0) + grains
            return {place: grains for place, grains in sums.items() if grains}

        return await self.database.read(work)

    async def use(self, place: str, grains: int, now_us: int, customer: CustomerId = KIM) -> None:
        """Use some of an open quota, as answers do."""

        def work(connection: Connection) -> None:
            quotas = quota_store.open_of_customer(connection, customer)
            newest = max((quota for quota in quotas if quota.place == place), key=lambda quota: quota.opens_us)
            _use(connection, newest.account, newest.unit, grains, now_us)

        await self.database.write(work)

    async def use_account(self, account: str, amount: int, now_us: int, unit: str = "ANSWERS") -> None:
        """Use some of one pot."""
        await self.database.write(lambda connection: _use(connection, account, unit, amount, now_us))

    async def invoices(self, customer: CustomerId = KIM) -> list[tuple[Invoice, Standing]]:
        """Every document of a customer, oldest first."""
        found = await self.database.read(
            lambda connection: invoicing_store.invoices_between(connection, 0, NEVER_US, customer=customer)
        )
        return sorted(found, key=lambda pair: (pair[0].issued_us, pair[0].kind, pair[0].number.sequence))

    async def put(self, subscription: Subscription) -> None:
        """Change a row as no verb would."""
        await self.database.write(lambda connection: subscription_store.put(connection, [subscription]))

    async def pay(self, invoice: str, now_us: int) -> None:
        """An invoice is paid in full, to the bank."""

        def work(connection: Connection) -> None:
            document, _ = invoicing_store.invoice_by_id(connection, InvoiceId(invoice))
            invoice_store.pay(connection, document.id, document.total, "cash:bank", now_us, f"transfer/{invoice}")
            settle(connection, invoice, now_us)

        await self.database.write(work)

    async def set_zone(self, name: str) -> None:
        """The time zone that the books are kept in."""
        await self.database.write(lambda connection: ledger_store.keep_months_in(connection, name))

    async def balance(self, account: str, unit: str = "KRW") -> int:
        """Credits less debits."""
        kept = await self.database.read(lambda connection: ledger_store.balances_at(connection, (account,)))
        moved = kept.get((account, unit))
        return moved.credits - moved.debits if moved else 0

    async def rest_by_plan(self, subscription: Subscription, at_us: int) -> Counter[str]:
        """Grains of its period still to be earned from an instant on, by the plan that earns them."""
        account = deferred(subscription.id)
        rest: Counter[str] = Counter()
        for one in await self.database.read(lambda connection: schedules_of(connection, account)):
            rest[one.plan] += one.grains - earned_by_time(one, at_us)
        return Counter({plan: grains for plan, grains in rest.items() if grains})

    async def check(self) -> None:
        """The books agree with their journal, every unit balances, and no quota is below zero."""

        def work(connection: Connection) -> None:
            kept = ledger_store.balances_by_month(connection)
            assert kept == ledger_store.balances_rebuilt(connection)
            sums: dict[str, int] = {}
            for (account, unit), moved in all_months(kept).items():
                sums[unit] = sums.get(unit, 0) + moved.credits - moved.debits
                if account.startswith(("allowance:", "grant:", "overage:", "wallet:")):
                    assert moved.credits - moved.debits - moved.held_debits >= 0, account
            assert not any(sums.values()), sums

        await self.database.read(work)


def _use(connection: Connection, account: str, unit: str, grains: int, now_us: int) -> None:
    id = TransferId(f"ans_{next(_keys)}")
    ledger_store.append(connection, [posting(id, now_us, account, MEMO_USED, Money(grains, unit), id)])


async def pots(books: Books, at_us: int, customer: CustomerId = KIM) -> list[Pot]:
    """What pays for an answer at an instant, in the order in which it is drawn from."""
    found = await books.database.read(lambda connection: pots_of(connection, customer, at_us))
    return sorted((pot for pot in found if pot.opens_us <= at_us < pot.expires_us), key=drawing_order)


def totals(documents: Sequence[tuple[Invoice, object]]) -> list[int]:
    """Whole won of each document."""
    return [document.total.grains // GRAINS_PER_MINOR_UNIT for document, _ in documents]


@asynccontextmanager
async def books(place: Place) -> AsyncIterator[Books]:
    """Books with the plans of this file on sale and one customer; checked at the end."""
    async with place.opened() as database:
        opened = Books(database)
        await opened.publish(*PLANS)
        await opened.customer()
        yield opened
        await opened.check()


def story(place: Place, tell: Callable[[Books], Awaitable[None]]) -> None:
    """Run one story on fresh books."""

    async def run() -> None:
        async with books(place) as opened:
            await tell(opened)

    asyncio.run(run())
