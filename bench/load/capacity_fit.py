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
    """The constants of the least relative errors, far ones counting less."""
    return Constants(*map(float, _descended(of, measured, NAMES)))


def _descended(of: Floats, measured: Floats, names: Sequence[str]) -> Floats:
    """By descending one constant at a time. names: of the columns; each name has its bounds."""
    shares = of / measured[:, None]
    low = np.array([LOWEST.get(name, 0.0) for name in names])
    high = np.array([HIGHEST.get(name, np.inf) for name in names])
    found = np.clip(np.ones(len(names)), low, high)
    for _ in range(ROUNDS):
        ratio = np.maximum(shares @ found, 0.2)
        weights = 1 / np.sqrt(1 + (np.log(ratio) / SOFT) ** 2) / ratio
        weighted = shares * weights[:, None]
        square, aim = weighted.T @ weighted + 1e-9 * np.eye(len(names)), weighted.T @ weights
        for _ in range(SWEEPS):
            for j in range(len(names)):
                found[j] = np.clip(found[j] + (aim[j] - square[j] @ found) / square[j, j], low[j], high[j])
    return found


def leave_one_out(points: Sequence[Point]) -> list[Terms]:
    """Each point by the constants fitted without any point of its family."""
    of, measured, family = table(points), _measured(points), _families(points)
    by = {name: fit(of[family != name], measured[family != name]) for name in dict.fromkeys(family.tolist())}
    return [terms(parts(p.shape, p.fleet, p.precision, p.load), by[p.family]) for p in points]


def leave_one_out_by_generation(points: Sequence[Point], own: str) -> list[Terms]:
    """The same where one constant, the one named `own`, is another for each generation of hardware."""
    devices = [p.fleet.device.name for p in points]
    generations = sorted(set(devices))
    column = table(points)[:, NAMES.index(own)]
    is_of = {name: np.array([device == name for device in devices]) for name in generations}
    of = np.column_stack(
        [np.delete(table(points), NAMES.index(own), axis=1), *(column * is_of[name] for name in generations)]
    )
    rest = [name for name in NAMES if name != own]
    names, measured, family = [*rest, *(own for _ in generations)], _measured(points), _families(points)
    by: dict[tuple[str, str], Constants] = {}
    for left_out in dict.fromkeys(family.tolist()):
        found = _descended(of[family != left_out], measured[family != left_out], names).tolist()
        for generation, value in zip(generations, found[len(rest) :], strict=True):
            by[left_out, generation] = Constants(**dict(zip(rest, found, strict=False)), **{own: value})
    return [
        terms(parts(p.shape, p.fleet, p.precision, p.load), by[p.family, device])
        for p, device in zip(points, devices, strict=True)
    ]


def _measured(points: Sequence[Point]) -> Floats:
    return np.array([p.step_s for p in points])


def _families(points: Sequence[Point]) -> NDArray[np.str_]:
    return np.array([p.family for p in points])
