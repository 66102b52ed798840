"""When the next upstream is asked too, because the first lets its first byte wait.

Dean and Barroso, The Tail at Scale (2013): a second request after the 95th percentile of what is usual shortens the
slowest answers a lot and adds one request in twenty.
"""

from __future__ import annotations

from collections import deque
from typing import Final

RECENT: Final = 200  # answers whose beginnings are remembered
KNOWN_MIN: Final = 20  # of them, before it is known what is usual
FEW: Final = 10  # new ones, after which it is worked out again
SHORTEST_US: Final = 20_000


class Hedging:
    """One model's. after_us: how long to wait; 0: as long as all but one in twenty of its answers take to begin."""

    __slots__ = ("_after_us", "_heard", "_recent", "wait_us")

    def __init__(self, after_us: int = 0) -> None:
        self._after_us = after_us
        self._recent: deque[int] = deque(maxlen=RECENT)
        self._heard = 0
        self.wait_us: int | None = after_us or None  # None while nobody knows

    def hear(self, latency_us: int) -> None:
        """An answer has begun."""
        if self._after_us:
            return
        self._recent.append(latency_us)
        self._heard += 1
        if self._heard >= KNOWN_MIN and self._heard % FEW == 0:
            usual = sorted(self._recent)
            self.wait_us = max(SHORTEST_US, usual[len(usual) * 19 // 20])
