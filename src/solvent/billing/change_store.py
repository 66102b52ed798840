"""A subscription changes in the middle of its period: its terms, the difference in money, and its quotas.

Money and quotas are prorated alike, so that a period that changed gives as much as it was paid for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection

from solvent.billing import (
    begin_store,
    coupon_store,
    credit_store,
    plan_store,
    quota_store,
    redemption_store,
    subscription_store,
)
from solvent.billing.coupon import Coupon, fits
from solvent.billing.included import NO_LIMIT, Included, issued, place
from solvent.billing.plan import Plan
from solvent.billing.proration import Stretch, after_use, change, prorated
from solvent.billing.quota import OVERAGE, Quota, given, included_in, period_quotas, pot_of, taken_back
from solvent.billing.recognition_store import hand_over
from solvent.billing.subscription import Subscription, Wish, changed
from solvent.billing.subscription_store import Spell
from solvent.billing.turn import reference, rest_line
from solvent.invoicing.invoice import Invoice
from solvent.invoicing.line import DraftLine
from solvent.invoicing.store import profile_at
from solvent.ledger import store as ledger_store
from solvent.ledger.account import deferred
from solvent.ledger.pot_store import left_of, open_pots, touch_customers
from solvent.ledger.transfer import Transfer
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money

WHOLE: Final = GRAINS_PER_MINOR_UNIT  # invoices are in whole minor units


class Change(msgspec.Struct, frozen=True):
    """A change within a period, worked out and not yet done.

    lines: of the invoice, when it costs more. given_back: what comes back, above zero, when it costs less: before it
    is lowered for quotas that are used up already.
    """

    before: Subscription
    after: Subscription
    plan: Plan
    lines: tuple[DraftLine, ...]
    given_back: Money


class Changed(msgspec.Struct, frozen=True):
    """What became of it. credited: what came back in the end."""

    subscription: Subscription
    invoice: Invoice | None
    credited: Money


def work_out(connection: Connection, before: Subscription, plan: Plan, seats: int, at_us: int) -> Change:
    """What a change to a plan with periods of the same length comes to, from at_us on. Nothing is written."""
    coupon = _coupon(connection, before, plan)
    after = changed(before, plan, seats, coupon, at_us)
    spells = subscription_store.spells_of(connection, before)
    earlier = tuple(Stretch(spell.from_us, spell.price_grains) for spell in spells)
    difference = change(earlier, at_us, after.price_grains, before.period, WHOLE)
    old = plan_store.plan_at(connection, before.plan, before.version)
    language = profile_at(connection, before.customer, at_us).language
    lines = (
        *rest_line(before, old, difference.unused, at_us, language),
        *rest_line(after, plan, difference.rest, at_us, language),
    )
    return Change(before, after, plan, lines, Money(max(0, -difference.total), plan.currency))


def carry_out(connection: Connection, worked_out: Change, at_us: int, now_us: int) -> Changed:
    """Change the terms and quotas; invoice what is due, or give back what is not used."""
    before, after, plan = worked_out.before, worked_out.after, worked_out.plan
    spells = subscription_store.spells_of(connection, before)
    subscription_store.add_spell(connection, before)
    shares = _change_quotas(connection, after, plan, spells, at_us, now_us)
    invoice = None
    credited = Money(0, plan.currency)
    if worked_out.given_back.grains:
        grains = min((after_use(worked_out.given_back.grains, *share, WHOLE) for share in shares), default=-1)
        wanted = Money(grains, plan.currency) if grains >= 0 else worked_out.given_back
        credited = credit_store.give_back(connection, before, wanted, at_us, now_us)
    elif worked_out.lines:
        step = reference(before, str(credit_store.count_documents(connection, before)))
        invoice = begin_store.issue(connection, after, worked_out.lines, plan.currency, step, now_us)
        if invoice is not None and not after.invoice:
            after = msgspec.structs.replace(after, invoice=invoice.id)
    subscription_store.put(connection, [after])
    if after.plan != before.plan:
        hand_over(connection, deferred(after.id), after.plan, at_us)
        begin_store.note_plans(connection, {after.customer: after.plan})
    return Changed(after, invoice, credited)


def unused(connection: Connection, before: Subscription, at_us: int) -> Money:
    """What of its period would come back if it ended at_us: by time, and less when quotas are used up before theirs."""
    plan = plan_store.plan_at(connection, before.plan, before.version)
    spells = subscription_store.spells_of(connection, before)
    earlier = tuple(Stretch(spell.from_us, spell.price_grains) for spell in spells)
    period = before.period
    grains = prorated(earlier, period, period.end_us, WHOLE) - prorated(earlier, period, at_us, WHOLE)
    quotas = _limited(quota_store.open_of(connection, (before.id,)), before)
    left = left_of(connection, [quota.account for quota in quotas])
    least = grains
    for quota in quotas:
        owed = prorated((Stretch(period.start_us, quota.issued),), period, period.end_us, 1)
        owed -= prorated((Stretch(period.start_us, quota.issued),), period, at_us, 1)
        free = left.get((quota.account, quota.unit), (0, 0))[0]
        least = min(least, after_use(grains, owed, min(owed, free), WHOLE))
    return Money(least, plan.currency)


def _coupon(connection: Connection, before: Subscription, plan: Plan) -> Coupon | None:
    """The coupon of this period goes on for the rest of it, if it is for the other plan too."""
    coupon = coupon_store.find_coupon(connection, before.coupon) if before.coupon else None
    return coupon if coupon is not None and fits(coupon, plan.name) else None


def _limited(quotas: Iterable[Quota], subscription: Subscription) -> list[Quota]:
    """The quotas of the period that run out."""
    return [
        quota
        for quota in quotas
        if quota.opens_us == subscription.period_start_us
        and quota.kind == "allowance"
        and not quota.place.startswith(NO_LIMIT)
        and quota.issued
    ]


class _Goal(msgspec.Struct):
    """What a quota is to be after a change. owed: what should come back of it."""

    quota: Quota
    whole: int
    owed: int = 0
    is_new: bool = False


def _change_quotas(
    connection: Connection, after: Subscription, plan: Plan, spells: Sequence[Spell], at_us: int, now_us: int
) -> list[tuple[int, int]]:
    """Give and take back, and return of each quota that shrank how much was owed and how much was still there."""
    known = {
        quota.place: quota
        for quota in quota_store.open_of(connection, (after.id,))
        if quota.opens_us == after.period_start_us
    }
    goals = _goals(connection, after, plan, spells, known, at_us)
    left = left_of(connection, [goal.quota.account for goal in goals])
    rows: list[Quota] = []
    transfers: list[Transfer] = []
    shares: list[tuple[int, int]] = []
    for goal in goals:
        quota, transfer, issued_then = goal.quota, None, goal.whole
        free, whole = left.get((quota.account, quota.unit), (0, 0))
        grows = goal.whole - (whole if quota.place.startswith(NO_LIMIT) else quota.issued)
        if goal.is_new or grows > 0:
            quota, transfer = given(quota, goal.whole if goal.is_new else grows, now_us)
        elif goal.owed:
            taken = min(free, goal.owed)
            if quota.kind == "allowance" and not quota.place.startswith(NO_LIMIT):
                shares.append((goal.owed, taken))
            if taken:
                quota, transfer = taken_back(quota, taken, now_us)
            issued_then = goal.quota.issued - taken  # what was used of it stays used, whatever comes after
        rows.append(msgspec.structs.replace(quota, issued=issued_then))
        transfers += [transfer] if transfer is not None and transfer.grains else []
    open_pots(connection, [pot_of(row, after.usable_until_us) for row in rows])
    quota_store.put(connection, rows)
    if transfers:
        ledger_store.append(connection, transfers)
    touch_customers(connection, [after.customer])
    return shares


def _goals(
    connection: Connection, after: Subscription, plan: Plan, spells: Sequence[Spell], known: dict[str, Quota],
    at_us: int,
) -> list[_Goal]:  # fmt: skip
    plans = plan_store.plans_at(connection, {(spell.plan, spell.version) for spell in spells})
    earlier = [(spell, _by_place(included_in(after, plans[spell.plan, spell.version]))) for spell in spells]
    wanted = _by_place(included_in(after, plan))
    fresh = {quota.place: quota for quota in period_quotas(after, plan)}
    goals = []
    for name in sorted(known.keys() | fresh.keys()):
        quota = known.get(name) or fresh[name]
        if name in fresh:
            quota = msgspec.structs.replace(quota, roll_most=fresh[name].roll_most)
        whole = fresh[name].issued if name in fresh else 0
        if not (name == OVERAGE or name.startswith(NO_LIMIT)):
            amounts = [
                Stretch(spell.from_us, issued(places[name], spell.seats) if name in places else 0)
                for spell, places in earlier
            ]
            amounts.append(Stretch(at_us, issued(wanted[name], after.seats) if name in wanted else 0))
            whole = prorated(tuple(amounts), after.period, after.period_end_us, 1)
        owed = max(0, quota.issued - whole) if name in known else 0
        goals.append(_Goal(quota, whole, owed, name not in known))
    return goals


def _by_place(quotas: Iterable[Included]) -> dict[str, Included]:
    return {place(included): included for included in quotas}


def wished_plan(connection: Connection, current: Subscription | None, wish: Wish, *, newest_terms: bool) -> Plan:
    """The terms a customer asks for: those they are on when it is their own plan, else the newest on sale."""
    if current is not None and wish.plan == current.plan and not newest_terms:
        return plan_store.plan_at(connection, current.plan, current.version)
    return plan_store.demand_on_sale(connection, wish.plan)


def take_coupon(connection: Connection, wish: Wish, plan: Plan, now_us: int) -> None:
    """Take the coupon of a wish, for the plan it asks for."""
    redemption_store.take(connection, wish.customer, wish.coupon, plan.name, now_us)


def currency_of(connection: Connection, subscription: Subscription) -> str:
    """What a subscription is paid in."""
    return plan_store.plan_at(connection, subscription.plan, subscription.version).currency
