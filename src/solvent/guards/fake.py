"""A guard that finds one word: for tests, for plug-in authors, and the smallest one that keeps the contract."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from solvent.guards.port import Found, Sees, Settings, Text


class FakeGuard:
    """See `Guard`. fault: raised instead of looking. pause_s: before each look. looked: how often it was asked."""

    def __init__(
        self, word: str = "secret", *, sees: Sees = "stretches", fault: Exception | None = None, pause_s: float = 0.0
    ) -> None:
        self.sees: Sees = sees
        self.looked = 0
        self._word = word
        self._fault = fault
        self._pause_s = pause_s

    async def find(self, texts: Sequence[Text]) -> Sequence[Found]:
        """See `Guard.find`."""
        self.looked += 1
        await asyncio.sleep(self._pause_s)
        if self._fault is not None:
            raise self._fault
        return [found for n, text in enumerate(texts) for found in self._in(n, text.words)]

    def unsure(self, words: str) -> int:
        """See `Guard.unsure`."""
        return next((n for n in range(len(self._word) - 1, 0, -1) if words.endswith(self._word[:n])), 0)

    async def close(self) -> None:
        """See `Guard.close`."""

    def _in(self, n: int, words: str) -> list[Found]:
        found, at = list[Found](), words.find(self._word)
        while at >= 0:
            found.append(Found(n, at, at + len(self._word), "word"))
            at = words.find(self._word, at + len(self._word))
        return found


def open_guard(settings: Settings) -> FakeGuard:
    """See `OpenGuard`. Option: word."""
    return FakeGuard(str(settings.options.get("word", "secret")))
