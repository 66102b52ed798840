"""Opens the guards that the configuration names, and makes the rules of them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from solvent.app.config import Config, GuardEntry
from solvent.guarding.rule import NO_RULES, Ceiling, For, Rule, Rules
from solvent.guards.port import Guard, OpenGuard, Settings
from solvent.values.errors import Invalid
from solvent.values.money import Money, money

GROUP: Final = "solvent.guards"
MAX_COST: Final = "max_cost"  # looks at no text, so it is no plug


def open_guards(config: Config, near: Path) -> Rules:
    """The rules in their order. `near`: the folder that paths in options start from.

    Raises Invalid naming the guard. Connects to nothing yet.
    """
    rules, ceilings = list[Rule](), list[Ceiling]()
    for entry in config.guards:
        try:
            if entry.kind == MAX_COST:
                ceilings.append(_ceiling(entry, config.currency))
            else:
                rules.append(_rule(entry, near))
        except Invalid as wrong:
            raise Invalid(wrong.code, f"guards {entry.name!r}: {wrong.message}", param=wrong.param) from None
    return Rules(tuple(rules), tuple(ceilings)) if rules or ceilings else NO_RULES


async def close_guards(rules: Sequence[Rule]) -> None:
    """Let go of what they hold."""
    for rule in rules:
        await rule.guard.close()


def _rule(entry: GuardEntry, near: Path) -> Rule:
    guard = _open(entry, near)
    if entry.action == "clamp":
        raise Invalid("bad_config", f"action: clamp is for {MAX_COST} alone; say block, mask or note", param="action")
    if entry.action == "mask" and guard.sees == "whole":
        raise Invalid("bad_config", f"action: {entry.kind} judges whole texts, so it cannot mask", param="action")
    return Rule(
        entry.name, guard, entry.when, entry.action, entry.on_failure, entry.timeout_s,
        is_charged=entry.charge_blocked, whose=_for(entry),
    )  # fmt: skip


def _open(entry: GuardEntry, near: Path) -> Guard:
    for found in entry_points(group=GROUP, name=entry.kind):
        open_guard: OpenGuard = found.load()
        return open_guard(Settings(entry.name, entry.options, near))
    known = ", ".join(sorted({*entry_points(group=GROUP).names, MAX_COST}))
    raise Invalid("no_such_plug", f"kind {entry.kind!r} is not known; installed are: {known}", param="kind")


def _ceiling(entry: GuardEntry, currency: str) -> Ceiling:
    if entry.action not in ("block", "clamp"):
        message = f"action: {MAX_COST} knows block, and clamp to ask for less output instead"
        raise Invalid("bad_config", message, param="action")
    unknown = set(entry.options) - {"charge"}
    if unknown or not isinstance(entry.options.get("charge"), str):
        message = 'options: max_cost has one, the most that an answer may be charged, as text: { charge = "500" }'
        raise Invalid("bad_config", message, param="options")
    most: Money = money(str(entry.options["charge"]), currency, "options.charge")
    if most.grains <= 0:
        raise Invalid("bad_config", "options.charge: an answer costs more than nothing", param="options")
    return Ceiling(entry.name, most, entry.action == "clamp", _for(entry))


def _for(entry: GuardEntry) -> For:
    return For(frozenset(entry.models), frozenset(entry.plans), frozenset(entry.keys))
