"""Amounts of anything a customer can use or buy, in the visitor's words."""

from __future__ import annotations

from solvent.billing.included import Included, is_unlimited, issued, ledger_unit
from solvent.billing.plan import Plan
from solvent.identity.person import Language
from solvent.pages import amounts
from solvent.pages.visit import Visit


def amount(visit: Visit, grains: int, unit: str) -> str:
    """So many answers or tokens, or so much money's worth."""
    return amounts.amount(grains, unit, visit.texts, visit.visitor.language, said="plan")


def title_of(plan: Plan, language: Language) -> str:
    """What customers call a plan."""
    return (plan.title.ko if language == "ko" else plan.title.en) or plan.name


def included(visit: Visit, one: Included, currency: str) -> str:
    """One quota of a plan or pack: 1,500 answers (small)."""
    unit = ledger_unit(one, currency)
    said = visit.words(f"plan.endless_{one.unit}") if is_unlimited(one) else amount(visit, one.amount, unit)
    if one.unit == "money":
        said = visit.words("plan.worth", amount=said)
    if one.each_seat:
        said = visit.words("plan.each_seat", amount=said)
    return f"{said} ({', '.join(one.classes)})" if one.classes else said


def compared(visit: Visit, old: Plan | None, old_seats: int, new: Plan, new_seats: int) -> list[tuple[str, str, str]]:
    """What a whole period gives on the old and on the new plan, quota by quota: what it is of, before, after."""
    before, after = _given(visit, old, old_seats), _given(visit, new, new_seats)
    none = visit.words("plan.not_included")
    return [(_kind(visit, *key), before.get(key, none), after.get(key, none)) for key in sorted(before | after)]


def _given(visit: Visit, plan: Plan | None, seats: int) -> dict[tuple[str, tuple[str, ...]], str]:
    given: dict[tuple[str, tuple[str, ...]], str] = {}
    for one in plan.included if plan is not None else ():
        unit, grains = ledger_unit(one, plan.currency if plan is not None else ""), issued(one, max(1, seats))
        said = visit.words("plan.endless") if is_unlimited(one) else amount(visit, grains, unit)
        given[one.unit, tuple(sorted(one.classes))] = said
    return given


def _kind(visit: Visit, unit: str, classes: tuple[str, ...]) -> str:
    said = visit.words(f"plan.kind_{unit}")
    return f"{said} ({', '.join(classes)})" if classes else said
