"""How simulated customers ask: few ask a lot, most ask little, at random moments."""

from __future__ import annotations

from random import Random
from typing import Final

# Lognormal activity whose busiest tenth makes 72 % of the requests: Phi(sigma - 1.2816) = 0.72.
# Source: ServeGen's production traffic, where the top 10 % of clients make 71-74 % of the requests
# (shared/data/README.md, servegen; Alibaba Cloud Model Studio, 2025).
ACTIVITY_SIGMA: Final = 1.86


def activity(customers: int, chance: Random) -> list[float]:
    """The share of all questions that each customer asks, summing to 1: heavy-tailed."""
    weights = [chance.lognormvariate(0.0, ACTIVITY_SIGMA) for _ in range(customers)]
    whole = sum(weights)
    return [weight / whole for weight in weights]


def pause_s(questions_per_s: float, chance: Random) -> float:
    """Seconds until the next question of a Poisson stream."""
    return chance.expovariate(questions_per_s)
