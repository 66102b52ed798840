"""Pace: how fast somebody may ask, in requests and tokens a minute and answers at once; in memory, exact.

Each rate is kept as one instant: when all that was let through so far would have been used up at an even pace.
(The generic cell rate algorithm: ITU-T I.371, 2004, annex A; the whole minute is its burst.)
"""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.billing.limits import RateRule

MINUTE_US: Final = 60_000_000


class TooFast(msgspec.Struct, frozen=True):
    """Not now. what: requests_per_minute, tokens_per_minute or at_once. wait_us: until it is worth asking again."""

    what: str
    limit: int
    wait_us: int


class Left(msgspec.Struct, frozen=True):
    """What may still be asked of a rate, here; other processes have their parts. limit: of all of them together.

    reset_us: until all of a minute's part may be asked again.
    """

    limit: int
    remaining: int
    reset_us: int


class Pace:
    """One scope's pace. share: how many processes divide its limits; each lets through its part, at least one."""

    __slots__ = ("_answers", "_requests_us", "_tokens_us", "used_us")

    def __init__(self) -> None:
        self._requests_us = 0
        self._tokens_us = 0
        self._answers = 0
        self.used_us = 0

    def enter(self, rule: RateRule, tokens: int, at_us: int, share: int = 1) -> TooFast | None:
        """Let one question through that may come to `tokens`, or say when to ask again; then nothing is counted.

        A question that alone is beyond a whole minute's tokens is let through when the minute is unused.
        """
        requests, per_minute, at_once = (
            part(limit, share) for limit in (rule.requests_per_minute, rule.tokens_per_minute, rule.at_once)
        )
        if at_once and self._answers >= at_once:
            return TooFast("at_once", rule.at_once, MINUTE_US // 60)
        if requests and (wait_us := _wait(self._requests_us, 1, requests, at_us)):
            return TooFast("requests_per_minute", rule.requests_per_minute, wait_us)
        if per_minute and (wait_us := _wait(self._tokens_us, tokens, per_minute, at_us)):
            return TooFast("tokens_per_minute", rule.tokens_per_minute, wait_us)
        self._answers += 1
        self.used_us = at_us
        if requests:
            self._requests_us = max(self._requests_us, at_us) + _time(1, requests)
        if per_minute:
            self._tokens_us = max(self._tokens_us, at_us) + _time(tokens, per_minute)
        return None

    def crowded(self, rule: RateRule, at_us: int, share: int = 1) -> TooFast | None:
        """Whether half of what the rule allows is in use: then who can wait leaves the rest to whoever cannot."""
        at_once = part(rule.at_once, share)
        if at_once and self._answers >= max(1, at_once // 2):
            return TooFast("at_once", rule.at_once, MINUTE_US // 60)
        for what, left in zip(("requests_per_minute", "tokens_per_minute"), self.left(rule, at_us, share), strict=True):
            if left is not None and left.reset_us > MINUTE_US // 2:
                return TooFast(what, left.limit, left.reset_us - MINUTE_US // 2)
        return None

    def leave(self, rule: RateRule, tokens: int, used: int, share: int = 1) -> None:
        """An answer that was let through for `tokens` has ended with `used`: the rest may be asked for again."""
        assert self._answers > 0, "who leaves has entered"
        self._answers -= 1
        per_minute = part(rule.tokens_per_minute, share)
        if per_minute:
            self._tokens_us -= _time(tokens, per_minute) - _time(min(used, tokens), per_minute)

    def left(self, rule: RateRule, at_us: int, share: int = 1) -> tuple[Left | None, Left | None]:
        """What is left of the requests and of the tokens of this minute; None where the rule sets no limit."""
        requests = _left(self._requests_us, rule.requests_per_minute, at_us, share)
        return requests, _left(self._tokens_us, rule.tokens_per_minute, at_us, share)

    @property
    def is_idle(self) -> bool:
        """Whether no answer is under way."""
        return not self._answers


def part(limit: int, share: int) -> int:
    """One process's part of a limit: at least one, and 0 for none."""
    return max(1, limit // share) if limit else 0


def _left(until_us: int, limit: int, at_us: int, share: int) -> Left | None:
    if not limit:
        return None
    reset_us = max(0, until_us - at_us)
    return Left(limit, max(0, (MINUTE_US - reset_us) * part(limit, share) // MINUTE_US), reset_us)


def _time(count: int, per_minute: int) -> int:
    return count * MINUTE_US // per_minute


def _wait(until_us: int, count: int, per_minute: int, at_us: int) -> int:
    """How long until `count` more fit into the minute; 0 for now."""
    full_us = max(until_us, at_us) + min(_time(count, per_minute), MINUTE_US)
    return max(0, full_us - at_us - MINUTE_US)
