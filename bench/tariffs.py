"""Which shape of tariff leaves most at four costs of an answer: what `solvent simulate optimise` finds on its defaults.

Run alone: `.venv/bin/python bench/tariffs.py`; seconds. Measures no time: the same seed finds the same anywhere.
Writes docs/benchmarks/tariffs.{md,json}, of which `make docs` makes the table in docs/simulation.md. `--smoke` prints
what takes a second, flat and capped at two of the costs, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.load.page import write_page

from solvent.clusters.here import Here
from solvent.simulation.demand_assumption import demand_assumed
from solvent.simulation.tariff_contest import Contestants, Found, contest
from solvent.simulation.tariff_search import SHAPES, Terms
from solvent.values.money import grains_per_unit

COSTS = (0.002, 0.02, 0.05, 0.2)
CUSTOMERS, SEEDS, SEED = 20_000, 20, 1
TERMS = Terms(tax_permille=0)
UNIT = grains_per_unit(TERMS.currency)
COMMAND = f"solvent simulate optimise --customers {CUSTOMERS} {' '.join(f'--cost {cost:g}' for cost in COSTS)} --tax 0"


def figures_of(found: Found, cost: float) -> dict[str, float]:
    """In dollars a month of each who might buy; shares in thousandths. What a shape does not have is left out."""
    told: dict[str, float | None] = {
        "profit": found.profit_grains.usual / UNIT, "fee": found.fee_grains / UNIT, "allowance": found.allowance,
        "price": None if found.price_grains is None else found.price_grains / UNIT, "losing": found.losing,
    }  # fmt: skip
    if found.more_permille is not None and found.shape != "flat":
        more = found.more_permille
        told |= {"more_low": more.low, "more": more.usual, "more_high": more.high}
    start = f"{found.shape}_at_{cost:g}"
    return {f"{start}_{name}": round(value, 4) for name, value in told.items() if value is not None}


def main() -> None:
    """Search, print, and write unless it was a smoke run."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--smoke", action="store_true")
    said = reader.parse_args()
    who = Contestants("the assumptions", CUSTOMERS)
    shapes, costs = (SHAPES[:2], COSTS[::2]) if said.smoke else (SHAPES, COSTS)
    made = contest(who, costs, demand_assumed(()), TERMS, Here(), shapes=shapes, seeds=SEEDS, seed=SEED)
    figures: dict[str, float] = {}
    for cost, regime in zip(costs, made.regimes, strict=True):
        for found in regime.found:
            figures |= figures_of(found, cost)
    print(json.dumps(figures, indent=2))
    if not said.smoke:
        about = (
            "The best tariff of each shape where an answer costs so many dollars. `profit` is what is left a month of "
            "each customer who might buy, `fee` and `price` (of an answer beyond) are dollars, `allowance` answers; "
            "`losing` is how many thousandths of buyers cost more than they bring in; `more*` how many thousandths "
            "more than flat is left, nine of ten draws between `low` and `high`. A shape that leaves nothing is "
            "not there."
        )
        write_page("tariffs", "Shapes of tariff", about, figures, command=COMMAND, seed=str(SEED), draws=str(SEEDS))


if __name__ == "__main__":
    main()
