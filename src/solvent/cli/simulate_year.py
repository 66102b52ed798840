"""How `solvent simulate --year` tells people a year that was drawn many times over."""

from __future__ import annotations

from typing import Final

from solvent.cli.here import Screen
from solvent.simulation.outcome import Outcome
from solvent.simulation.year import Year

_SHOWN: Final = (50, 500, 950)  # permille of draws
YEAR_COLUMNS: Final = {
    "scenario": "left", "usual_year": "right", "worst_years": "right", "middle_year": "right", "best_years": "right",
    "loss_years": "right", "losing": "right",
}  # fmt: skip


def year_row(outcome: Outcome, year: Year, screen: Screen) -> list[str]:
    """One scenario's row."""
    quantiles = dict(year.quantiles)
    amounts = (year.usual_grains, *(quantiles[permille] for permille in _SHOWN))
    worth = [screen.say.money(outcome.money(grains), 2) for grains in amounts]
    return [outcome.scenario, *worth, f"{year.loss_permille / 10:g} %", f"{year.losing_customers:,}"]


def swings_told(outcome: Outcome, year: Year, screen: Screen) -> str:
    """What each assumption is worth, the largest first: a tornado in one line."""
    say = screen.say
    parts = [
        say("swing").format(
            what=say(swing.assumption), low=say.money(outcome.money(swing.low_grains), 2),
            high=say.money(outcome.money(swing.high_grains), 2),
        )
        for swing in year.swings
    ]  # fmt: skip
    return f"{outcome.scenario}: {'; '.join(parts)}."
