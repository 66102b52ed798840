"""What a change of a plan would come to, while it is edited: as the page says it, and piece by piece for its script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from starlette.responses import Response

from solvent.app.build import App
from solvent.app.plan_entries import PlanEntry
from solvent.app.plan_month import Replayed, fees_of, replayed
from solvent.app.plans import plan_of
from solvent.app.replays import BusyError
from solvent.billing.plan import Plan
from solvent.console import margin, plans
from solvent.console.clerk import Clerk
from solvent.console.plan_editor import begun_from, entry_written, terms_written, trouble_of
from solvent.console.plan_words import said_for
from solvent.console.wrong_fields import detail_of
from solvent.pages import formats
from solvent.pages.visit import Visit
from solvent.values.errors import SolventError
from solvent.values.money import Money, money, plain
from solvent.values.period import day_number, start_of_day

DAYS: Final = 30


class Month(msgspec.Struct, kw_only=True):
    """The last 30 days of a plan as they were, and a whole month of the same customers' same answers on other terms.

    fees: of all subscribers then, net; seats and coupons counted. then_cost, then_margin: with what changes of charges
    and costs, where it could be replayed. refused: answers that nothing would have paid for, more than today.
    replayed: of how many customers that is known; 0 for none.
    is_busy: others were replayed just then, so these were not.
    """

    answers: int
    brought: str
    cost: str
    margin: str
    fees: str
    then_cost: str
    then_margin: str
    subscribers: int
    refused: int
    replayed: int
    is_busy: bool = False


class PlanPreview:
    """The place that tells it. beside_of: the plan whose customers a new one is held against."""

    def __init__(self, app: App, beside_of: Callable[[Clerk, list[plans.PlanBody]], str]) -> None:
        self._app = app
        self._beside_of = beside_of

    async def show(self, visit: Visit) -> Response:
        """JSON of texts, in the visitor's language; or what is wrong with which field. Nothing is changed."""
        clerk = Clerk(self._app, visit)
        currency = clerk.business.currency
        try:
            entry = await entry_written(clerk)
            found = await clerk.carry_out(plans.PREVIEW, await terms_written(clerk))
            beside = visit.path.get("plan") or self._beside_of(clerk, (await clerk.ask(plans.LIST)).data)
            month = await last_month(clerk, beside, entry)
            changes = said_for(visit, currency).changes(await begun_from(clerk), entry)
        except SolventError as problem:
            said, param = trouble_of(clerk, problem)
            detail = detail_of(problem, said) if visit.visitor.language == "en" else ""
            return _json({"trouble": {"said": said, "detail": detail, "param": param}})
        told: dict[str, Any] = {"would": would(visit, found), "finding": finding_said(visit, found.finding)}
        told["is_loss"] = found.finding.kind == "loss"
        told["changes"] = changes
        if month is not None:
            told["month"] = month_said(visit, month, currency)
        return _json(told)


def _json(told: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(told), media_type="application/json", headers={"cache-control": "no-store"})


def would(visit: Visit, found: plans.PreviewBody) -> str:
    """Whether it is a new version."""
    if not found.current_version:
        return visit.words("office.would_begin")
    key = "office.would_publish" if found.is_new_version else "office.no_change"
    return visit.words(key, version=found.current_version + 1, n=formats.count(found.customers))


def finding_said(visit: Visit, found: plans.FindingBody) -> str:
    """Whether it earns when all that it includes is used, in the visitor's language."""
    left = money(found.left, found.currency)
    sums = {
        "left": visit.money(left),
        "lost": visit.money(-left),
        "pack": found.about,
        "n": formats.count(found.pays_for),
    }
    key = f"unlimited_{found.unit}" if found.kind == "unlimited" else str(found.kind)
    if found.about:
        key = "loss_seat" if found.about == "seat" else "loss_pack"
    said = visit.words(f"finding.{key}", **sums)
    trial = money(found.trial, found.currency)
    return f"{said} {visit.words('finding.trial', cost=visit.money(trial))}" if trial.grains else said


def month_said(visit: Visit, month: Month, currency: str) -> dict[str, Any]:
    """The figures that move with the terms, as people read them."""
    amounts = {name: money(getattr(month, name), currency) for name in ("fees", "then_cost", "then_margin")}
    told: dict[str, Any] = {name: visit.money(amount) for name, amount in amounts.items()}
    counted = visit.words("office.net_each", price=told["fees"], n=formats.count(month.subscribers))
    refused = visit.words("office.month_refused", n=formats.count(month.refused)) if month.refused > 0 else ""
    key = "office.month_replayed" if month.replayed else "office.month_fees_alone"
    key = "office.month_busy" if month.is_busy else key
    why = visit.words(key, n=formats.count(month.replayed), of=formats.count(month.subscribers))
    return told | {"net_each": counted, "refused": refused, "why": why, "is_loss": amounts["then_margin"].grains < 0}


async def last_month(clerk: Clerk, name: str, entry: PlanEntry) -> Month | None:
    """None for who may not see the books. name: whose customers. entry: the terms they would have been on."""
    told = await clerk.ask_if_may(margin.SHOW, {"group_by": "plan", "since": f"{DAYS}d"})
    if told is None:
        return None
    business, currency = clerk.business, told.currency
    line = next((row for row in told.rows if row.name == name), None)
    texts = {part: getattr(line, part) if line else "0" for part in ("revenue", "granted", "earned", "cost", "margin")}
    parts = {part: money(text, currency) for part, text in texts.items()}
    beside = parts["revenue"] - parts["granted"]
    then = plan_of(msgspec.structs.replace(entry, name=name or entry.name), currency)
    fees = await business.database.read(lambda connection: fees_of(connection, name, then))
    is_busy, changed = False, None
    try:
        changed = await _changes(clerk, name, then)
    except BusyError:
        is_busy = True
    nothing = Money(0, currency)
    charge, cost = (changed.charge, changed.cost) if changed else (nothing, nothing)
    then_cost = parts["cost"] + cost
    return Month(
        answers=line.answers if line else 0, brought=plain(beside + parts["earned"]), cost=texts["cost"],
        margin=texts["margin"], fees=plain(fees.then), then_cost=plain(then_cost),
        then_margin=plain(beside + charge + fees.then - then_cost), subscribers=fees.subscribers,
        refused=changed.refused if changed else 0, replayed=changed.customers if changed else 0,
        is_busy=is_busy,
    )  # fmt: skip


async def _changes(clerk: Clerk, name: str, then: Plan) -> Replayed | None:
    business = clerk.business
    now_us, zone = business.now_us(), business.time_zone
    first = day_number(now_us, zone) - DAYS + 1
    span_us, replays = (start_of_day(first, zone), now_us), clerk.app.replays
    who = clerk.visit.caller.key
    return await replays.in_turn(who, lambda: replayed(replays, business, name, then, span_us))
