"""The pages of plans: what is on sale in words, its versions, and an editor that says what terms would come to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from solvent.app.build import App
from solvent.app.plan_entries import PlanEntry
from solvent.console import margin, plans
from solvent.console.clerk import Clerk
from solvent.console.operation import Nothing
from solvent.console.plan_editor import begun_from, editor, entry_written, publish, terms_written, trouble_of
from solvent.console.plan_preview import PlanPreview, finding_said, last_month, month_said, would
from solvent.console.plan_words import said_for
from solvent.console.sheet import Errand, Sheet
from solvent.console.standing import standing
from solvent.margin.break_even import cost_each
from solvent.pages.place import Place
from solvent.values.errors import Invalid

NEW: Final = "/console/new-plan"
_ONE: Final = "/console/plans/{plan}"


async def all_plans(clerk: Clerk) -> Mapping[str, Any]:
    """Plans, each in its newest version."""
    return {"plans": (await clerk.ask(plans.LIST)).data, "can_write": clerk.may(plans.PUBLISH)}


async def one_plan(clerk: Clerk) -> Mapping[str, Any]:
    """One plan in its newest version, those before it, and what the last month would have been."""
    versions = (await clerk.ask(plans.SHOW, plan=clerk.visit.path["plan"])).data
    newest, said = versions[0], said_for(clerk.visit, clerk.business.currency)
    return {
        "stand": await standing(clerk, newest.name) if clerk.may(margin.SHOW) else None, "each": cost_each,
        "plan": newest, "versions": versions, "lines": said.lines(newest.terms), "quota": said.quota,
        **await _written(clerk, newest.terms, newest.name),
    }  # fmt: skip


async def new_plan(clerk: Clerk) -> Mapping[str, Any]:
    """A form for a plan that nobody is on yet, held against one that has customers."""
    before = await begun_from(clerk)
    listed = (await clerk.ask(plans.LIST)).data
    beside = beside_of(clerk, listed)
    copied = clerk.visit.query.get("from", "") or clerk.visit.form.get("from", "")
    return {
        "plans": [one.name for one in listed], "beside": beside, "copied": copied,
        **await _written(clerk, before, beside),
    }  # fmt: skip


def beside_of(clerk: Clerk, listed: list[plans.PlanBody]) -> str:
    """Whose last month a new plan is held against: as asked, the one it copies, or the one most customers are on."""
    form, known = clerk.visit.form, {one.name for one in listed}
    asked = (form.get("beside", ""), form.get("from", ""), clerk.visit.query.get("from", ""))
    most = max(listed, key=lambda one: one.subscribers, default=None)
    return next((name for name in asked if name in known), most.name if most else "")


async def _written(clerk: Clerk, before: PlanEntry, beside: str) -> dict[str, Any]:
    """The editor, what differs from the terms before, and the last month on the terms that are written."""
    written = before
    if clerk.visit.form.get("do") in ("preview", "publish"):
        try:
            written = await entry_written(clerk)
            month = await last_month(clerk, beside, written)
        except Invalid:  # what is wrong is said above the form
            written, month = before, await last_month(clerk, beside, before)
    else:
        month = await last_month(clerk, beside, before)
    visit, currency = clerk.visit, clerk.business.currency
    return {
        "month": month, "then": month_said(visit, month, currency) if month else None,
        "would": partial(would, visit), "finding_said": partial(finding_said, visit),
        "changes": said_for(visit, currency).changes(before, written), "editor": await editor(clerk, before),
    }  # fmt: skip


_PUBLISH: Final = Errand(plans.PUBLISH.action, publish, Nothing)
SHEETS: Final = (
    Sheet("/console/plans", "plans.read", "console/plans.html", all_plans),
    Sheet(
        NEW, plans.PUBLISH.action, "console/new_plan.html", new_plan,
        {"preview": plans.PREVIEW, "publish": _PUBLISH}, frozenset({"preview"}), {"preview": terms_written},
        says=trouble_of, goes={"publish": lambda made: f"/console/plans/{quote(made.name, safe='')}"},
    ),
    Sheet(
        _ONE, "plans.read", "console/plan.html", one_plan,
        {"preview": plans.PREVIEW, "publish": _PUBLISH, "withdraw": plans.WITHDRAW, "move": plans.MOVE},
        frozenset({"preview"}), {"preview": terms_written}, says=trouble_of,
    ),
)  # fmt: skip


def places(app: App) -> list[Place]:
    """Where the script of the editor asks."""
    preview = PlanPreview(app, beside_of)
    return [
        Place("POST", f"{_ONE}/preview", "plans.read", preview.show),
        Place("POST", f"{NEW}/preview", plans.PUBLISH.action, preview.show),
    ]
