"""The pages of plans: what is on sale in words, its versions, and an editor that says what a change would come to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import msgspec

from solvent.app.build import App
from solvent.app.plan_entries import IncludedEntry, PlanEntry
from solvent.console import margin, plans
from solvent.console.clerk import Clerk
from solvent.console.fields import members_of
from solvent.console.plan_preview import PlanPreview, finding_said, last_month, month_said, would
from solvent.console.sheet import Sheet
from solvent.console.standing import standing
from solvent.margin.break_even import cost_each
from solvent.pages.place import Place
from solvent.values.errors import Invalid

_UNITS: Final = ("answers", "tokens", "money")


async def all_plans(clerk: Clerk) -> Mapping[str, Any]:
    """Plans, each in its newest version."""
    return {"plans": (await clerk.ask(plans.LIST)).data}


async def one_plan(clerk: Clerk) -> Mapping[str, Any]:
    """One plan in its newest version, those before it, and what the last month would have been."""
    versions = (await clerk.ask(plans.SHOW, plan=clerk.visit.path["plan"])).data
    newest = versions[0]
    form = clerk.visit.form
    month = None
    if form.get("do") in ("preview", "publish"):
        try:
            entry = msgspec.convert(await changed_terms(clerk), PlanEntry, strict=False)
            month = await last_month(clerk, newest.name, entry)
        except (Invalid, msgspec.ValidationError):
            pass  # what is wrong is said above the form
    month = month or await last_month(clerk, newest.name, newest.terms)
    sees_books = clerk.may(margin.SHOW)
    return {
        "stand": await standing(clerk, newest.name) if sees_books else None, "each": cost_each,
        "plan": newest, "versions": versions, "month": month,
        "then": month_said(clerk.visit, month, clerk.business.currency) if month else None,
        "would": partial(would, clerk.visit), "finding_said": partial(finding_said, clerk.visit),
        "included": form.get("included") or "\n".join(_line(one) for one in newest.terms.included),
    }  # fmt: skip


async def changed_terms(clerk: Clerk) -> dict[str, Any]:
    """The newest terms with what the form says otherwise; what no form shows, such as packs and limits, stays."""
    form = clerk.visit.form
    newest = (await clerk.ask(plans.SHOW, plan=clerk.visit.path["plan"])).data[0]
    terms: dict[str, Any] = msgspec.to_builtins(newest.terms)
    terms |= members_of(form, PlanEntry) | {"name": newest.name, "included": _quotas(form.get("included", ""))}
    return {name: value for name, value in terms.items() if value is not None}


def _quotas(text: str) -> list[dict[str, Any]]:
    """One quota a line: `answers 300 quick standard`, `money 12.50`, `tokens unlimited each_seat roll_over=50`."""
    found = []
    for n, line in enumerate(filter(None, map(str.strip, text.splitlines())), 1):
        unit, _, rest = line.partition(" ")
        words = rest.split()
        if unit not in _UNITS or not words:
            message = f"included: line {n}: write answers, tokens or money, and how much: answers 300 quick"
            raise Invalid("bad_request", message, param="included")
        quota: dict[str, Any] = {unit: int(words[0]) if unit != "money" and words[0].isdigit() else words[0]}
        for word in words[1:]:
            if word == "each_seat":
                quota["each_seat"] = True
            elif word.startswith("roll_over="):
                quota["roll_over"] = word.partition("=")[2]
            else:
                quota.setdefault("classes", []).append(word)
        found.append(quota)
    return found


def _line(one: IncludedEntry) -> str:
    unit = "answers" if one.answers else "tokens" if one.tokens else "money"
    words = [unit, str(getattr(one, unit)), *one.classes]
    words += ["each_seat"] if one.each_seat else []
    return " ".join(words + ([f"roll_over={one.roll_over}"] if one.roll_over != "0" else []))


SHEETS: Final = (
    Sheet("/console/plans", "plans.read", "console/plans.html", all_plans),
    Sheet(
        "/console/plans/{plan}", "plans.read", "console/plan.html", one_plan,
        {"preview": plans.PREVIEW, "publish": plans.PUBLISH, "withdraw": plans.WITHDRAW, "move": plans.MOVE},
        frozenset({"preview"}), {"preview": changed_terms, "publish": changed_terms},
    ),
)  # fmt: skip


def places(app: App) -> list[Place]:
    """Where the script of the editor asks."""
    return [Place("POST", "/console/plans/{plan}/preview", "plans.read", PlanPreview(app, changed_terms).show)]
