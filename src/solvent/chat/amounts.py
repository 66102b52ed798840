"""Amounts of anything a customer can use or buy, in the visitor's words."""

from __future__ import annotations

from solvent.billing.included import Included, is_unlimited, ledger_unit
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
