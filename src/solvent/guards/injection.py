"""Finds what looks like instructions to the model in places where there should be none: heuristics, and no more.

Each signal has a weight; a text whose signals come to the threshold is found. Who means to get past it will: it tells
of clumsy attempts, and is meant to note them, not to be relied on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
import re2

from solvent.guards.folding import INVISIBLE, fold
from solvent.guards.options import read_options
from solvent.guards.port import Found, Sees, Settings, Text

_JUDGED: Final = ("user", "tool")  # the maker of the application and the model may instruct
_IN_TOOLS: Final = 1  # more, for what a tool brought: nobody instructs there
_WORDS: Final[tuple[tuple[int, str], ...]] = (
    (3, r"(?:ignore|disregard|forget|override)\b.{0,30}\b(?:previous|above|prior|earlier|all|your)\b.{0,20}"
        r"(?:instruction|prompt|rule|direction|guideline)"),
    (3, r"\b(?:developer|dan|jailbreak|god|debug|unrestricted)\s+mode\b"),
    (2, r"\b(?:reveal|show|print|repeat|output|tell)\b.{0,30}\b(?:system|initial|hidden|your)\s+"
        r"(?:prompt|instructions)"),
    (2, r"<\|im_start\|>|<\|system\|>|\[/?inst\]|<<sys>>|begin\s+system\s+prompt"),
    (2, r"\b(?:do\s+not|don't|never)\s+(?:tell|mention|inform|alert)\b.{0,20}\buser"),
    (2, r"\b(?:send|post|forward|upload)\b.{0,60}\b(?:password|api.?key|secret|credential|conversation)"),
    (1, r"\b(?:you\s+are\s+now|from\s+now\s+on,?\s+you|pretend\s+(?:to\s+be|you\s+are))\b"),
    (1, r"display:\s*none|font-size:\s*0|visibility:\s*hidden"),
    (3, r"(?:이전|위의|앞의|앞선|지금까지|기존|모든).{0,15}(?:지시|명령|규칙|지침|프롬프트).{0,10}"
        r"(?:무시|잊어|잊고|따르지|버려|버리고)"),
    (3, r"(?:개발자|탈옥|무제한|디버그)\s?모드"),
    (2, r"(?:시스템|초기|숨겨진)\s?(?:프롬프트|지시|지침|명령).{0,12}(?:보여|알려|출력|공개|말해|적어)"),
    (2, r"사용자에게.{0,12}(?:말하지|알리지|언급하지|보여주지)\s?(?:마|말)"),
    (2, r"(?:비밀번호|암호|api\s?키|대화\s?내용|개인정보).{0,20}(?:보내|전송|전달|업로드)"),
    (1, r"(?:지금부터|이제부터|이제)\s?(?:너는|넌|당신은|네가)"),
)  # fmt: skip
# Written so that people do not see it: letters as tags; many characters that show nothing.
_HIDDEN: Final = (
    (3, re.compile("[\U000e0020-\U000e007e]{8}")),
    (2, re.compile(f"(?:[{INVISIBLE}][^{INVISIBLE}]{{0,2}}){{20}}")),
)


class _Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    threshold: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3


class Injection:
    """See `Guard`."""

    sees: Sees = "whole"

    def __init__(self, threshold: int) -> None:
        self._threshold = threshold
        self._signals = [(weight, _compiled(pattern)) for weight, pattern in _WORDS]

    async def find(self, texts: Sequence[Text]) -> Sequence[Found]:
        """See `Guard.find`."""
        return [
            Found(n, 0, len(text.words), "injection")
            for n, text in enumerate(texts)
            if text.said in _JUDGED and text.words and self.score(text) >= self._threshold
        ]

    def score(self, text: Text) -> int:
        """What its signals come to, each counted once."""
        read = fold(text.words, casefold=True).words
        signals = [weight for weight, pattern in self._signals if pattern.search(read)]
        signals += [weight for weight, pattern in _HIDDEN if pattern.search(text.words)]
        return sum(signals) + (_IN_TOOLS if signals and text.said == "tool" else 0)

    def unsure(self, words: str) -> int:
        """See `Guard.unsure`. Nothing is held back of what is judged whole."""
        return 0

    async def close(self) -> None:
        """See `Guard.close`."""


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.dot_nl = True
    return re2.compile(pattern, options)


def open_guard(settings: Settings) -> Injection:
    """See `OpenGuard`. Option: threshold, what the signals of a text must come to."""
    return Injection(read_options(settings, _Options).threshold)
