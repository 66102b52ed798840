"""How amounts, counts and dates are written in Korean and in English (docs/DESIGN.md, content style)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from solvent.identity.person import Language
from solvent.values.instant import utc
from solvent.values.money import PICOS_PER_UNIT, SIGNS, Money, minor_digits, picos_per_grain, round_half_even

MINUS: Final = "\u2212"
_HAIR: Final = "\u200a"
_DECIMALS_MAX: Final = 9
_DAYS: Final[dict[Language, tuple[str, ...]]] = {
    "ko": ("월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_THOUSAND: Final = 1_000


def decimals_for(amount: Money) -> int:
    """Decimals people need to see an amount of this size: more the smaller it is."""
    picos = abs(amount.grains) * picos_per_grain(amount.currency)
    if not picos:
        return 0
    if picos >= PICOS_PER_UNIT:
        if minor_digits(amount.currency):
            return 2
        return 0 if picos >= 100 * PICOS_PER_UNIT else 1
    return min(_DECIMALS_MAX, 12 - len(str(picos)) + 2)


def number(amount: Money, decimals: int) -> str:
    """The digits of an amount with commas, without sign or unit."""
    steps = round_half_even(abs(amount.grains) * picos_per_grain(amount.currency) * 10**decimals, PICOS_PER_UNIT)
    digits = str(steps).rjust(decimals + 1, "0")
    whole = f"{int(digits[: len(digits) - decimals]):,}"
    return f"{whole}.{digits[-decimals:]}" if decimals else whole


def money(amount: Money, language: Language, decimals: int | None = None) -> str:
    """An amount as people read it: 12,400원, ₩12,400, $0.0042. A small amount never reads as nothing."""
    places = decimals_for(amount) if decimals is None else decimals
    digits = number(amount, places)
    if amount.grains and not digits.strip("0."):
        if amount.grains > 0:
            return "<" + _with_unit("", f"0.{'0' * (places - 1)}1" if places else "1", amount.currency, language)
        digits = number(amount, decimals_for(amount))
    is_below = amount.grains < 0
    return _with_unit(MINUS if is_below else "", digits, amount.currency, language)


def _with_unit(sign: str, digits: str, currency: str, language: Language) -> str:
    if currency == "KRW" and language == "ko":
        return f"{sign}{digits}원"
    return f"{sign}{_HAIR if sign else ''}{SIGNS.get(currency, currency + chr(0xA0))}{digits}"


def count(n: int) -> str:
    """A number of things: 3,451."""
    return f"{n:,}".replace("-", MINUS)


def day(at_us: int, zone: ZoneInfo, language: Language, *, year: bool = False) -> str:
    """A day: 12월 1일, 1 December."""
    at = utc(at_us).astimezone(zone)
    if language == "ko":
        return f"{at.year}년 {at.month}월 {at.day}일" if year else f"{at.month}월 {at.day}일"
    named = f"{at.day} {_MONTHS[at.month - 1]}"
    return f"{named} {at.year}" if year else named


def moment(at_us: int, zone: ZoneInfo, language: Language) -> str:
    """An instant: 11월 23일 월요일 14:32, Mon 23 Nov, 14:32."""
    at = utc(at_us).astimezone(zone)
    named = _DAYS[language][at.weekday()]
    if language == "ko":
        return f"{at.month}월 {at.day}일 {named} {_clock(at)}"
    return f"{named} {at.day} {_MONTHS[at.month - 1][:3]}, {_clock(at)}"


def _clock(at: datetime) -> str:
    return f"{at.hour:02}:{at.minute:02}"


def seconds(us: int, language: Language) -> str:
    """How long something took: 6.8초, 6.8 s; below a tenth of a second in milliseconds."""
    ms = us // _THOUSAND
    if ms < 100:
        return f"{ms}ms" if language == "ko" else f"{ms} ms"
    tenths = round_half_even(us, 100_000)
    unit = "초" if language == "ko" else " s"
    return f"{tenths // 10}.{tenths % 10}{unit}"


def percent(part: int, whole: int) -> str:
    """A share with one decimal: 45.0%; a dash of nothing."""
    if whole <= 0:
        return "–"
    permille = round_half_even(part * _THOUSAND, whole)
    sign = MINUS if permille < 0 else ""
    return f"{sign}{abs(permille) // 10}.{abs(permille) % 10}%"
