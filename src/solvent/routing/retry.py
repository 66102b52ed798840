"""Whether a question that failed before its first byte is asked once more, and after which pause."""

from __future__ import annotations

from typing import Final

TRIES_MAX: Final = 3
PAUSE_S: Final = 0.1
PAUSE_S_MAX: Final = 2.0
BURST: Final = 10  # tries beyond the first that are there from the start
SHARE: Final = 5  # each so many questions earn one more
_ROLLS: Final = 2**16

# What another upstream may do better. A question that is itself at fault is none of it.
_ELSEWHERE: Final = {
    "upstream_unreachable", "upstream_busy", "upstream_failed", "upstream_timeout", "upstream_cut_off",
    "upstream_garbage", "upstream_head_too_large", "upstream_key_refused", "upstream_closed", "engine_busy",
}  # fmt: skip


def is_upstreams(fault: str) -> bool:
    """Whether an error, by its code, speaks against the upstream and not against the question."""
    return fault in _ELSEWHERE


def is_worth_a_try(fault: str, status: int | None, *, is_same: bool) -> bool:
    """Whether to ask again. status: the upstream's own, None without one.

    is_same: there is nowhere else to ask, so that it is worth it only where nothing can have been billed.
    """
    if not is_same:
        return fault in _ELSEWHERE
    return fault == "upstream_unreachable" or (fault == "upstream_failed" and status is not None and status >= 500)


def pause_s(tries: int, roll: int, *, is_same: bool) -> float:
    """How long to wait before the next try, by chance between nothing and a bound that doubles with each.

    tries: made so far. roll: a random number of many bits. Elsewhere nothing is waited for.
    """
    if not is_same:
        return 0.0
    bound_s = min(PAUSE_S_MAX, PAUSE_S * float(1 << tries))
    return bound_s * (roll % _ROLLS) / _ROLLS


class RetryBudget:
    """How many tries beyond the first there may be: a few, and one more for each SHARE questions."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = BURST * SHARE

    def earn(self) -> None:
        """One more question was asked."""
        if self._left < BURST * SHARE:
            self._left += 1

    def spend(self) -> bool:
        """Take one try out; whether there was one."""
        if self._left < SHARE:
            return False
        self._left -= SHARE
        return True
