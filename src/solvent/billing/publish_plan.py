"""Publish a plan: new terms are a new version, and who is on an older one stays on it."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import plan_store
from solvent.billing.loss import ClassCost, Finding, demand_no_loss, weigh
from solvent.billing.plan import Plan
from solvent.billing.soundness import demand_served, demand_sound
from solvent.db.port import Connection, Database

ACTION = "plan.publish"


class Publication(msgspec.Struct, frozen=True):
    """The plan with its version (the same as before when no term changed), and whether it earns."""

    plan: Plan
    finding: Finding


async def publish_plan(
    plan: Plan,
    costs: tuple[ClassCost, ...],
    act: Act,
    database: Database,
    *,
    at_a_loss: bool = False,
    after_version: int | None = None,
) -> tuple[Publication, bool]:
    """costs: what answers of each class of models cost us, as far as known. at_a_loss: a loss is meant.
    after_version: the newest version that whoever publishes knows of, 0 for none; None to publish over any.

    Returns the publication, and whether this is new. Raises Invalid naming the field, and Refused for a plan whose
    price is below the cost of what it includes; Conflict where other terms were published since `after_version`.
    """
    demand_sound(plan)
    if costs:
        demand_served(plan, {cost.name for cost in costs})
    finding = weigh(plan, costs)
    demand_no_loss(finding, at_a_loss=at_a_loss)

    def work(connection: Connection) -> tuple[Publication, bool]:
        def effect() -> Publication:
            plan_store.demand_afterwards(connection, plan, ())
            if after_version is not None:
                plan_store.demand_unchanged(connection, plan, after_version)
            return Publication(plan_store.publish(connection, plan, "api", act.at_us), finding)

        return once(connection, act, ACTION, plan.name, effect, Publication)

    return await database.write(work)
