"""What personal data looks like: resident and foreigner numbers, cards, phones and e-mail addresses. Pure rules.

Sources: Resident Registration Act rules (random last six digits since October 2020); ISO/IEC 7812 (Luhn and issuer
ranges); the Korean numbering plan (MSIT); E.164; RFC 5321 (lengths of addresses); read 2026-11.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from typing import Final

# (start, end) of each find in a text that is folded.
Finder = Callable[[str], Iterator[tuple[int, int]]]

_CANDIDATE: Final = re.compile(r"[0-9](?:[-. ()]{0,3}[0-9])+")  # digits, with what people write between them
_RESIDENT: Final = re.compile(r"(?<![0-9])([0-9]{6})( ?- ?| ?)([1-8][0-9]{6})(?![0-9])")
_CARD: Final = re.compile(
    r"(?<![0-9])(?:[0-9]{13,19}"
    r"|[0-9]{4}([-. ])[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{1,3})?"
    r"|[0-9]{4}([-. ])[0-9]{6}\2[0-9]{4,5})(?![0-9])"
)
_MOBILE: Final = re.compile(
    r"(?<![0-9])(?<![0-9][-.])(?:0|82[-. ]{0,2})1[016789][-. ]{0,2}[0-9]{3,4}[-. ]{0,2}[0-9]{4}(?![-.]?[0-9])"
)
_LANDLINE: Final = re.compile(
    r"(?<![0-9])(?<![0-9][-.])\(?0(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50[0-9]?|80)(?:\) ?|[-. ])"
    r"[0-9]{3,4}[-. ][0-9]{4}(?![-.]?[0-9])"
)
_ABROAD: Final = re.compile(r"\+[1-9](?:[-. ()]{0,3}[0-9]){7,14}(?![0-9])")
_NORTH_AMERICA: Final = re.compile(r"(?<![0-9])\([2-9][0-9]{2}\) ?[0-9]{3}[-. ][0-9]{4}(?![-.]?[0-9])")
_LOCAL_MAX: Final = 64  # characters before the @
_BEFORE_AT: Final = re.compile(r"[A-Za-z0-9._%+&'-]+\Z")
_AFTER_AT: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,63}")
_RANDOM_SINCE: Final = 201001  # births from then on, as YYMMDD: their last six digits follow no rule
_RANDOM_UNTIL: Final = 399999  # a century's digit with a later year is nobody's yet
_WEIGHTS: Final = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def resident_numbers(words: str) -> Iterator[tuple[int, int]]:
    """Of citizens: seventh digit 1 to 4."""
    yield from _registered(words, "1234")


def foreigner_numbers(words: str) -> Iterator[tuple[int, int]]:
    """Of foreigners who live in Korea: seventh digit 5 to 8."""
    yield from _registered(words, "5678")


def card_numbers(words: str) -> Iterator[tuple[int, int]]:
    """13 to 19 digits of an issuer's range whose check digit is right."""
    for start, end in _candidates(words, digits_min=13):
        for match in _CARD.finditer(words, start, end):
            yield from _card(words, match)


def phone_numbers(words: str) -> Iterator[tuple[int, int]]:
    """Korean mobile and landline numbers, and any with a country's code."""
    for start, end in _candidates(words, digits_min=8):
        opened = max(0, start - 1)  # a bracket or a plus sign stands before the first digit
        for pattern in (_MOBILE, _LANDLINE, _ABROAD, _NORTH_AMERICA):
            for match in pattern.finditer(words, opened, end):
                yield match.span()


def email_addresses(words: str) -> Iterator[tuple[int, int]]:
    """Addresses as they are in use: a local part in ASCII, and a domain with a dot."""
    at = words.find("@")
    while at >= 0:
        local = _BEFORE_AT.search(words[max(0, at - _LOCAL_MAX) : at])
        domain = _AFTER_AT.match(words, at + 1)
        if local is not None and domain is not None:
            yield at - len(local[0]), domain.end()
        at = words.find("@", at + 1)


FINDERS: Final[dict[str, Finder]] = {
    "resident_number": resident_numbers,
    "foreigner_number": foreigner_numbers,
    "card": card_numbers,
    "phone": phone_numbers,
    "email": email_addresses,
}


def _candidates(words: str, digits_min: int) -> Iterator[tuple[int, int]]:
    for match in _CANDIDATE.finditer(words):
        if match.end() - match.start() >= digits_min:
            yield match.span()


def _registered(words: str, sevenths: str) -> Iterator[tuple[int, int]]:
    for start, end in _candidates(words, digits_min=13):
        for match in _RESIDENT.finditer(words, start, end):
            born, between, rest = match.groups()
            # Without a hyphen it could be any long number: then what the rules say must be right.
            is_right = "-" in between or _is_random(born, rest[0]) or _checks(born + rest)
            if is_right and rest[0] in sevenths and _is_birthday(born, rest[0]):
                yield match.span()


def _is_birthday(born: str, seventh: str) -> bool:
    year = (1900 if seventh in "1256" else 2000) + int(born[:2])
    month, day = int(born[2:4]), int(born[4:])
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _is_random(born: str, seventh: str) -> bool:
    return seventh in "3478" and _RANDOM_SINCE <= int(born) <= _RANDOM_UNTIL


def _checks(digits: str) -> bool:
    """Whether the thirteenth digit is what the first twelve make it."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    least = 13 if digits[6] in "5678" else 11
    return int(digits[12]) == (least - total % 11) % 10


def _card(words: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """The number in a match; where three digits follow it that are another number, without them."""
    start, end = match.span()
    between = match[1]
    ends = [end, start + 19] if between and end > start + 19 else [end]
    for stop in ends:
        digits = re.sub(r"[^0-9]", "", words[start:stop])
        if _is_issued(digits) and _luhn(digits):
            yield start, stop
            return


def _is_issued(digits: str) -> bool:
    """Whether a card of so many digits may begin like this."""
    two, four, count = int(digits[:2]), int(digits[:4]), len(digits)
    if digits[0] == "4":
        return count in (13, 16, 19)
    if two in (34, 37):
        return count == 15
    if two in (30, 36, 38, 39):
        return count in (14, 16)
    if digits[0] in "56" or two == 35:
        return count in (16, 17, 18, 19)
    return count == 16 and (2200 <= four <= 2720 or digits[0] == "9")


def _luhn(digits: str) -> bool:
    total = 0
    for n, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if n % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
