"""Fits the constants of the step formula, and lets each family of models be predicted by those fitted without it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from bench.load.capacity_rows import Point
from numpy.typing import NDArray

from solvent.capacity.step import Constants, Terms, parts, terms

Floats = NDArray[np.float64]
NAMES = Constants.__struct_fields__
# 1/efficiency is held at what is reached anywhere at best: 0.95 of memory and 0.75 of arithmetic.
LOWEST = {"shared_weights_s": 1.05, "expert_weights_s": 1.05, "cache_s": 1.1, "compute_s": 1.33}
HIGHEST = {"shared_weights_s": 2.0, "expert_weights_s": 3.0, "cache_s": 2.5, "compute_s": 5.0}
SOFT = 0.2  # errors beyond this count less: some points are of software gone wrong
ROUNDS, SWEEPS = 30, 200


def table(points: Sequence[Point]) -> Floats:
    """(points, parts): what each step consists of, before any constant."""
    of = [parts(p.shape, p.fleet, p.precision, p.load) for p in points]
    return np.array([[getattr(one, name) for name in NAMES] for one in of])


def fit(of: Floats, measured: Floats) -> Constants:
    """The constants of the least relative errors, far ones counting less; by descending one constant at a time."""
    shares = of / measured[:, None]
    low = np.array([LOWEST.get(name, 0.0) for name in NAMES])
    high = np.array([HIGHEST.get(name, np.inf) for name in NAMES])
    found = np.clip(np.ones(len(NAMES)), low, high)
    for _ in range(ROUNDS):
        ratio = np.maximum(shares @ found, 0.2)
        weights = 1 / np.sqrt(1 + (np.log(ratio) / SOFT) ** 2) / ratio
        weighted = shares * weights[:, None]
        square, aim = weighted.T @ weighted + 1e-9 * np.eye(len(NAMES)), weighted.T @ weights
        for _ in range(SWEEPS):
            for j in range(len(NAMES)):
                found[j] = np.clip(found[j] + (aim[j] - square[j] @ found) / square[j, j], low[j], high[j])
    return Constants(*map(float, found))


def leave_one_out(points: Sequence[Point]) -> list[Terms]:
    """Each point by the constants fitted without any point of its family."""
    of, measured = table(points), np.array([p.step_s for p in points])
    family = np.array([p.family for p in points])
    by = {name: fit(of[family != name], measured[family != name]) for name in dict.fromkeys(family.tolist())}
    return [terms(parts(p.shape, p.fleet, p.precision, p.load), by[p.family]) for p in points]
