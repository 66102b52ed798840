"""An answer as the request log keeps it, and how what was asked and told becomes that. Pure: a thread may do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from solvent.answering.heard import Heard
from solvent.answering.paring import pared
from solvent.billing.plan import Keep
from solvent.guarding.walking import walked_free, written
from solvent.values.ids import AnswerId, CustomerId, KeyId
from solvent.values.instant import DAY_US
from solvent.values.limits import LOG_CHARACTERS_MAX, LOG_SIDE_BYTES_MAX, LOG_TEXT_CHARACTERS_MIN

# Up to so many characters of a text, with what nobody may read masked.
Redact = Callable[[str, int], str]
_UNREADABLE: Final = '"[UNREADABLE]"'


class Logged(msgspec.Struct, frozen=True):
    """One answer in the request log. Its fields are the columns of `logged_answers`, in their order.

    key, model: as on its receipt. task: what was asked for. until_us: it is deleted then. keep: what of it is kept.
    asked_characters, told_characters: of the texts, before anything was masked or cut. asked, told: JSON, masked;
    "" where no texts are kept.
    """

    id: AnswerId
    customer: CustomerId
    key: KeyId
    model: str
    task: str
    at_us: int
    until_us: int
    keep: Keep
    asked_characters: int
    told_characters: int
    asked: str
    told: str


def logged(heard: Heard, redact: Redact) -> Logged:
    """One answer as it is to be written."""
    keep, days = heard.terms.keep, heard.terms.days
    asked, asked_characters = _side(heard.asked, redact, has_texts=keep == "text")
    told, told_characters = _side(heard.told, redact, has_texts=keep == "text")
    return Logged(
        heard.id, heard.customer, heard.key, heard.model, heard.task, heard.at_us, heard.at_us + days * DAY_US, keep,
        asked_characters, heard.told_characters or told_characters, asked, told,
    )  # fmt: skip


def fair_share(lengths: Sequence[int], most: int) -> int:
    """To how many characters texts are cut, the long ones alone, so that all together have at most `most`."""
    for left_over, length in zip(range(len(lengths), 0, -1), sorted(lengths), strict=True):
        share = most // left_over
        if length > share:
            return share
        most -= length
    return max(lengths, default=0)


def _side(side: Callable[[], Mapping[str, Any]], redact: Redact, *, has_texts: bool) -> tuple[str, int]:
    """What is written of a question or of an answer, and how many characters its texts have."""
    try:
        whole = pared(side())
        return _written(whole, redact) if has_texts else "", _characters(whole)
    except (msgspec.DecodeError, RecursionError):  # nested too deeply: what cannot be looked through is not kept
        return _UNREADABLE if has_texts else "", 0


def _written(whole: Any, redact: Redact) -> str:
    lengths = list[int]()

    def measure(words: str, _said: object) -> str:
        lengths.append(len(words))
        return words

    walked_free(whole, "user", measure)
    most = max(LOG_TEXT_CHARACTERS_MIN, fair_share(lengths, LOG_CHARACTERS_MAX))

    def take(words: str, _said: object) -> str:
        shown = redact(words, most)
        return f"{shown}[CUT]" if len(words) > most else shown

    text = written(walked_free(whole, "user", take)).encode("utf-8", "replace")  # half of a pair is no text for books
    return text.decode() if len(text) <= LOG_SIDE_BYTES_MAX else written(f"[CUT {len(text)} BYTES]")


def _characters(whole: Any) -> int:
    """Of all texts in it, but for the names of its members."""
    if isinstance(whole, str):
        return len(whole)
    parts = whole.values() if isinstance(whole, dict) else whole if isinstance(whole, list) else ()
    return sum(map(_characters, parts))
