"""Operations on subscriptions: who is on which plan, from when to when, and what a change comes to."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from solvent.app.business import Business
from solvent.app.checkouts import begin_if_due, demand_rail
from solvent.audit.act import Act
from solvent.billing import subscription_store
from solvent.billing.cancel import At, cancel
from solvent.billing.change_plan import When, change_plan
from solvent.billing.keep_plan import keep_plan
from solvent.billing.proposal_store import Outcome, Way
from solvent.billing.quote_change import Quoted, QuotedLine, quote_change
from solvent.billing.subscribe import subscribe
from solvent.billing.subscription import Pays, Subscription, Wish
from solvent.billing.subscription import State as SubscriptionState
from solvent.console.checkouts import PaymentBody, Rail, payment_of
from solvent.console.members import WORD
from solvent.console.operation import Asked, Nothing, Operation, reading
from solvent.console.whose import whose
from solvent.db.port import Connection
from solvent.identity.store import known_customer
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US, iso
from solvent.values.limits import SEATS_MAX
from solvent.values.money import Money, plain


class PeriodBody(msgspec.Struct):
    """Calendar time from an edge to the next. number: -1 for a trial."""

    number: int
    start: str
    end: str


class NextBody(msgspec.Struct):
    """What it changes to at the end of the period."""

    plan: str
    version: int
    seats: int


class SubscriptionBody(msgspec.Struct, kw_only=True):
    """Who is on which plan. price: of a whole period, coupon taken off, tax as the plan's prices have it.

    unpaid_invoice: the oldest; null for none. usable_until: until when what the period gives may be used.
    """

    object: Literal["subscription"] = "subscription"
    id: str
    customer: str
    plan: str
    version: int
    state: SubscriptionState
    pays: Pays
    period: PeriodBody
    seats: int
    coupon: str | None
    price: str
    currency: str
    next: NextBody | None
    cancel_at_end: bool
    unpaid_invoice: str | None
    usable_until: str
    trial_end: str | None
    started_at: str
    ended_at: str | None


class OutcomeBody(msgspec.Struct, kw_only=True):
    """What became of it. due: to be paid before a waiting subscription begins, or for the invoice.

    credited: what came back. payment: how the customer pays what is due, when a rail was named.
    """

    object: Literal["subscription.outcome"] = "subscription.outcome"
    subscription: SubscriptionBody
    invoice: str | None
    due: str
    credited: str
    currency: str
    payment: PaymentBody | None = None


class HistoryBody(msgspec.Struct, kw_only=True):
    """What a customer is on now, and was or asked for before, newest first."""

    object: Literal["subscription.history"] = "subscription.history"
    current: SubscriptionBody | None
    history: list[SubscriptionBody]


class LineBody(msgspec.Struct):
    """One line of the invoice that would be issued."""

    kind: str
    text: str
    amount: str
    start: str | None
    end: str | None


class QuoteBody(msgspec.Struct, kw_only=True):
    """What it would come to. way: whether it begins, changes within the period, or begins one of another length.

    given_back: at most. each_period: what a whole period comes to afterwards.
    """

    object: Literal["subscription.quote"] = "subscription.quote"
    way: Way
    plan: str
    version: int
    seats: int
    lines: list[LineBody]
    due: str
    given_back: str
    each_period: str
    currency: str
    period_end: str | None


PlanName = Annotated[str, WORD, Meta(description="the name of a plan on sale")]
SeatCount = Annotated[int, Meta(description="how many seats; 0 for those included", ge=0, le=SEATS_MAX)]
PaysBy = Annotated[
    Pays | None, Meta(description="card: what they save is charged; invoice: they are sent one; null: card with a rail")
]
PaysNow = Annotated[Pays | None, Meta(description="for all that is invoiced from then on; null: as they pay now")]
CouponCode = Annotated[str, WORD, Meta(description="a coupon to take first")]
NewestTerms = Annotated[bool, Meta(description="also for the plan they are on, whose old terms they keep otherwise")]


class NewSubscription(msgspec.Struct, forbid_unknown_fields=True):
    """What a customer is to be on."""

    plan: PlanName
    seats: SeatCount = 0
    pays: PaysBy = None
    coupon: CouponCode = ""
    rail: Rail = ""


class SubscriptionChange(msgspec.Struct, forbid_unknown_fields=True):
    """What a customer is to be on instead."""

    plan: PlanName
    seats: SeatCount = 0
    pays: PaysNow = None
    coupon: CouponCode = ""
    when: Annotated[When, Meta(description="as_fits: dearer now, cheaper at the end of the period")] = "as_fits"
    newest_terms: NewestTerms = False
    rail: Rail = ""


class SubscriptionWish(msgspec.Struct, forbid_unknown_fields=True):
    """What a customer might be on."""

    plan: PlanName
    seats: SeatCount = 0
    pays: PaysNow = None
    newest_terms: NewestTerms = False


class Cancellation(msgspec.Struct, forbid_unknown_fields=True):
    """How a plan is to end."""

    at: Annotated[At, Meta(description="now: what is paid is gone; period_end: it is not")] = "period_end"
    gives_back: Annotated[bool, Meta(description="with now: credit what is not used of the period")] = False


def subscription_body(subscription: Subscription, currency: str) -> SubscriptionBody:
    """A subscription as JSON."""
    s = subscription
    changes = NextBody(s.next_plan, s.next_version, s.next_seats) if s.next_plan else None
    return SubscriptionBody(
        id=s.id, customer=s.customer, plan=s.plan, version=s.version, state=s.state, pays=s.pays,
        period=PeriodBody(s.number, iso(s.period_start_us), iso(s.period_end_us)), seats=s.seats,
        coupon=s.coupon or None, price=plain(Money(s.price_grains, currency)), currency=currency, next=changes,
        cancel_at_end=bool(s.cancel_at_end), unpaid_invoice=s.invoice or None, usable_until=iso(s.usable_until_us),
        trial_end=iso(s.trial_end_us) if s.trial_end_us else None, started_at=iso(s.started_us),
        ended_at=iso(s.ended_us) if s.ended_us != NEVER_US else None,
    )  # fmt: skip


def pays_of(business: Business, pays: Pays | None, rail: str) -> Pays:
    """How a new plan or pack is paid: as it is said, else by card over the rail that is named, else by invoice.

    Raises NotFound for a rail that is not configured, before anything is done.
    """
    demand_rail(business, rail)
    return pays or ("card" if rail else "invoice")


def outcome_body(outcome: Outcome, payment: PaymentBody | None = None) -> OutcomeBody:
    """What became of a subscription, as JSON."""
    currency = outcome.due.currency
    return OutcomeBody(
        subscription=subscription_body(outcome.subscription, currency), invoice=outcome.invoice or None,
        due=plain(outcome.due), credited=plain(outcome.credited), currency=currency, payment=payment,
    )  # fmt: skip


async def history(asked: Asked[Nothing, Nothing]) -> HistoryBody:
    """Show what a customer is on, and was on before."""
    id = CustomerId(asked.path["customer"])

    def look(connection: Connection) -> tuple[Subscription | None, list[Subscription]]:
        known_customer(connection, id)
        return subscription_store.current(connection, id), subscription_store.history(connection, id)

    current, before = await asked.business.database.read(look)
    currency = asked.business.currency
    return HistoryBody(
        current=subscription_body(current, currency) if current else None,
        history=[subscription_body(one, currency) for one in before],
    )


async def begin(asked: Asked[Nothing, NewSubscription]) -> OutcomeBody:
    """Put a customer on a plan.

    Who pays by invoice begins at once. Who pays by card and owes something begins with the payment: name a rail, and
    the answer says how they pay. Without either, they pay by invoice.
    """
    body = asked.body
    customer = await whose(asked)
    pays = pays_of(asked.business, body.pays, body.rail)
    wish = Wish(customer=customer, plan=body.plan, seats=body.seats, pays=pays, coupon=body.coupon)
    outcome, _ = await subscribe(wish, asked.act, asked.business.database)
    return await outcome_with_payment(asked.business, asked.act, outcome, body.rail)


async def change(asked: Asked[Nothing, SubscriptionChange]) -> OutcomeBody:
    """Change a customer's plan or seats: at once with proration, or at the end of the period."""
    body = asked.body
    demand_rail(asked.business, body.rail)
    wish = Wish(customer=_customer(asked), plan=body.plan, seats=body.seats, pays=body.pays, coupon=body.coupon)
    database = asked.business.database
    outcome, _ = await change_plan(wish, asked.act, database, when=body.when, newest_terms=body.newest_terms)
    return await outcome_with_payment(asked.business, asked.act, outcome, body.rail)


async def outcome_with_payment(business: Business, act: Act, outcome: Outcome, rail: str) -> OutcomeBody:
    """What became of a subscription, and how the customer pays what it waits for, when a rail is named."""
    subscription = outcome.subscription
    if subscription.state != "waiting":
        return outcome_body(outcome)
    purpose = f"subscription:{subscription.id}"
    opened = await begin_if_due(business, act, subscription.customer, purpose, outcome.due, rail, subscription.plan)
    return outcome_body(outcome, payment_of(opened) if opened else None)


async def quote(asked: Asked[Nothing, SubscriptionWish]) -> QuoteBody:
    """Say what a plan would come to for a customer from now on. Nothing is changed."""
    body = asked.body
    wish = Wish(customer=_customer(asked), plan=body.plan, seats=body.seats, pays=body.pays)
    await asked.business.database.read(lambda connection: known_customer(connection, wish.customer))
    made = await quote_change(wish, asked.business.database, asked.act.at_us, newest_terms=body.newest_terms)
    return _quote(made)


def _quote(made: Quoted) -> QuoteBody:
    return QuoteBody(
        way=made.way, plan=made.plan, version=made.version, seats=made.seats, lines=[_line(one) for one in made.lines],
        due=plain(made.due), given_back=plain(made.given_back), each_period=plain(made.each_period),
        currency=made.due.currency, period_end=iso(made.period_end_us) if made.period_end_us else None,
    )  # fmt: skip


def _line(line: QuotedLine) -> LineBody:
    start, end = (iso(at_us) if at_us else None for at_us in (line.from_us, line.until_us))
    return LineBody(line.kind, line.text, plain(line.amount), start, end)


async def end(asked: Asked[Nothing, Cancellation]) -> OutcomeBody:
    """Cancel a customer's plan: at the end of the period, or now."""
    id, body = _customer(asked), asked.body
    outcome, _ = await cancel(id, asked.act, asked.business.database, at=body.at, gives_back=body.gives_back)
    return outcome_body(outcome)


async def keep(asked: Asked[Nothing, Nothing]) -> SubscriptionBody:
    """Keep a plan after all: it is neither canceled nor changed at the end of the period."""
    kept, _ = await keep_plan(_customer(asked), asked.act, asked.business.database)
    return subscription_body(kept, asked.business.currency)


def _customer(asked: Asked[Nothing, Any]) -> CustomerId:
    return CustomerId(asked.path["customer"])


_ONE: Final = "/v1/customers/{customer}/subscription"
SHOW = reading(_ONE, "subscriptions.read", history, Nothing, HistoryBody)
BEGIN = Operation(
    "POST", _ONE, "subscriptions.write", begin, Nothing, NewSubscription, OutcomeBody, is_money=True,
    touches_callers=True,
)  # fmt: skip
CHANGE = Operation(
    "POST", f"{_ONE}/change", "subscriptions.write", change, Nothing, SubscriptionChange, OutcomeBody, is_money=True,
    touches_callers=True,
)  # fmt: skip
QUOTE = Operation(
    "POST", f"{_ONE}/quote", "subscriptions.read", quote, Nothing, SubscriptionWish, QuoteBody, is_reading=True
)
CANCEL = Operation(
    "POST", f"{_ONE}/cancel", "subscriptions.write", end, Nothing, Cancellation, OutcomeBody, is_money=True,
    touches_callers=True,
)  # fmt: skip
KEEP = Operation("POST", f"{_ONE}/keep", "subscriptions.write", keep, Nothing, Nothing, SubscriptionBody, is_money=True)
OPERATIONS = (SHOW, BEGIN, QUOTE, CHANGE, CANCEL, KEEP)
