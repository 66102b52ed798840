"""The editor of plans: what its form shows, what it says, and what is published, new or as another version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec

from solvent.app.plan_entries import REDACTED, PlanEntry
from solvent.app.plans import plan_of
from solvent.billing.limits import Per, Span
from solvent.billing.plan import AtBreakEven, Beyond
from solvent.billing.publish_plan import publish_plan
from solvent.console import plans
from solvent.console.carry_out import read_members
from solvent.console.clerk import Clerk
from solvent.console.operation import Nothing
from solvent.console.plan_form import NO_LIMIT, ROWS, form_of, numbers, terms_of, with_sent
from solvent.console.plan_words import refused
from solvent.values.errors import Conflict, Invalid, SolventError
from solvent.values.period import Every

BLANK: Final = PlanEntry(name="")
UNITS: Final = ("answers", "tokens", "money", f"answers{NO_LIMIT}", f"tokens{NO_LIMIT}")
VERSION: Final = "version"  # the one that an editor was opened on
_DRAWS: Final = ("preview", "publish")
# The groups that stand folded, with the fields and lists in them.
FOLDED: Final[Mapping[str, tuple[str, ...]]] = {
    "trial": ("trial.",), "seats": ("seats.",), "packs": ("packs.",), "limits": ("limits.",),
    "unpaid": ("retry_days", "grace_days", "afterwards"), "costs": ("tax_permille", "fee_permille", "fixed_month"),
    "batch": ("batch.",), "log": ("request_log.",),
}  # fmt: skip
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "period": get_args(Every), "beyond": get_args(Beyond), "at_break_even": get_args(AtBreakEven),
    "per": get_args(Per), "every": get_args(Span), "unit": UNITS, "keep": ("", "none", "metadata", "text"),
}  # fmt: skip


async def begun_from(clerk: Clerk) -> PlanEntry:
    """The terms that the form begins with: of the plan it changes, of the one it copies, or of none."""
    one = clerk.visit.path.get("plan", "")
    if one:
        return (await clerk.ask(plans.SHOW, plan=one)).data[0].terms
    copied = clerk.visit.query.get("from", "") or clerk.visit.form.get("from", "")
    if not copied:
        return BLANK
    terms = (await clerk.ask(plans.SHOW, plan=copied)).data[0].terms
    return msgspec.structs.replace(terms, name="", title=BLANK.title)  # two of one name would confuse customers


async def terms_written(clerk: Clerk) -> dict[str, Any]:
    """The terms as the form has them; what it does not say is as it was."""
    terms = terms_of(clerk.visit.form, await begun_from(clerk))
    one = clerk.visit.path.get("plan", "")
    return terms | {"name": one} if one else terms


async def entry_written(clerk: Clerk) -> PlanEntry:
    """The same, read. Raises Invalid naming the field."""
    return read_members(await terms_written(clerk), PlanEntry, "the form")


async def editor(clerk: Clerk, before: PlanEntry) -> dict[str, Any]:
    """What the form shows: as it was sent, else the terms it begins with."""
    form = clerk.visit.form
    known = form_of(before)
    values = with_sent(known, form) if form.get("do") in _DRAWS else known
    rows = {}
    for name in ROWS:
        written = numbers(values, name)
        rows[name] = [*written, max(written, default=-1) + 1]  # and one to write the next in
    blank = form_of(BLANK)
    open_groups = {
        group for group, starts in FOLDED.items()
        for field, text in values.items() if field.startswith(starts) and text != blank.get(field, _unsaid(field))
    }  # fmt: skip
    others = [one.name for one in (await clerk.ask(plans.LIST)).data if one.is_on_sale and one.name != before.name]
    classes = sorted({cost.name for cost in await clerk.business.class_costs()})
    masked = tuple(dict.fromkeys((*REDACTED, *(before.request_log.redact if before.request_log else ()))))
    return {
        "values": values, "rows": rows, "choices": CHOICES, "open_groups": open_groups,
        "others": others, "classes": classes, "masked": masked, "folded": FOLDED,
    }  # fmt: skip


def _unsaid(field: str) -> str:
    """What stands in a field of a row that says nothing."""
    return {"each_seat": "false", "hard": "true", "per": "", "every": ""}.get(field.rpartition(".")[2], "")


async def publish(clerk: Clerk, _said: Nothing) -> plans.PublishedBody:
    """What was written, over the version it was written on: nobody's terms are taken back unseen."""
    business, form = clerk.business, clerk.visit.form
    entry = await entry_written(clerk)
    plan = plan_of(entry, business.currency)
    version = form.get(VERSION, "") if clerk.visit.path.get("plan") else "0"
    after = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None
    try:
        made, _ = await publish_plan(
            plan, await business.class_costs(), clerk.act(), business.database, at_a_loss=entry.at_a_loss,
            after_version=after,
        )  # fmt: skip
    except Conflict as known:
        if known.code != "plan_changed" or after != 0:
            raise
        message = f"there is a plan {plan.name[:60]!r} already; give this one another name"
        raise Conflict("plan_exists", message, param="name") from None
    return plans.published_body(made)


def trouble_of(clerk: Clerk, problem: SolventError) -> tuple[str, str]:
    """What is wrong with which field, in the visitor's words."""
    if isinstance(problem, Conflict | Invalid):
        return refused(clerk.visit, problem, clerk.business.currency)
    return clerk.visit.said(problem), problem.param or ""
