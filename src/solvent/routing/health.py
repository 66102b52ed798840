"""The health of one upstream: a circuit breaker, and how quickly it begins to answer.

It shuts after a few failures in a row, or at once where the upstream says so, and opens again by one question's
success: Nygard, Release It! (2007), chapter 5.2.
"""

from __future__ import annotations

from typing import Final

import msgspec

FAILURES_TO_SHUT: Final = 3
PAUSE_US: Final = 5_000_000  # the first; each failed trial doubles it
PAUSE_US_MAX: Final = 60_000_000
TRIAL_US: Final = 30_000_000  # a trial of which nothing was heard for so long is forgotten
KEY_REFUSED_US: Final = 60_000_000
TOLD_US: Final = 600_000_000  # whom nobody has asked for so long since it failed is not said to be failing
_OLD_PART: Final = 7  # of eight: how much of the known latency stays when a new one comes


class Failing(msgspec.Struct, frozen=True):
    """That an upstream does not answer. fault: the error's code. since_us: its first failure in a row.

    until_us: it is left alone until then; after that the next question tries it. told_until_us: when that is old.
    """

    fault: str
    since_us: int
    until_us: int
    told_until_us: int


class Health:
    """Changed in place as questions end. latency_us: until the first byte, smoothed; 0 while nobody knows."""

    __slots__ = (
        "_failed_us", "_failures", "_fault", "_pause_us", "_rests_since_us", "_rests_until_us", "_shut_until_us",
        "_since_us", "_trial_until_us", "latency_us",
    )  # fmt: skip

    def __init__(self) -> None:
        self._failures = 0
        self._pause_us = PAUSE_US
        self._rests_until_us = 0
        self._shut_until_us = 0
        self._trial_until_us = 0
        self._rests_since_us = self._since_us = self._failed_us = 0
        self._fault = ""
        self.latency_us = 0

    @property
    def shut_until_us(self) -> int:
        """When it may be tried again; 0 while it is open."""
        return max(self._shut_until_us, self._rests_until_us)

    def failing(self, now_us: int) -> Failing | None:
        """None while it is well, as far as is known: from its pause's beginning until it answers again."""
        if self._rests_until_us > now_us:
            return Failing("upstream_busy", self._rests_since_us, self.shut_until_us, self._rests_until_us)
        told_until_us = self._failed_us + TOLD_US
        if not self._shut_until_us or told_until_us <= now_us:
            return None
        return Failing(self._fault, self._since_us, self._shut_until_us, told_until_us)

    def is_open(self, now_us: int) -> bool:
        """Whether to ask it: it is well, or its pause is over and nobody else is trying."""
        return now_us >= self._shut_until_us and now_us >= self._trial_until_us and now_us >= self._rests_until_us

    def ask(self, now_us: int) -> None:
        """A question is on its way there. After a pause it is the trial, and others keep away meanwhile."""
        if self._shut_until_us:
            self._trial_until_us = now_us + TRIAL_US

    def rest(self, pause_s: int, now_us: int) -> None:
        """It answers, and says that for so long it will answer nothing more that we ask with this key."""
        if self._rests_until_us <= now_us:
            self._rests_since_us = now_us
        self._rests_until_us = now_us + min(PAUSE_US_MAX, pause_s * 1_000_000)

    def succeed(self, latency_us: int) -> None:
        """It has begun to answer."""
        self._failures = self._shut_until_us = self._trial_until_us = 0
        self._pause_us = PAUSE_US
        known = self.latency_us
        smoothed = (known * _OLD_PART + latency_us) // (_OLD_PART + 1) if known else latency_us
        self.latency_us = smoothed if smoothed > 0 else 1

    def fail(self, fault: str, now_us: int, retry_after_s: int | None = None) -> None:
        """It failed. fault: the error's code. retry_after_s: how long it asks to be left alone."""
        if not self._failures:
            self._since_us = now_us
        self._failures += 1
        self._fault, self._failed_us = fault, now_us
        self._trial_until_us = 0
        if fault == "upstream_key_refused":
            self._shut(now_us, KEY_REFUSED_US)
        elif fault == "upstream_busy":
            self._shut(now_us, min(PAUSE_US_MAX, (retry_after_s or 1) * 1_000_000))
        elif self._failures >= FAILURES_TO_SHUT or self._shut_until_us:
            self._shut(now_us, self._pause_us)
            self._pause_us = min(PAUSE_US_MAX, 2 * self._pause_us)

    def _shut(self, now_us: int, pause_us: int) -> None:
        self._shut_until_us = now_us + pause_us
