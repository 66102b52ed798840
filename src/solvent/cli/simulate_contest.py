"""How `solvent simulate optimise` tells people which shape of tariff wins, and what that hangs on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from solvent.cli.here import Screen
from solvent.simulation.tariff_contest import Contest, Found, Regime, Spread
from solvent.values.money import Money

_COLUMNS: Final = {
    "shape": "left", "fee": "right", "included_answers": "right", "beyond_each": "right", "profit_each": "right",
    "against_flat": "right", "buyers": "right", "leaving": "right", "losing": "right", "heavy": "right",
    "surplus": "right",
}  # fmt: skip
_LEVERS: Final = 4  # told to people; all are in JSON


def tell_contest(found: Contest, files: Sequence[Path], screen: Screen) -> None:
    """A table for each cost, and what it says."""
    screen.word("contest", source=found.source, customers=found.customers, seeds=found.seeds, seed=found.seed)
    for regime in found.regimes:
        screen.line("")
        screen.word("contest_cost", cost=_money(regime.cost_grains, found, screen))
        screen.table(_COLUMNS, [_row(one, found, screen) for one in regime.found], "no_tariff")
        if regime.best:
            _tell_advice(regime, found, screen)
    screen.line("")
    screen.word("contest_assumed")
    for file in files:
        screen.word("plan_written", file=file)


def _tell_advice(regime: Regime, found: Contest, screen: Screen) -> None:
    best, advice = screen.say(regime.best), screen.say(regime.advice)
    screen.word("best_shape" if regime.best == regime.advice else "as_good_shape", best=best, advice=advice)
    parts = [
        screen.say("swing").format(
            what=screen.say(f"demand_{one.assumption}"), low=_money(one.low_grains, found, screen),
            high=_money(one.high_grains, found, screen),
        )
        for one in regime.levers[:_LEVERS]
    ]  # fmt: skip
    screen.line(f"{screen.say('hangs_on')}: {'; '.join(parts)}.")


def _row(one: Found, found: Contest, screen: Screen) -> list[str]:
    allowance = screen.say("all_of_them") if one.allowance is None else f"{one.allowance:,}"
    beyond = "-" if one.price_grains is None else _money(one.price_grains, found, screen)
    profit = one.profit_grains
    low, usual, high = (_money(grains, found, screen) for grains in (profit.low, profit.usual, profit.high))
    return [
        screen.say(one.shape), _money(one.fee_grains, found, screen), allowance, beyond, f"{usual} ({low} - {high})",
        _more(one.more_permille), _percent(one.buyers.usual), _percent(one.leaving), _percent(one.losing),
        _percent(one.heavy), _money(one.surplus_grains, found, screen),
    ]  # fmt: skip


def _more(more: Spread | None) -> str:
    if more is None:
        return "-"
    return f"{more.usual / 10:+.0f} % ({more.low / 10:+.0f} - {more.high / 10:+.0f})"


def _percent(permille: int) -> str:
    return f"{permille / 10:.1f} %"


def _money(grains: int, found: Contest, screen: Screen) -> str:
    return screen.say.money(Money(grains, found.currency))
