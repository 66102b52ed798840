"""The frontier of cost against waiting: what nothing else beats on both."""

from __future__ import annotations

import math
from collections.abc import Sequence


def frontier(points: Sequence[tuple[float, float]]) -> frozenset[int]:
    """Which points, each (cost, wait), are on it: no other costs and waits at most as much, and less of one.

    Points that are the same are on it together.
    """
    found: list[int] = []
    least = math.inf
    for index in sorted(range(len(points)), key=points.__getitem__):
        wait = points[index][1]
        if wait < least or (found and points[index] == points[found[-1]]):
            found.append(index)
            least = wait
    return frozenset(found)
