"""The page that a simulation is asked for on, how far it is, and what the page's script asks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from solvent.app.build import App
from solvent.console import asked, plans
from solvent.console.asked_bodies import AskedBody, NewRun
from solvent.console.clerk import Clerk
from solvent.console.fields import members_of
from solvent.console.sheet import Sheet
from solvent.pages.formats import percent
from solvent.pages.place import Place
from solvent.pages.visit import Visit
from solvent.simulation.asked_run import ACTIVE
from solvent.simulation.assumption import LIMITS, Assumptions, Range
from solvent.simulation.demand_assumption import KNOWN
from solvent.values.limits import ASKED_FILE_BYTES_MAX, PAGE_FORM_BYTES_MAX

HOME: Final = "/console/scenarios"
_PLAN, _ASSUME = "plan:", "assume:"  # begin the names of fields of which there are as many as there are plans
_GENERATED: Final = ("customers", "days", "median")


async def to_ask(clerk: Clerk) -> Mapping[str, Any]:
    """What may be asked, and what was asked last."""
    return {
        "plans": [one for one in (await clerk.ask(plans.LIST)).data if one.is_on_sale],
        "of_year": [(name, told(getattr(Assumptions(), name))) for name in LIMITS],
        "of_demand": [(known.name, told(known.usual), known.is_money) for known in KNOWN],
        "models": sorted(clerk.app.desk.routes), "mib": ASKED_FILE_BYTES_MAX // 2**20,
        "asked": await newest(clerk), "progress": partial(progress, clerk.visit),
    }  # fmt: skip


async def newest(clerk: Clerk) -> AskedBody | None:
    """What was asked for last."""
    found = (await clerk.ask(asked.LIST)).data
    return found[0] if found else None


async def asked_for(clerk: Clerk) -> dict[str, Any]:
    """What the form says of a new run."""
    form = clerk.visit.form
    members = members_of(form, NewRun)
    members["plans"] = [name.removeprefix(_PLAN) for name in form if name.startswith(_PLAN)]
    members["assumptions"] = [
        f"{name.removeprefix(_ASSUME)}={text.strip()}"
        for name, text in form.items()
        if name.startswith(_ASSUME) and text.strip()
    ]
    numbers = [f"{name}={text}" for name in _GENERATED if (text := form.get(f"of_{name}", "").strip())]
    if members.get("source") == "generated":
        members["generate"] = ",".join([*numbers, *filter(None, [form.get("generate", "").strip(" ,")])])
    return members


def told(of: Range | None) -> str:
    """A range as it is written; nothing for what is fitted."""
    return "" if of is None else f"{of.low:g}:{of.usual:g}:{of.high:g}"


def progress(visit: Visit, run: AskedBody) -> dict[str, Any]:
    """How far one is, as people read it. to: where it leads; "" before its end, and where it came to nothing."""
    state = run.state
    said = visit.words(f"asked.{state}", run=run.run)
    if state == "running" and run.stage:
        said = visit.words(f"asked.stage_{run.stage}")
        if run.whole:
            said = f"{said} {percent(min(run.done, run.whole), run.whole)}"
    to = f"{HOME}/{quote(run.run)}" if run.run else ""
    why = visit.said_of(run.code, run.fault) if run.code else ""
    return {
        "is_over": state not in ACTIVE, "said": said, "done": min(run.done, run.whole), "whole": run.whole,
        "why": why, "detail": run.fault if run.fault != why else "", "to": to,
    }  # fmt: skip


def places(app: App) -> list[Place]:
    """Where the script asks how far it is."""

    async def tell(visit: Visit) -> Response:
        run = await Clerk(app, visit).ask(asked.SHOW, asked=visit.path["asked"])
        content = msgspec.json.encode(progress(visit, run))
        return Response(content, media_type="application/json", headers={"cache-control": "no-store"})

    return [Place("GET", "/console/asked/{asked}", "simulations.read", tell)]


SHEETS: Final = (
    Sheet(
        f"{HOME}/new", "simulations.write", "console/asked.html", to_ask,
        {"ask_run": asked.ASK, "cancel_run": asked.CANCEL}, reads={"ask_run": asked_for},
        bytes_max=ASKED_FILE_BYTES_MAX + PAGE_FORM_BYTES_MAX,
    ),
)  # fmt: skip
