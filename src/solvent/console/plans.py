"""Operations on plans: what is on sale, its versions, and whether it earns."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from solvent.app.plan_entries import PlanEntry
from solvent.app.plans import plan_of
from solvent.app.written_plan import written_plan
from solvent.billing import plan_store, subscription_store
from solvent.billing.loss import Finding, weigh
from solvent.billing.move_subscribers import move_subscribers
from solvent.billing.plan_store import Published, Source
from solvent.billing.publish_plan import Publication, publish_plan
from solvent.billing.withdraw_plan import withdraw_plan
from solvent.console.members import DATE, DAYS
from solvent.console.operation import Asked, Nothing, Operation, reading
from solvent.db.port import Connection
from solvent.values.errors import NotFound
from solvent.values.instant import instant, iso
from solvent.values.limits import NOTICE_DAYS_MIN
from solvent.values.money import Money, plain


class PlanBody(msgspec.Struct, kw_only=True):
    """One version of a plan. subscribers: how many customers are on it now. terms: as they are published.

    moves_at: who is on an older version comes onto this one with the first period from then on; null for nobody.
    """

    object: Literal["plan"] = "plan"
    name: str
    version: int
    is_on_sale: bool
    source: Source
    subscribers: int
    published_at: str
    moves_at: str | None
    currency: str
    terms: PlanEntry


class PlansBody(msgspec.Struct, kw_only=True):
    """Plans, each in its newest version; or every version of one, newest first."""

    object: Literal["list"] = "list"
    data: list[PlanBody]


class FindingBody(msgspec.Struct, kw_only=True):
    """Whether a plan earns when all it includes is used. words: the arithmetic, in a sentence.

    left: of a whole period's price then; below zero for a loss. pays_for: how many answers or tokens the price pays
    for, where they are unlimited; unit: which of the two. about: what loses: "" for a period, "seat", or a pack's name.
    trial: what a trial may cost, beside.
    """

    object: Literal["plan.finding"] = "plan.finding"
    kind: Literal["earns", "loss", "unlimited", "unknown"]
    words: str
    left: str
    pays_for: int
    currency: str
    unit: str = ""
    about: str = ""
    trial: str = "0"


class PublishedBody(msgspec.Struct, kw_only=True):
    """What was published. version: the same as before when no term changed."""

    object: Literal["plan.published"] = "plan.published"
    name: str
    version: int
    finding: FindingBody


class PreviewBody(msgspec.Struct, kw_only=True):
    """What publishing would come to. current_version: 0 for a new plan. customers: how many are on its versions.

    is_new_version: whether any term is another than those on sale.
    """

    object: Literal["plan.preview"] = "plan.preview"
    name: str
    current_version: int
    is_new_version: bool
    customers: int
    finding: FindingBody


class WithdrawnBody(msgspec.Struct, kw_only=True):
    """A plan that is off sale. Who is on it stays."""

    object: Literal["plan.withdrawn"] = "plan.withdrawn"
    name: str


class Move(msgspec.Struct, forbid_unknown_fields=True, rename={"since": "from"}):
    """When everybody is to come onto the newest terms."""

    since: Annotated[str, DATE, Meta(description="with the first period from then on: 2027-01-01 (UTC)")]
    notice_days: Annotated[int, DAYS, Meta(description="how long before they can be told")] = NOTICE_DAYS_MIN


class MovingBody(msgspec.Struct, kw_only=True):
    """What is to happen. customers: how many are on an older version now."""

    object: Literal["plan.move"] = "plan.move"
    plan: str
    version: int
    moves_at: str
    customers: int


def plan_body(found: Published, subscribers: int, *, is_newest: bool) -> PlanBody:
    """A version of a plan as JSON."""
    plan = found.plan
    return PlanBody(
        name=plan.name, version=plan.version, is_on_sale=is_newest and not found.withdrawn_us, source=found.source,
        subscribers=subscribers, published_at=iso(found.published_us),
        moves_at=iso(found.moves_us) if found.moves_us else None, currency=plan.currency, terms=written_plan(plan),
    )  # fmt: skip


def finding_body(finding: Finding, currency: str) -> FindingBody:
    """Whether a plan earns, as JSON."""
    left = plain(Money(finding.period_grains, currency))
    return FindingBody(
        kind=finding.kind, words=finding.words, left=left, pays_for=finding.pays_for, currency=currency,
        unit=finding.unit, about=finding.about, trial=plain(Money(finding.trial_grains, currency)),
    )  # fmt: skip


async def plans(asked: Asked[Nothing, Nothing]) -> PlansBody:
    """List plans in their newest versions, by name."""

    def look(connection: Connection) -> PlansBody:
        counts = subscription_store.count_on(connection)
        found = plan_store.newest(connection)
        return PlansBody(
            data=[
                plan_body(one, counts.get((one.plan.name, one.plan.version), 0), is_newest=True) for one in found
            ]
        )  # fmt: skip

    return await asked.business.database.read(look)


async def versions(asked: Asked[Nothing, Nothing]) -> PlansBody:
    """Show every version of one plan, newest first."""
    name = asked.path["plan"]

    def look(connection: Connection) -> PlansBody:
        found = plan_store.versions(connection, name)
        if not found:
            raise NotFound("no_such_plan", f"there was never a plan {name[:60]!r}", param="plan")
        counts = subscription_store.count_on(connection)
        newest = found[0].plan.version
        return PlansBody(
            data=[
                plan_body(one, counts.get((name, one.plan.version), 0), is_newest=one.plan.version == newest)
                for one in found
            ]
        )

    return await asked.business.database.read(look)


async def preview(asked: Asked[Nothing, PlanEntry]) -> PreviewBody:
    """Say what publishing a plan would come to: whether it earns, and whether it is a new version. Nothing changes."""
    business = asked.business
    plan = plan_of(asked.body, business.currency)
    finding = weigh(plan, await business.class_costs())

    def look(connection: Connection) -> PreviewBody:
        last = plan_store.latest(connection, plan.name)
        counts = subscription_store.count_on(connection)
        return PreviewBody(
            name=plan.name, current_version=last.plan.version if last else 0,
            is_new_version=last is None or plan_store.digest(last.plan) != plan_store.digest(plan),
            customers=sum(count for (name, _), count in counts.items() if name == plan.name),
            finding=finding_body(finding, plan.currency),
        )  # fmt: skip

    return await business.database.read(look)


async def publish(asked: Asked[Nothing, PlanEntry]) -> PublishedBody:
    """Publish a plan. Other terms are a new version, and who is on an older one stays on it.

    A plan whose price is below the cost of what it includes is refused, unless `at_a_loss` says that it is meant.
    """
    business = asked.business
    plan = plan_of(asked.body, business.currency)
    costs = await business.class_costs()
    made, _ = await publish_plan(plan, costs, asked.act, business.database, at_a_loss=asked.body.at_a_loss)
    return published_body(made)


def published_body(made: Publication) -> PublishedBody:
    """What was published, as JSON."""
    finding = finding_body(made.finding, made.plan.currency)
    return PublishedBody(name=made.plan.name, version=made.plan.version, finding=finding)


async def withdraw(asked: Asked[Nothing, Nothing]) -> WithdrawnBody:
    """Take a plan off sale: nobody new is taken on it, and who is on it stays. Publishing puts it back."""
    name, _ = await withdraw_plan(asked.path["plan"], asked.act, asked.business.database)
    return WithdrawnBody(name=name)


async def move(asked: Asked[Nothing, Move]) -> MovingBody:
    """Bring everybody who is on older terms onto the newest, with the first period after a date."""
    body = asked.body
    made, _ = await move_subscribers(
        asked.path["plan"], instant(body.since, "from"), asked.act, asked.business.database,
        notice_days=body.notice_days,
    )  # fmt: skip
    return MovingBody(plan=made.plan, version=made.version, moves_at=iso(made.from_us), customers=made.customers)


_ONE: Final = "/v1/plans/{plan}"
LIST = reading("/v1/plans", "plans.read", plans, Nothing, PlansBody)
SHOW = reading(_ONE, "plans.read", versions, Nothing, PlansBody)
PUBLISH = Operation("POST", "/v1/plans", "plans.write", publish, Nothing, PlanEntry, PublishedBody, is_money=True)
PREVIEW = Operation(
    "POST", "/v1/plans/preview", "plans.read", preview, Nothing, PlanEntry, PreviewBody, is_reading=True
)
WITHDRAW = Operation(
    "POST", f"{_ONE}/withdraw", "plans.write", withdraw, Nothing, Nothing, WithdrawnBody, is_money=True
)
MOVE = Operation("POST", f"{_ONE}/move", "plans.write", move, Nothing, Move, MovingBody, is_money=True)
OPERATIONS = (LIST, PREVIEW, SHOW, PUBLISH, WITHDRAW, MOVE)
