"""Notes of a run: what of it is not as it was, as sentences that are kept with it and can be taken apart again.

So a run that was kept in English is read in the reader's language, however old it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Final

import msgspec

SENTENCES: Final[Mapping[str, str]] = {
    "rates": "plan {plan}: its rates are not replayed; they make answers wait",
    "budgets": "plan {plan}: budgets of each {per} are not replayed",
    "break_even": "plan {plan}: what it does at break-even ({way}) is not replayed",
    "trial": "plan {plan}: customers are taken to be past their trial",
    "wallet": "plan {plan}: wallets are taken to be topped up whenever they are empty",
    "borne": "today the house bears {amount} that answers came to beyond what was set aside; candidates charge it",
    "card_gone": "no model has cost card {card} now; what it rated costs what its model's own card says",
    "failed": "{count} answers that failed are left out",
    "no_lengths": "{count} clients whose lengths are not told are left out",
    "pool": "drawn from a pool of {count} clients, one in {of} of what they asked",
    "again": "the same traffic again: {command}",
}
AND: Final = " and "  # between what a member names several of


class Note(msgspec.Struct, frozen=True):
    """name: which sentence; its members are texts."""

    name: str
    members: dict[str, str]


def note(name: str, **members: object) -> str:
    """The sentence."""
    return SENTENCES[name].format(**members)


def read_note(text: str) -> Note | None:
    """What a sentence says; None for one of another version."""
    for name, pattern in _PATTERNS.items():
        found = pattern.fullmatch(text)
        if found is not None:
            return Note(name, found.groupdict())
    return None


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = [
        re.escape(said) + (f"(?P<{member}>.+)" if member else "") for said, member, _, _ in Formatter().parse(sentence)
    ]
    return re.compile("".join(parts))


_PATTERNS: Final = {name: _pattern(sentence) for name, sentence in SENTENCES.items()}
