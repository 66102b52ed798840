"""The pages of plans: what is on sale in words, its versions, and an editor that says what a change would come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from solvent.app.plan_entries import IncludedEntry, PlanEntry
from solvent.app.plans import plan_of
from solvent.billing.plan import net_price_month
from solvent.console import margin, plans
from solvent.console.clerk import Clerk
from solvent.console.fields import members_of
from solvent.console.sheet import Sheet
from solvent.console.standing import standing
from solvent.margin.break_even import cost_each
from solvent.values.errors import Invalid
from solvent.values.money import Money, money, plain

_UNITS: Final = ("answers", "tokens", "money")
DAYS: Final = "30d"


class Month(msgspec.Struct, kw_only=True):
    """The last 30 days of a plan: as they were, and what its price alone would have made of them.

    Exact for the same customers and the same answers; who would have asked more or less, or left, is not known.
    """

    answers: int
    brought: str
    cost: str
    margin: str
    price: str
    then_margin: str
    subscribers: int


async def all_plans(clerk: Clerk) -> Mapping[str, Any]:
    """Plans, each in its newest version."""
    return {"plans": (await clerk.ask(plans.LIST)).data}


async def one_plan(clerk: Clerk) -> Mapping[str, Any]:
    """One plan in its newest version, those before it, and what the last month would have been."""
    versions = (await clerk.ask(plans.SHOW, plan=clerk.visit.path["plan"])).data
    newest = versions[0]
    form = clerk.visit.form
    entry = newest.terms
    if form.get("do") in ("preview", "publish"):
        try:
            entry = msgspec.convert(await changed_terms(clerk), PlanEntry, strict=False)
        except (Invalid, msgspec.ValidationError):
            entry = newest.terms
    sees_books = clerk.may(margin.SHOW)
    return {
        "stand": await standing(clerk, newest.name) if sees_books else None, "each": cost_each,
        "plan": newest, "versions": versions, "month": await _last_month(clerk, newest.name, entry),
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


async def _last_month(clerk: Clerk, name: str, entry: PlanEntry) -> Month | None:
    """None for who may not see the books."""
    told = await clerk.ask_if_may(margin.SHOW, {"group_by": "plan", "since": DAYS})
    if told is None:
        return None
    currency = told.currency
    line = next((row for row in told.rows if row.name == name), None)
    try:
        each = net_price_month(plan_of(entry, currency))
    except Invalid:
        each = Money(0, currency)
    subscribers = sum(one.subscribers for one in (await clerk.ask(plans.SHOW, plan=name)).data)
    texts = {part: getattr(line, part) if line else "0" for part in ("revenue", "granted", "earned", "cost", "margin")}
    parts = {part: money(text, currency) for part, text in texts.items()}
    beside = parts["revenue"] - parts["granted"]
    then = beside + Money(each.grains * subscribers, currency) - parts["cost"]
    return Month(
        answers=line.answers if line else 0, brought=plain(beside + parts["earned"]), cost=texts["cost"],
        margin=texts["margin"], price=plain(each), then_margin=plain(then), subscribers=subscribers,
    )  # fmt: skip


SHEETS: Final = (
    Sheet("/console/plans", "plans.read", "console/plans.html", all_plans),
    Sheet(
        "/console/plans/{plan}", "plans.read", "console/plan.html", one_plan,
        {"preview": plans.PREVIEW, "publish": plans.PUBLISH, "withdraw": plans.WITHDRAW, "move": plans.MOVE},
        frozenset({"preview"}), {"preview": changed_terms, "publish": changed_terms},
    ),
)  # fmt: skip
