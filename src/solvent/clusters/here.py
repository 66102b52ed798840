"""This very process: one job after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic

from solvent.clusters.port import J, Kept, R, T


class _Held(Generic[T]):
    def __init__(self, value: T) -> None:
        self._value = value

    def take(self) -> T:
        return self._value


class Here:
    """One pair of hands, which are ours."""

    hands = 1

    def keep(self, value: T) -> Kept[T]:
        """See `Cluster`."""
        return _Held(value)

    def run(self, work: Callable[[J], R], jobs: Sequence[J], done: Callable[[int], None]) -> list[R]:
        """See `Cluster`."""
        found = []
        for place, job in enumerate(jobs):
            found.append(work(job))
            done(place)
        return found

    def close(self) -> None:
        """See `Cluster`."""
