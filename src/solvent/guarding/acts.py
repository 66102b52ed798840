"""What guards did to one answer: the account of it on the receipt, in a header, and in the service's counts."""

from __future__ import annotations

from collections import Counter
from typing import Literal

# note, mask, block: what the operator asked for where something was found. clamp: the answer may be shorter than
# asked. failed: the guard did not look, and the operator lets that pass.
What = Literal["note", "mask", "block", "clamp", "failed"]


class Acts:
    """Of one answer. total: of all answers of this process. is_free: what was blocked is not charged."""

    __slots__ = ("_counts", "_total", "is_free")

    def __init__(self, total: Counter[tuple[str, str]]) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._total = total
        self.is_free = False

    def add(self, guard: str, what: What, count: int) -> None:
        """A guard did something, with so many things."""
        key = (guard, what)
        self._counts[key] = self._counts.get(key, 0) + count
        self._total[key] += count

    def fail(self, guard: str) -> None:
        """A guard did not look; once is enough to say so."""
        if not self.has_failed(guard):
            self.add(guard, "failed", 1)

    def has_failed(self, guard: str) -> bool:
        """Whether a guard did not look."""
        return (guard, "failed") in self._counts

    def told(self) -> str:
        """As it is written: pii:mask:3 words:note:1."""
        return " ".join(f"{guard}:{what}:{count}" for (guard, what), count in self._counts.items())
