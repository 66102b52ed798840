"""What an upstream says is left of our key's rates there, in the headers of its answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from solvent.values.limits import UPSTREAM_BUSY_S

# OpenAI's names, which most vendors have taken over, and Anthropic's.
# Sources: platform.openai.com/docs/guides/rate-limits, docs.claude.com/en/api/rate-limits (2026-11).
_LEFT: Final = {
    "x-ratelimit-remaining-requests": "x-ratelimit-reset-requests",
    "x-ratelimit-remaining-tokens": "x-ratelimit-reset-tokens",
    "anthropic-ratelimit-requests-remaining": "",
    "anthropic-ratelimit-tokens-remaining": "",
}
_DURATION: Final = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})(?:\.\d+)?s)?(?:\d{1,6}(?:\.\d+)?ms)?")


def tells_rates(names: Iterable[bytes]) -> bool:
    """Whether headers of these names say anything of rates: most servers of one's own do not."""
    return b" ".join(names).lower().find(b"ratelimit") >= 0


def rest_s(headers: Mapping[str, str]) -> int:
    """For how many seconds our key has nothing left; 0 where it has, or nothing is said."""
    spent = [reset for left, reset in _LEFT.items() if headers.get(left) == "0"]
    return max((_seconds(headers.get(reset, "")) for reset in spent), default=0)


def _seconds(text: str) -> int:
    """Of a duration such as 6m0s, 1.5s or 120ms, rounded up; the usual pause where it cannot be read."""
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        return UPSTREAM_BUSY_S
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds + ("." in text or "ms" in text)
