"""Reads card files: documents of dated prices, every slip of the pen refused by file and field.

A file is only ever added to. A new price is a new entry; an entry that was wrong is followed by one of the
same date that says what it corrects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from msgspec.structs import replace

from solvent.pricing.markup import Entry, Markup
from solvent.pricing.rate_card import MINUTES_PER_DAY, TARIFFS, RateCard
from solvent.pricing.sheet import PRICES, TOKENS_PER_PRICE, Head, Override, Sheet, card_of
from solvent.values.errors import Invalid
from solvent.values.instant import instant
from solvent.values.limits import TOKENS_MAX
from solvent.values.money import PICOS_PER_UNIT, decimal, minor_digits

PICOS_MAX: Final = 10**18  # a million of any currency per unit: anything above is a slip of the pen
DENOMINATOR_MAX: Final = 1_000_000
TIMES_MAX: Final = 100
PERCENT_MAX: Final = 10_000
NOT_YET: Final = -(2**63)  # before any entry

_KIND: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}(?:/[a-z0-9][a-z0-9._-]{0,39})?")
_CARD_FIELDS: Final = {"card", "currency", "provider", "model", "entries"}
_HEAD_FIELDS: Final = {"from", "source", "corrects"}
_ENTRY_FIELDS: Final = _HEAD_FIELDS | {*PRICES, "tiers", "tariffs", "kinds", "hours"}
_OVERRIDE_FIELDS: Final = {"times", "tiers", *PRICES}
_MARKUP_FIELDS: Final = {"of", "percent", "fixed", "per_answer"}


def rate_cards(document: object, where: str) -> list[Entry]:
    """Read one document: {card, currency, provider, model, entries: [{from, source, input, output, ...}]}.

    All values are texts, prices in whole units per million tokens. docs/models.md says what a price left out
    means. Raises Invalid naming the file and the field.
    """
    if not isinstance(document, dict):
        raise _bad(where, "a rate card is a mapping of card, currency and entries")
    _only(document, _CARD_FIELDS, where)
    name, currency, entries = (document.get(field) for field in ("card", "currency", "entries"))
    if not isinstance(name, str) or not name or "@" in name:
        raise _bad(where, "`card` is the card's name, a text without @", "card")
    if not isinstance(currency, str):
        raise _bad(where, "`currency` is a code such as USD", "currency")
    try:
        minor_digits(currency)
    except Invalid as wrong:
        raise Invalid(wrong.code, f"{where}: {wrong.message}", param="currency") from None
    if not isinstance(entries, list) or not entries:
        raise _bad(where, "`entries` is a list of dated prices", "entries")
    provider, model = (_text(document, field, where) for field in ("provider", "model"))
    read: list[Entry] = []
    head = Head(name, currency, provider, model, NOT_YET, "")
    for n, entry in enumerate(entries):
        at = f"{where}: entries[{n}]"
        head = _head(head, entry, at)
        read.append(_markup(head, entry, at) if "markup" in entry else _rate_card(head, entry, at))
    return read


def sheet_of(entry: Mapping[str, Any], where: str) -> Sheet:
    """The prices that one entry names itself, with its tiers, but without tariffs and hours."""
    prices = _prices(entry, where)
    return Sheet(prices, {above: {**prices, **own} for above, own in _tiers(entry, where).items()})


def _head(last: Head, entry: Any, where: str) -> Head:
    """When an entry holds from. Entries run from old to new; one that corrects shares the date of the one before."""
    if not isinstance(entry, dict):
        raise _bad(where, "an entry is a mapping of from, source and prices")
    if "from" not in entry:
        raise _bad(where, "`from` is missing: the date these prices begin", "from")
    since_us = instant(str(entry["from"]), f"{where}: from")
    source, corrects = (_text(entry, field, where) for field in ("source", "corrects"))
    revision = 1
    if "corrects" in entry:
        if not corrects or last.valid_from_us != since_us:
            message = "`corrects` says why the entry before it, of the same `from`, was wrong"
            raise _bad(where, message, "corrects")
        revision = last.revision + 1
        source = f"{source}; corrects: {corrects}" if source else f"corrects: {corrects}"
    elif since_us <= last.valid_from_us:
        message = "entries run from old to new; no two are of one instant unless the second `corrects` the first"
        raise _bad(where, message, "entries")
    return replace(last, valid_from_us=since_us, source=source, revision=revision)


def _rate_card(head: Head, entry: dict[str, Any], where: str) -> RateCard:
    _only(entry, _ENTRY_FIELDS, where)
    tariffs = {}
    for name, changed in _mapping(entry, "tariffs", where).items():
        if name not in TARIFFS:
            raise _bad(where, f"tariffs: {name!r} is not one of {', '.join(TARIFFS)}", "tariffs")
        tariffs[name] = _override(changed, f"{where}: tariffs: {name}")
    for name, changed in _mapping(entry, "kinds", where).items():
        if name in TARIFFS or not _KIND.fullmatch(str(name)):
            raise _bad(where, f"kinds: {str(name)[:40]!r} is no kind of an answer such as 1024x1024/hd", "kinds")
        tariffs[name] = _override(changed, f"{where}: kinds: {name}")
    return card_of(head, sheet_of(entry, where), tariffs, _hours(entry, where), where)


def _prices(entry: Mapping[str, Any], where: str) -> dict[str, Fraction]:
    return {name: _picos(entry[name], per, f"{where}: {name}") for name, (_, per) in PRICES.items() if name in entry}


def _picos(text: object, per: int, param: str) -> Fraction:
    """A price in picos a unit. A decimal is whole picos; a fraction such as 1/12 stays one."""
    price = _fraction(text, param)
    picos = price * Fraction(PICOS_PER_UNIT, per)
    if picos < 0 or picos > PICOS_MAX:
        raise Invalid("bad_price", f"{param}: {text} is below zero or beyond all reason", param=param)
    if picos.denominator != 1 and "/" not in str(text):
        message = f"{param}: {text} is finer than a pico a unit; write fewer decimals, or a fraction such as 1/12"
        raise Invalid("bad_price", message, param=param)
    return picos


def _fraction(text: object, param: str) -> Fraction:
    if not isinstance(text, str):
        raise Invalid("not_a_decimal", f"{param}: a price is a text, so that it stays exact", param=param)
    above, slash, below = text.partition("/")
    value = decimal(above, param)
    if slash:
        divisor = decimal(below, param)
        if divisor <= 0 or divisor.denominator != 1 or divisor > DENOMINATOR_MAX:
            message = f"{param}: {text!r} is not a fraction of whole numbers up to {DENOMINATOR_MAX:,}"
            raise Invalid("not_a_decimal", message, param=param)
        value *= Fraction(1, divisor.numerator)
    return value


def _tiers(entry: Mapping[str, Any], where: str) -> dict[int, dict[str, Fraction]]:
    """The prices a tier names, by the input tokens it lies above."""
    listed = entry.get("tiers", [])
    if not isinstance(listed, list):
        raise _bad(where, "`tiers` is a list of {above, prices}", "tiers")
    read: dict[int, dict[str, Fraction]] = {}
    for n, tier in enumerate(listed):
        at = f"{where}: tiers[{n}]"
        if not isinstance(tier, dict):
            raise _bad(at, "a tier is a mapping of above and prices", "tiers")
        _only(tier, {"above", *PRICES}, at)
        text = str(tier.get("above", ""))
        above = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
        if not max(read, default=0) < above <= TOKENS_MAX:
            message = f"`above` is a number of input tokens up to {TOKENS_MAX:,}; tiers run from low to high"
            raise _bad(at, message, "above")
        read[above] = _prices(tier, at)
        if not read[above]:
            raise _bad(at, "a tier names at least one price", "tiers")
    return read


def _override(changed: object, where: str, more: frozenset[str] = frozenset()) -> Override:
    if not isinstance(changed, dict) or not set(changed) - more:
        raise _bad(where, "name `times`, prices or `tiers`")
    _only(changed, _OVERRIDE_FIELDS | more, where)
    times = _fraction(changed.get("times", "1"), f"{where}: times")
    if not 0 <= times <= TIMES_MAX:
        raise Invalid("bad_price", f"{where}: times: {changed['times']} is not from 0 to {TIMES_MAX}", param="times")
    return Override(times, _prices(changed, where), _tiers(changed, where))


def _hours(entry: Mapping[str, Any], where: str) -> dict[tuple[int, int], Override]:
    listed = entry.get("hours", [])
    if not isinstance(listed, list):
        raise _bad(where, "`hours` is a list of {from, until, prices}", "hours")
    read: dict[tuple[int, int], Override] = {}
    taken = [False] * MINUTES_PER_DAY
    for n, hours in enumerate(listed):
        at = f"{where}: hours[{n}]"
        if not isinstance(hours, dict):
            raise _bad(at, "hours are a mapping of from, until and prices", "hours")
        start, end = _minute(hours.get("from"), f"{at}: from"), _minute(hours.get("until"), f"{at}: until")
        minutes = [minute % MINUTES_PER_DAY for minute in range(start, end + MINUTES_PER_DAY * (end < start))]
        if not minutes or any(taken[minute] for minute in minutes):
            raise _bad(at, "hours of the day, in UTC, last some minutes and do not overlap", "hours")
        for minute in minutes:
            taken[minute] = True
        read[start, end] = _override(hours, at, frozenset({"from", "until"}))
    return read


def _minute(text: object, param: str) -> int:
    hour, colon, minute = str(text).partition(":")
    if not (colon and len(hour) == len(minute) == 2 and (hour + minute).isascii() and (hour + minute).isdigit()):
        raise Invalid("not_a_time", f"{param}: {str(text)[:20]!r} is not a time of day like 16:30", param=param)
    if int(hour) > 23 or int(minute) > 59:
        raise Invalid("not_a_time", f"{param}: {text!r} is not a time of day like 16:30", param=param)
    return 60 * int(hour) + int(minute)


def _markup(head: Head, entry: dict[str, Any], where: str) -> Markup:
    _only(entry, _HEAD_FIELDS | {"markup"}, where)
    rule = _mapping(entry, "markup", where)
    where = f"{where}: markup"
    _only(rule, _MARKUP_FIELDS, where)
    of = _text(rule, "of", where)
    if not of:
        raise _bad(where, "`of` names the card of costs that these prices follow", "of")
    percent = _fraction(rule.get("percent", "0"), f"{where}: percent")
    if not -100 < percent <= PERCENT_MAX:
        message = f"{where}: percent: {rule['percent']} is not above -100 and up to {PERCENT_MAX}"
        raise Invalid("bad_price", message, param="percent")
    fixed = _picos(rule.get("fixed", "0"), TOKENS_PER_PRICE, f"{where}: fixed")
    return Markup(head, of, percent, fixed, _picos(rule.get("per_answer", "0"), 1, f"{where}: per_answer"))


def _mapping(entry: Mapping[str, Any], field: str, where: str) -> dict[str, Any]:
    value = entry.get(field, {})
    if not isinstance(value, dict):
        raise _bad(where, f"`{field}` is a mapping", field)
    return value


def _text(entry: Mapping[str, Any], field: str, where: str) -> str:
    value = entry.get(field, "")
    if not isinstance(value, str):
        raise _bad(where, f"`{field}` is a text", field)
    return value


def _only(found: Mapping[Any, Any], known: set[str] | frozenset[str], where: str) -> None:
    unknown = sorted(str(field) for field in set(found) - known)
    if unknown:
        raise _bad(where, f"unknown field {unknown[0]!r}; known: {', '.join(sorted(known))}", unknown[0])


def _bad(where: str, message: str, param: str | None = None) -> Invalid:
    return Invalid("bad_rate_card", f"{where}: {message}", param=param)
