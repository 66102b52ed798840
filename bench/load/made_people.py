"""The customers of made books: how much each asks is heavy-tailed, and one is a business that asks a twentieth of all.

Everything comes from one seed, so that two runs make the same books.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import Final, TypeVar

import msgspec
from sqlalchemy import Connection, insert

from solvent.app.config import Config
from solvent.app.plans import read_plans
from solvent.billing import invoice_store, plan_store, quota_store, renewal_store, subscription_store
from solvent.billing.begin_store import is_paid
from solvent.billing.plan import Plan, fee
from solvent.billing.quota import period_quotas
from solvent.billing.subscription import Subscription, SubscriptionId, begun, waiting
from solvent.billing.turn import draft, period_lines, reference
from solvent.identity.store import customers, keys
from solvent.invoicing.invoice import InvoiceId
from solvent.invoicing.store import invoice_by_id
from solvent.ledger import store as ledger_store
from solvent.ledger.account import CUSTOMER_GRANTS, wallet
from solvent.ledger.pot import Pot
from solvent.ledger.pot_store import open_pots
from solvent.ledger.transfer import posting
from solvent.values.ids import CustomerId, TransferId, new_id
from solvent.values.instant import NEVER_US
from solvent.values.money import Money

CURRENCY: Final = "KRW"
SIGMA: Final = 1.5  # of the lognormal of how much customers ask
GIANT_PERMILLE: Final = 50  # of all answers, by the first customer
GIANT_USERS: Final = 5_000
PLANS: Final = ("free", "pay-as-you-go", "plus", "pro")
PLAN_SHARES: Final = (60, 25, 12, 3)
GIFT_GRAINS: Final = 1_000 * 10**7
RENEWED_AT_ONCE: Final = 500
VIA: Final = "receivable:processor:toss"

T = TypeVar("T")


class Person:
    """A customer, and what they have left: in the wallet, and of what their plan includes."""

    __slots__ = ("end_users", "id", "keys", "plan", "quota", "quota_left", "wallet", "wallet_left")

    def __init__(self, id: CustomerId, plan: str, keys: Sequence[str], end_users: int) -> None:
        self.id = id
        self.plan = plan
        self.keys = keys
        self.end_users = end_users
        self.wallet = wallet(id)
        self.wallet_left = GIFT_GRAINS
        self.quota = ""
        self.quota_left = 0


class People(msgspec.Struct, frozen=True):
    """Everybody, with the running sums of how much they ask."""

    everybody: list[Person]
    cumulative: list[float]

    @property
    def giant(self) -> Person:
        """The one who asks most."""
        return self.everybody[0]


def some_people(count: int, random_: random.Random, before_us: int) -> People:
    """Customers who came before an instant. They have 1 to 3 keys; three in ten have end users of their own."""
    weights = [random_.lognormvariate(0, SIGMA) for _ in range(count)]
    weights[0] = sum(weights[1:]) * GIANT_PERMILLE / (1000 - GIANT_PERMILLE) if count > 1 else 1.0
    everybody = []
    for n in range(count):
        at_us = before_us - (count - n) * 1_000
        plan = random_.choices(PLANS, PLAN_SHARES)[0] if n else "pay-as-you-go"
        names = [
            new_id("key", at_us, random_.getrandbits(50)) for _ in range(random_.choice((1, 1, 2, 3)) if n else 40)
        ]
        end_users = random_.choice((5, 20, 200)) if random_.random() < 0.3 else 0
        id = CustomerId(new_id("cus", at_us, random_.getrandbits(50)))
        everybody.append(Person(id, plan, names, end_users if n else GIANT_USERS))
    return People(everybody, list(accumulate(weights)))


def open_people(connection: Connection, people: People, at_us: int) -> None:
    """Write customers, keys, wallets and a gift in each; publish the plans."""
    ledger_store.set_mark(connection, "currency", CURRENCY)
    for plan in read_plans(Config()).values():
        plan_store.publish(connection, plan, "file", at_us)
    for some in _some(people.everybody, 2_000):
        rows = [
            {"id": p.id, "name": f"Customer {p.id[-6:]}", "plan": "", "created_us": at_us, "state": "active"}
            for p in some
        ]
        connection.execute(insert(customers), rows)
        held = [_key(person, id, at_us) for person in some for id in person.keys]
        connection.execute(insert(keys), held)
        open_pots(connection, [Pot(p.wallet, CURRENCY, p.id, "wallet", "", 0, NEVER_US) for p in some])
        gift = Money(GIFT_GRAINS, CURRENCY)
        gifts = [(TransferId(f"grant_{p.id}"), at_us, CUSTOMER_GRANTS, p.wallet, gift, f"grant/{p.id}") for p in some]
        ledger_store.append(connection, [posting(*gift) for gift in gifts])


def _key(person: Person, id: str, at_us: int) -> dict[str, object]:
    shown = {"role": "customer", "hint": id[-4:], "name": "", "expires_us": NEVER_US, "revoked_us": 0}
    return {"id": id, "digest": id.encode(), "customer": person.id, "created_us": at_us, **shown}


def begin_subscriptions(connection: Connection, people: People, at_us: int) -> int:
    """Everybody's plan begins: a subscription, what it includes, and an invoice that is paid. Returns how many pay."""
    plans = {plan.name: plan for plan in plan_store.on_sale(connection)}
    paying = 0
    for some in _some(people.everybody, RENEWED_AT_ONCE):
        begun_now = [(_subscription(person, plans[person.plan], at_us), plans[person.plan]) for person in some]
        for subscription, plan in begun_now:
            if fee(plan, subscription.seats).grains:
                _invoice(connection, subscription, plan, at_us)
                paying += 1
        subscription_store.put(connection, [subscription for subscription, _ in begun_now])
        opened = [quota for subscription, plan in begun_now for quota in period_quotas(subscription, plan)]
        ends = {subscription.id: subscription.period_end_us for subscription, _ in begun_now}
        quota_store.open_quotas(connection, [(quota, ends[SubscriptionId(quota.source)]) for quota in opened], at_us)
    read_quotas(connection, people)
    return paying


def _subscription(person: Person, plan: Plan, at_us: int) -> Subscription:
    id = SubscriptionId(person.id.replace("cus_", "sub_"))
    asked = waiting(id, person.id, plan, 1, None, "card", "Asia/Seoul", at_us)
    return begun(asked, plan, at_us, with_trial=False)


def _invoice(connection: Connection, subscription: Subscription, plan: Plan, at_us: int) -> None:
    lines = period_lines(subscription, plan, None, "ko")
    invoice = invoice_store.issue(
        connection, draft(subscription, lines, CURRENCY, reference(subscription), at_us), at_us
    )
    invoice_store.pay(connection, invoice.id, invoice.total, VIA, at_us, invoice.id)


def renew(connection: Connection, now_us: int) -> list[SubscriptionId]:
    """One turn of the job that renews what is due; their invoices are paid at once. Returns whom it was for."""
    due = [one.id for one in subscription_store.due(connection, now_us, RENEWED_AT_ONCE)]
    renewal_store.renew(connection, now_us, RENEWED_AT_ONCE)
    for id in due:
        after = subscription_store.by_id(connection, id)
        if after.invoice:
            invoice = invoice_by_id(connection, InvoiceId(after.invoice))[0]
            invoice_store.pay(connection, invoice.id, invoice.total, VIA, now_us, invoice.id)
            is_paid(connection, after, "")
    return due


def read_quotas(connection: Connection, people: People) -> None:
    """Note what plans include for everybody now."""
    by_id = {person.id: person for person in people.everybody}
    for some in _some(people.everybody, RENEWED_AT_ONCE):
        sources = [person.id.replace("cus_", "sub_") for person in some]
        for quota in quota_store.open_of(connection, sources):
            person = by_id[quota.customer]
            person.quota, person.quota_left = quota.account, quota.issued


def _some(rows: Sequence[T], count: int) -> Iterator[list[T]]:
    left = iter(rows)
    while some := list(islice(left, count)):
        yield some
