"""What a month would be under other terms of a plan: what its subscribers would pay by billing's own rules, and what
their answers of the last month would have come to, replayed by the nouns that bill them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from solvent.answering.receipt_store import Use, uses_of
from solvent.app.business import Business
from solvent.app.replays import Replays
from solvent.billing import coupon_store, plan_store, subscription_store
from solvent.billing.plan import Plan, net_of
from solvent.billing.subscription import Subscription, price
from solvent.billing.turn import coupon_for
from solvent.db.port import Connection
from solvent.values.errors import Invalid
from solvent.values.instant import HOUR_US
from solvent.values.limits import PREVIEW_ANSWERS_MAX, PREVIEW_CUSTOMERS_MAX, STANDING_CUSTOMERS_MAX
from solvent.values.money import Money, round_half_even
from solvent.values.period import MONTHS
from solvent.values.usage import Usage

_AT_ONCE: Final = 500


class Fees(msgspec.Struct, frozen=True):
    """A month of the subscribers' fees, net of tax and processor: on the terms they have, and on the others."""

    subscribers: int
    now: Money
    then: Money


class Replayed(msgspec.Struct, frozen=True):
    """What changes for those whose answers were replayed, of so many on the plan. charge, cost: more or less of it.

    refused: answers that nothing would have paid for, more than today.
    """

    customers: int
    charge: Money
    cost: Money
    refused: int


def fees_of(connection: Connection, name: str, then: Plan) -> Fees:
    """Seats and coupons counted; who is in a trial pays nothing, and a year's price counts a twelfth."""
    subscribers, now_grains, then_grains, after = 0, 0, 0, ""
    plans: dict[int, Plan] = {}
    while subscribers < STANDING_CUSTOMERS_MAX:
        some = subscription_store.on_version(connection, name, 2**31, after, _AT_ONCE)
        if not some:
            break
        after = some[-1].id
        held = coupon_store.held_by(connection, [one.customer for one in some])
        for one in some:
            subscribers += 1
            if one.state == "trialing":
                continue
            if one.version not in plans:
                plans[one.version] = plan_store.plan_at(connection, name, one.version)
            mine = held.get(one.customer, [])
            now_grains += _month(plans[one.version], one, mine)
            then_grains += _month(then, one, mine)
    return Fees(subscribers, Money(now_grains, then.currency), Money(then_grains, then.currency))


def _month(plan: Plan, of: Subscription, held: coupon_store.Held) -> int:
    found = coupon_for(held, plan)
    seats = max(of.seats, plan.seats.included) if plan.seats else 1
    net = net_of(plan, price(plan, seats, found[1] if found else None)).grains
    return round_half_even(net, MONTHS[plan.period])


class _Now(NamedTuple):
    """What was replayed on the terms that are in force, its trace and its sums: other terms are held against it."""

    customers: int
    trace: Any
    scenario: Any
    sums: list[int]


async def replayed(
    replays: Replays, business: Business, name: str, then: Plan, span_us: tuple[int, int]
) -> Replayed | None:  # fmt: skip
    """The same answers of the same customers on either terms. None where nobody asked, or what replays is not here.

    No more than some hundred customers and some ten thousand answers, so that it is quick: those who came first. Within
    an hour the answers are the same ones while the settings are, and the customers with their versions: `replays`
    keeps them.
    """
    try:
        from solvent.simulation.replay import replay  # numpy comes with the extra `simulation`
    except ImportError:
        return None
    some = await business.database.read(
        lambda connection: subscription_store.on_version(connection, name, 2**31, "", PREVIEW_CUSTOMERS_MAX)
    )
    of = (span_us[0], span_us[1] // HOUR_US, [(one.customer, one.version) for one in some])
    now: _Now | None = replays.kept(name, of)
    uses, on = ([], {}) if now else await business.database.read(lambda connection: _asked(connection, some, span_us))
    if not now and not uses:
        return None

    def both() -> tuple[_Now, Replayed]:
        here = now or _as_it_is(business, name, uses, on)
        other = msgspec.structs.replace(here.scenario, name="then", plans={name: then}, plan=name, on={})
        charge, cost, refused = (
            there - was for there, was in zip(_sums(replay(here.trace, other)), here.sums, strict=True)
        )
        return here, Replayed(here.customers, Money(charge, then.currency), Money(cost, then.currency), refused)

    try:
        here, changes = await asyncio.to_thread(both)
    except Invalid:  # a model that is not sold any more, or without a price then
        return None
    replays.keep(name, of, here)
    return changes


def _as_it_is(business: Business, name: str, uses: list[Use], on: dict[str, Plan]) -> _Now:
    from solvent.app.traffic import scenario
    from solvent.simulation.replay import replay
    from solvent.simulation.trace import Answer, trace_of

    asked = sorted(uses, key=lambda one: (one.at_us - one.total_us, one.id))  # prices go by when it was asked
    answers = [
        Answer(one.at_us - one.total_us, one.customer, one.model, Usage(*one.used), one.id) for one in asked
    ]  # fmt: skip
    trace = trace_of(answers, name)
    versions = {f"{name} {plan.version}": plan for plan in on.values()}
    today = {customer: f"{name} {plan.version}" for customer, plan in on.items()}
    now = scenario("now", business, versions, next(iter(versions)), today, (), None)
    return _Now(len(on), trace, now, _sums(replay(trace, now)))


def _sums(outcome: Any) -> list[int]:
    return [sum(getattr(line, part) for line in outcome.lines) for part in ("charge_grains", "cost_grains", "refused")]


def _asked(
    connection: Connection, some: Sequence[Subscription], span_us: tuple[int, int]
) -> tuple[list[Use], dict[str, Plan]]:
    uses = uses_of(connection, [one.customer for one in some], *span_us, PREVIEW_ANSWERS_MAX)
    while len(uses) >= PREVIEW_ANSWERS_MAX and len(some) > 1:  # whole customers alone
        some = some[: len(some) // 2]
        uses = uses_of(connection, [one.customer for one in some], *span_us, PREVIEW_ANSWERS_MAX)
    return uses, _on(connection, some)


def _on(connection: Connection, some: Sequence[Subscription]) -> dict[str, Plan]:
    plans = {of: plan_store.plan_at(connection, *of) for of in {(one.plan, one.version) for one in some}}
    return {one.customer: plans[one.plan, one.version] for one in some}
