"""Runs side by side: a column each, what they found in rows, and of what they took as given where they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from solvent.app.written_plan import short_entry
from solvent.console.run_bodies import BriefBody
from solvent.console.run_figures import Said, ScenarioSaid
from solvent.pages.formats import count, percent
from solvent.pages.visit import Visit
from solvent.simulation.scenario import Variation
from solvent.values.errors import Invalid
from solvent.values.money import Money, money

TODAY: Final = "today"
_NOTHING: Final = "–"
_SHOWN: Final = (50, 500, 950)


class Chosen(msgspec.Struct, frozen=True):
    """A column. one: its scenario; others: those of the same run that might stand here instead."""

    run: BriefBody
    said: Said
    one: ScenarioSaid

    @property
    def others(self) -> list[str]:
        """By name."""
        return [of.scenario for of in self.said.scenarios if of.scenario != self.one.scenario]

    @property
    def key(self) -> str:
        """As the address names it."""
        return f"{self.run.name}/{self.one.scenario}"


class Cell(msgspec.Struct, frozen=True):
    """What stands in a column. is_below: an amount below zero."""

    text: str
    is_below: bool = False


class Row(msgspec.Struct, frozen=True):
    """A figure, or something that was given. differs: between the columns. is_code: as it is written in files."""

    label: str
    cells: list[Cell]
    differs: bool
    is_code: bool = False


def chosen(run: BriefBody, said: Said, scenario: str) -> Chosen:
    """scenario: by name; "" for the one of plans that leaves most. Raises Invalid for none of the run's."""
    if not scenario:
        plans = [one for one in said.scenarios if one.scenario != TODAY] or list(said.scenarios)
        return Chosen(run, said, max(plans, key=lambda one: one.total.margin_grains))
    for one in said.scenarios:
        if one.scenario == scenario:
            return Chosen(run, said, one)
    known = ", ".join(one.scenario for one in said.scenarios)
    raise Invalid("bad_scenario", f"{run.name} has no scenario {scenario[:60]!r}; it has {known}", param="run")


def figures(columns: Sequence[Chosen], visit: Visit) -> list[Row]:
    """What they found; a row that no column has anything in is left out."""

    def amount(column: Chosen, grains: int | None) -> Cell:
        if grains is None:
            return Cell(_NOTHING)
        return Cell(visit.money(Money(grains, column.run.currency)), grains < 0)

    def of_year(permille: int, column: Chosen) -> Cell:
        return amount(column, None if column.one.year is None else column.one.year.at(permille))

    def losses(column: Chosen) -> Cell:
        return Cell(visit.money(money(column.one.losses, column.run.currency)))

    says: dict[str, Callable[[Chosen], Cell]] = {
        "simulated.answers": lambda of: Cell(count(of.one.total.answers)),
        "simulated.refused": lambda of: Cell(count(of.one.total.refused)),
        "simulated.plans": lambda of: amount(of, of.one.total.earned_grains),
        "simulated.charged": lambda of: amount(of, of.one.total.charge_grains),
        "simulated.cost": lambda of: amount(of, of.one.total.cost_grains),
        "simulated.left": lambda of: amount(of, of.one.total.margin_grains),
        "simulated.losers": lambda of: Cell(count(of.one.losers)),
        "scenarios.losses": losses,
        "scenarios.break_even": lambda of: amount(
            of, int(of.one.pays_for[0].price_grains.usual) if of.one.pays_for else None
        ),
        "scenarios.pay_more": lambda of: _changed(of, "pay_more"),
        "scenarios.pay_less": lambda of: _changed(of, "pay_less"),
        "simulated.p_loss": lambda of: Cell(
            _NOTHING if of.one.year is None else percent(of.one.year.loss_permille, 1000)
        ),
        "scenarios.year_usual": lambda of: amount(of, None if of.one.year is None else of.one.year.usual_grains),
        **{f"scenarios.year_{permille}": partial(of_year, permille) for permille in _SHOWN},
    }
    rows = [_row(visit.words(label), [cell(of) for of in columns]) for label, cell in says.items()]
    return [row for row in rows if any(cell.text != _NOTHING for cell in row.cells)]


def given(columns: Sequence[Chosen], visit: Visit) -> list[Row]:
    """What they took as given, the same in all columns or not."""

    def days(of: Chosen) -> str:
        outcome = of.one.outcome
        return f"{round((outcome.until_us - outcome.from_us) / 86_400_000_000)}"

    says: dict[str, Callable[[Chosen], str]] = {
        visit.words("scenarios.traffic"): lambda of: _word(visit, "run_source", of.run.source),
        visit.words("scenarios.days"): days,
        visit.words("scenarios.seed"): lambda of: str(of.said.seed),
        visit.words("scenarios.draws"): lambda of: count(of.one.year.draws) if of.one.year else _NOTHING,
        visit.words("scenarios.cached"): lambda of: (
            _NOTHING if of.said.cached_permille is None else percent(of.said.cached_permille, 1000)
        ),
        visit.words("scenarios.shares"): lambda of: (
            ", ".join(f"{one.model} = {one.instead} : {one.permille}" for one in of.said.shares) or _NOTHING
        ),
    }
    says[visit.words("scenarios.varies")] = lambda of: (
        ", ".join(_varied(one, visit) for one in of.one.varies) or _NOTHING
    )
    names = dict.fromkeys(name for of in columns for name in of.said.assumed)
    for name in names:
        label = f"simulated.of_{name}"
        said = visit.words(label) if visit.texts.has(label) else name
        says[said] = partial(_assumed, name)
    rows = [_row(label, [Cell(text(of)) for of in columns]) for label, text in says.items()]
    terms = _row(visit.words("scenarios.plan_terms"), [Cell(_terms(of)) for of in columns])
    rows.append(msgspec.structs.replace(terms, is_code=True))
    return [row for row in rows if any(cell.text != _NOTHING for cell in row.cells)]


def _changed(of: Chosen, which: str) -> Cell:
    return Cell(_NOTHING if of.one.against_today is None else count(getattr(of.one.against_today, which)))


def _word(visit: Visit, kind: str, value: str) -> str:
    """One of a few, in words; anything else as it is."""
    key = f"choices.{kind}.{value}"
    return visit.words(key) if visit.texts.has(key) else value


def _assumed(name: str, of: Chosen) -> str:
    return of.said.assumed.get(name, _NOTHING)


def _varied(of: Variation, visit: Visit) -> str:
    share = percent(of.permille or 0, 1000)
    return visit.words(f"simulated.varies_{of.what}", name=of.name, instead=of.instead, share=share)


def _terms(of: Chosen) -> str:
    """The plan that everybody is on, in short."""
    plan = next((plan for plan in of.said.plans if plan.name == of.one.plan), None)
    return _NOTHING if plan is None else ", ".join(_said(short_entry(plan)))


def _said(entry: dict[str, Any]) -> list[str]:
    return [f"{name} {value_told(value)}" for name, value in entry.items() if name not in ("name", "title")]


def value_told(value: Any) -> str:
    """What a field of a plan says, on a line."""
    if isinstance(value, dict):
        return " ".join(f"{name} {value_told(one)}" for name, one in value.items())
    return "; ".join(map(value_told, value)) if isinstance(value, list) else str(value)


def _row(label: str, cells: list[Cell]) -> Row:
    return Row(label, cells, len({cell.text for cell in cells}) > 1)
