"""The port to whatever works at many jobs at once: processes of this machine, or machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

J = TypeVar("J")
R = TypeVar("R")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Kept(Protocol[T_co]):
    """A value that every job can take, wherever it is worked at; it is kept for as long as this is."""

    def take(self) -> T_co:
        """The value; it must not be changed."""
        ...


class Cluster(Protocol):
    """Hands that work at jobs."""

    @property
    def hands(self) -> int:
        """How many jobs are worked at at once."""
        ...

    def keep(self, value: T) -> Kept[T]:
        """Put a value where every job can take it, so that it travels once."""
        ...

    def run(self, work: Callable[[J], R], jobs: Sequence[J], done: Callable[[int], None]) -> list[R]:
        """What comes of each job, in the order of the jobs, whatever order they end in.

        work: a function of a module, that hangs on its job alone; a job whose hands die is done again, a few times.
        done: hears the place of each job that has ended. Raises what the first job raised that failed, or Unavailable
        where hands die too often. Whatever ends it (Ctrl-C too) leaves no job running.
        """
        ...

    def close(self) -> None:
        """Give back all that it held."""
        ...
