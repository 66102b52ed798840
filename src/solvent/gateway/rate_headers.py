"""What is left of the rates that limit an answer, as each dialect's clients read it. Ours, never an upstream's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from solvent.answering.settlement import Opened
from solvent.billing.pace import Left
from solvent.values.instant import iso

Headers = list[tuple[bytes, bytes]]
_MS_US: Final = 1_000


def rate_headers(opened: Opened) -> Headers:
    """x-ratelimit-* of the tightest limits, with durations such as 1m30s; nothing where no rate is set."""
    headers: Headers = []
    for kind, left in _tightest(opened):
        headers += [
            (b"x-ratelimit-limit-%b" % kind, b"%d" % left.limit),
            (b"x-ratelimit-remaining-%b" % kind, b"%d" % left.remaining),
            (b"x-ratelimit-reset-%b" % kind, duration(left.reset_us).encode()),
        ]
    return headers


def messages_rate_headers(opened: Opened) -> Headers:
    """The same as Anthropic's clients read it: anthropic-ratelimit-*, with instants."""
    headers: Headers = []
    for kind, left in _tightest(opened):
        reset = iso(opened.question.received_us + left.reset_us)
        headers += [
            (b"anthropic-ratelimit-%b-limit" % kind, b"%d" % left.limit),
            (b"anthropic-ratelimit-%b-remaining" % kind, b"%d" % left.remaining),
            (b"anthropic-ratelimit-%b-reset" % kind, reset.encode()),
        ]
    return headers


def duration(us: int) -> str:
    """Time in the words of OpenAI's headers: 0s, 250ms, 1.5s, 6m0s; rounded up."""
    ms = -(-us // _MS_US)
    if ms < 1_000:
        return f"{ms}ms" if ms else "0s"
    minutes, rest = divmod(ms, 60_000)
    seconds = f"{rest // 1_000}.{rest % 1_000:03}".rstrip("0").rstrip(".")
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"


def _tightest(opened: Opened) -> Iterable[tuple[bytes, Left]]:
    """Of requests and of tokens the limit of which the least is left, a limit of a key before one of everybody."""
    at_us = opened.question.received_us
    pairs = [entered.pace.left(entered.rule, at_us, entered.share) for entered in opened.entered]
    for kind, found in ((b"requests", [one for one, _ in pairs]), (b"tokens", [one for _, one in pairs])):
        known = [left for left in found if left is not None]
        if known:
            yield kind, min(known, key=lambda left: (left.remaining, -left.reset_us))
