"""Quotas: what a customer was given to use, each a pot of its own with an end.

A row beside the pot remembers where it came from, how much was given, and where what is left goes.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from solvent.billing.included import NO_LIMIT, Included, issued, ledger_unit, place, rolls_over
from solvent.billing.plan import Plan
from solvent.billing.subscription import Subscription
from solvent.ledger import unit as units
from solvent.ledger.account import CUSTOMER_GRANTS, MEMO_EXPIRED, MEMO_ISSUED, allowance, grant_account, overage
from solvent.ledger.pot import Kind, Pot
from solvent.ledger.transfer import Transfer, posting
from solvent.values.ids import CustomerId, TransferId
from solvent.values.money import Money

OVERAGE: Final = "overage"
PACK: Final = "pak_"  # how ids of packs begin
QUOTA_ALERT_PERMILLE: Final = 800  # customers are told while there is something left
State = Literal["open", "closed"]


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """Its fields are the columns of `quotas`, in their order.

    account, unit: its pot. source: the subscription, pack or grant it is from. place: tells the quotas of one
    period apart, and finds the like of one in the next. number: of the period; 0 for what is in none.
    issued: how much was given in all, in the pot's unit. roll_most: at most so much of what is left goes into the
    next period's quota of the same place; rolled: how much did. moves: how many transfers it was part of.
    state: "closed" when nothing is left or can come back.
    """

    account: str
    unit: str
    customer: CustomerId
    kind: Kind
    source: str
    place: str
    number: int
    classes: str
    opens_us: int
    expires_us: int
    issued: int
    roll_most: int
    rolled: int
    moves: int
    state: State


def period_quotas(subscription: Subscription, plan: Plan) -> list[Quota]:
    """What the period a subscription is in gives, when it is on the same terms from its start to its end."""
    quotas = [
        _of_plan(subscription, plan, included, subscription.seats) for included in included_in(subscription, plan)
    ]
    if plan.overage_most is not None and subscription.state != "trialing":
        quotas.append(_on_account(subscription, plan.overage_most))
    return quotas


def included_in(subscription: Subscription, plan: Plan) -> tuple[Included, ...]:
    """The quotas of the plan for the kind of period it is in: in a trial, the trial's."""
    if subscription.number < 0:
        return plan.trial.included if plan.trial else ()
    return plan.included


def _of_plan(subscription: Subscription, plan: Plan, included: Included, seats: int) -> Quota:
    name = place(included)
    return Quota(
        account=allowance(subscription.customer, f"{subscription.id}.{subscription.period_start_us}.{name}"),
        unit=ledger_unit(included, plan.currency), customer=subscription.customer, kind="allowance",
        source=subscription.id, place=name, number=subscription.number, classes=" ".join(included.classes),
        opens_us=subscription.period_start_us, expires_us=subscription.period_end_us,
        issued=issued(included, seats), roll_most=rolls_over(included, seats), rolled=0, moves=0, state="open",
    )  # fmt: skip


def _on_account(subscription: Subscription, most: Money) -> Quota:
    return Quota(
        account=overage(subscription.customer, f"{subscription.id}.{subscription.period_start_us}"),
        unit=units.on_account(most.currency), customer=subscription.customer, kind="overage",
        source=subscription.id, place=OVERAGE, number=subscription.number, classes="",
        opens_us=subscription.period_start_us, expires_us=subscription.period_end_us, issued=most.grains,
        roll_most=0, rolled=0, moves=0, state="open",
    )  # fmt: skip


def pack_quota(customer: CustomerId, order: str, gives: Included, currency: str, at_us: int, until_us: int) -> Quota:
    """What a pack gives. order: what it was bought with, unique."""
    return Quota(
        account=allowance(customer, f"{order}.{place(gives)}"), unit=ledger_unit(gives, currency), customer=customer,
        kind="allowance", source=order, place=place(gives), number=0, classes=" ".join(gives.classes),
        opens_us=at_us, expires_us=until_us, issued=gives.amount, roll_most=0, rolled=0, moves=0, state="open",
    )  # fmt: skip


def is_of_pack(pot: Pot) -> bool:
    """Whether a pot is what a pack gave."""
    return pot.kind == "allowance" and pot.account.startswith(f"allowance:{pot.customer}:{PACK}")


def grant_quota(customer: CustomerId, grant: str, amount: Money, at_us: int, until_us: int) -> Quota:
    """A gift of money that expires. grant: tells it from every other of this customer."""
    return Quota(
        account=grant_account(customer, grant), unit=amount.currency, customer=customer, kind="grant", source=grant,
        place="gift", number=0, classes="", opens_us=at_us, expires_us=until_us, issued=amount.grains,
        roll_most=0, rolled=0, moves=0, state="open",
    )  # fmt: skip


def pot_of(quota: Quota, usable_until_us: int) -> Pot:
    """The pot that answers are drawn from. usable_until_us: it may be used no longer, whenever it expires."""
    until_us = min(quota.expires_us, usable_until_us)
    is_told = quota.kind != "grant" and not quota.place.startswith(NO_LIMIT)
    alert = quota.issued * QUOTA_ALERT_PERMILLE // 1000 if is_told else 0
    return Pot(quota.account, quota.unit, quota.customer, quota.kind, quota.classes, quota.opens_us, until_us, alert)


def given(quota: Quota, grains: int, at_us: int) -> tuple[Quota, Transfer]:
    """Put more into it: `issued` says already how much there is in all."""
    source = CUSTOMER_GRANTS if quota.kind == "grant" else MEMO_ISSUED
    return _moved(quota, at_us, source, quota.account, grains)


def taken_back(quota: Quota, grains: int, at_us: int) -> tuple[Quota, Transfer]:
    """Take out what expires, or was given for time that is not to be."""
    goal = CUSTOMER_GRANTS if quota.kind == "grant" else MEMO_EXPIRED
    return _moved(quota, at_us, quota.account, goal, grains)


def rolled_over(quota: Quota, into: Quota, grains: int, at_us: int) -> tuple[Quota, Transfer]:
    """Move what is left into the next period."""
    assert (quota.unit, quota.place) == (into.unit, into.place), "a quota rolls into its like"
    after, transfer = _moved(quota, at_us, quota.account, into.account, grains)
    after = msgspec.structs.replace(after, rolled=quota.rolled + grains)
    assert after.rolled <= quota.roll_most, "no more rolls over than may"
    return after, transfer


def closed(quota: Quota) -> Quota:
    """Nothing is left in it, or can come back."""
    return msgspec.structs.replace(quota, state="closed")


def _moved(quota: Quota, at_us: int, debit: str, credit: str, grains: int) -> tuple[Quota, Transfer]:
    # Its own count of moves makes the id, so that the same step can never be booked twice.
    id = TransferId(f"{quota.account}.{quota.moves}")
    transfer = posting(id, at_us, debit, credit, Money(grains, quota.unit), quota.source)
    return msgspec.structs.replace(quota, moves=quota.moves + 1), transfer
