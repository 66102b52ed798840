"""How long and how large the members of bodies and queries may be; each limit is named in values/limits.py."""

from __future__ import annotations

from typing import Final

from msgspec import Meta

from solvent.values.limits import (
    ADDRESS_CHARACTERS_MAX,
    AMOUNT_CHARACTERS_MAX,
    COUNT_MAX,
    CURSOR_CHARACTERS_MAX,
    DATE_CHARACTERS_MAX,
    DAYS_MAX,
    NAME_CHARACTERS_MAX,
    NOTE_CHARACTERS_MAX,
    REGISTRATION_CHARACTERS_MAX,
)

AMOUNT: Final = Meta(max_length=AMOUNT_CHARACTERS_MAX)  # a decimal text
DATE: Final = Meta(max_length=DATE_CHARACTERS_MAX)  # a date or an instant in ISO 8601
WORD: Final = Meta(max_length=NAME_CHARACTERS_MAX)  # a name or an id
PATH: Final = Meta(max_length=CURSOR_CHARACTERS_MAX)  # an account, a card, a scope
NOTE: Final = Meta(max_length=NOTE_CHARACTERS_MAX)  # for people
ADDRESS: Final = Meta(max_length=ADDRESS_CHARACTERS_MAX)
REGISTRATION: Final = Meta(max_length=REGISTRATION_CHARACTERS_MAX)
CURRENCY: Final = Meta(max_length=3)  # ISO 4217
COUNTRY: Final = Meta(max_length=2)  # ISO 3166
COUNT: Final = Meta(ge=0, le=COUNT_MAX)
DAYS: Final = Meta(ge=0, le=DAYS_MAX)
PERMILLE: Final = Meta(ge=0, le=1000)
