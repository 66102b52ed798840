"""Publish the plans of a file: at every start, and then only what is written otherwise than last time.

So a plan that was changed by the API stays as it is until its file changes too. A plan that is no longer in the file
is taken off sale; who is on it stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from hashlib import sha256

from solvent.audit.act import Change, by_system
from solvent.audit.store import add_changes
from solvent.billing import plan_store
from solvent.billing.loss import ClassCost, Finding, demand_no_loss, weigh
from solvent.billing.plan import Plan
from solvent.billing.soundness import demand_sound
from solvent.db.port import Connection, Database


async def publish_plans(
    plans: Mapping[str, Plan], meant_losses: Set[str], costs: tuple[ClassCost, ...], database: Database, now_us: int
) -> dict[str, Finding]:
    """plans: all plans of the file, by name. meant_losses: names of those that may lose money.

    Returns what was found of each plan that is new or changed. Raises what `publish_plan` raises; then none is
    published.
    """
    for plan in plans.values():
        demand_sound(plan)

    def work(connection: Connection) -> dict[str, Finding]:
        known = {found.plan.name: found for found in plan_store.newest(connection)}
        fresh = [
            plan
            for plan in plans.values()
            if plan_store.last_from_file(connection, plan.name) != plan_store.digest(plan)
        ]
        findings = {plan.name: weigh(plan, costs) for plan in fresh}
        for plan in fresh:
            demand_no_loss(findings[plan.name], at_a_loss=plan.name in meant_losses)
            plan_store.demand_afterwards(connection, plan, plans.values())
        done = [_note(plan_store.publish(connection, plan, "file", now_us), "plan.publish", now_us) for plan in fresh]
        for found in known.values():
            if found.source == "file" and found.plan.name not in plans and not found.withdrawn_us:
                plan_store.set_withdrawn(connection, found.plan.name, now_us)
                done.append(_note(found.plan, "plan.withdraw", now_us))
        add_changes(connection, done)
        return findings

    return await database.write(work)


def _note(plan: Plan, action: str, now_us: int) -> Change:
    act = by_system(f"{action}/{plan.name}/{plan.version}/{now_us}", now_us)
    id = "chg_" + sha256(f"{act.actor}\x1f{act.key}".encode()).hexdigest()[:32]
    return Change(id, now_us, act.actor, act.key, action, plan.name, "", b"%d" % plan.version)
