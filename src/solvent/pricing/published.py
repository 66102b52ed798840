"""Price lists as they are published, turned into documents of rate cards: exact, dated, nothing swallowed.

A published list has prices by the names of its units, some dated, some for hours of the day, some for a way of
being served. What we cannot meter is left out and said so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final

import msgspec

from solvent.pricing.rate_card import TARIFFS
from solvent.values.errors import Invalid
from solvent.values.money import decimal

ALWAYS: Final = "1970-01-01"  # from as long ago as the list knows

# Our name of each published price, and how many of our units it is the price of.
_NAMES: Final[Mapping[str, tuple[str, int]]] = {
    "input_mtok": ("input", 1),
    "cache_read_mtok": ("cached_input", 1),
    "cache_write_mtok": ("cache_write_5m", 1),
    "cache_write_5m_mtok": ("cache_write_5m", 1),
    "cache_write_1h_mtok": ("cache_write_1h", 1),
    "output_mtok": ("output", 1),
    "output_reasoning_mtok": ("reasoning", 1),
    "input_audio_mtok": ("audio_input", 1),
    "cache_audio_read_mtok": ("cached_audio_input", 1),
    "input_image_mtok": ("image_input", 1),
    "cache_image_read_mtok": ("cached_image_input", 1),
    "output_audio_mtok": ("audio_output", 1),
    "output_image_mtok": ("image_output", 1),
    "web_searches_kcount": ("web_search", 1_000),
    "requests_kcount": ("answer", 1_000),
    "input_video_mtok": ("image_input", 1),  # seen alike, so the dearer of the two counts
    "output_video_mtok": ("image_output", 1),
}
# Tools that no usage report counts and no question here can ask for, and what we bill as what was written.
_NEEDLESS: Final = frozenset(
    {"storage_searches_kcount", "social_searches_kcount", "code_executions_kcount", "output_citation_mtok"}
)
_DECIMALS: Final = 10**6  # per million tokens: whole picos a token
_NOISE: Final = Fraction(1, 10**9)  # 0.18000000000000002 means 0.18, and 0.0833333333333333 a twelfth
_DENOMINATOR_MAX: Final = 1_000


class Tiered(msgspec.Struct, frozen=True):
    """A price that is another above so many input tokens: [(above, price), ...] from low to high."""

    base: str
    tiers: tuple[tuple[int, str], ...] = ()


class Conditional(msgspec.Struct, frozen=True):
    """Prices by published name; from a date on, or for hours of the day in UTC such as ("00:30", "16:30")."""

    prices: Mapping[str, Tiered]
    start_date: str = ""
    hours: tuple[str, str] | None = None


class Variant(msgspec.Struct, frozen=True):
    """Prices for a way of being served, such as {"processing": "batch"}; those not named stay as they are."""

    when: Mapping[str, str]
    then: Conditional


class Published(msgspec.Struct, frozen=True):
    """One model of a published list. Of several prices the last that holds counts."""

    provider: str
    model: str
    prices: Sequence[Conditional]
    variants: Sequence[Variant] = ()
    source: str = ""


class Drawn(msgspec.Struct, frozen=True):
    """A document of one rate card, or None; and what of the list could not be put on it."""

    document: dict[str, Any] | None
    left_out: tuple[str, ...]


def card_name(provider: str, model: str) -> str:
    """How a card of a published price is called: "openai/gpt-4o-mini"."""
    return f"{provider}/{model}".replace("@", "-at-")


def document_of(listed: Published, currency: str = "USD") -> Drawn:
    """The card of one published model, an entry for each date on which anything changes.

    Raises Invalid for a price that is no plain number or a date that is none.
    """
    left_out: dict[str, None] = {}
    entries: list[dict[str, Any]] = []
    keys = {key for one in listed.prices for key in one.prices}
    unknown = sorted(keys - set(_NAMES) - _NEEDLESS)
    if unknown:
        return Drawn(None, tuple(f"nothing here meters {key}" for key in unknown))
    for since in _dates(listed):
        entry = _entry(listed, since, left_out)
        if entry and (not entries or _changes(entries[-1], entry)):
            entries.append({"from": since or ALWAYS, "source": listed.source, **entry})
    if not entries:
        return Drawn(None, tuple(left_out) or ("it has no prices",))
    name = card_name(listed.provider, listed.model)
    card = {"card": name, "currency": currency, "provider": listed.provider, "model": listed.model}
    return Drawn({**card, "entries": entries}, tuple(left_out))


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return {key: value for key, value in before.items() if key not in ("from", "source")} != after


def _dates(listed: Published) -> list[str]:
    """Every date from which a price or a variant holds, from old to new; "" first."""
    dates = {one.start_date for one in (*listed.prices, *(variant.then for variant in listed.variants))}
    for day in dates - {""}:
        _day(day, listed)
    return sorted(dates | {""})


def _day(text: str, listed: Published) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        message = f"{listed.provider}/{listed.model}: start_date: {text[:40]!r} is not a date"
        raise Invalid("bad_price_list", message, param="start_date") from None


def _entry(listed: Published, since: str, left_out: dict[str, None]) -> dict[str, Any]:
    """The prices in force from a date on; {} where there are none to speak of."""
    base, hours = _in_force(listed, since)
    entry = _prices(base.prices, listed, left_out)
    if not entry:
        return {}
    if "output" not in entry and "input" in entry:
        entry["output"] = "0"  # an embedding reads and writes nothing
    if hours:
        at_hours = [
            {"from": one.hours[0], "until": one.hours[1], **_prices(one.prices, listed, left_out)}
            for one in hours
            if one.hours is not None
        ]
        if any(set(base.prices) != set(one.prices) for one in hours):
            left_out["hours whose prices are of another kind"] = None
        else:
            entry["hours"] = at_hours
    tariffs = _tariffs(listed, since, left_out)
    if tariffs:
        entry["tariffs"] = tariffs
    return entry


def _in_force(listed: Published, since: str) -> tuple[Conditional, list[Conditional]]:
    """The last prices already valid, and those of hours that come after them in the list."""
    hours = []
    for one in reversed(listed.prices):
        if one.hours is not None:
            hours.append(one)
        elif one.start_date <= since:
            return one, hours[::-1]
    return listed.prices[0], []


def _tariffs(listed: Published, since: str, left_out: dict[str, None]) -> dict[str, Any]:
    found: dict[str, dict[str, Tiered]] = {}
    for variant in listed.variants:
        tariff = next(iter(variant.when.values())) if len(variant.when) == 1 else ""
        if tariff not in TARIFFS:
            if variant.then.prices:
                left_out["prices when " + ", ".join(f"{k} is {v}" for k, v in variant.when.items())] = None
        elif variant.then.hours is not None:
            left_out[f"hours of {tariff}"] = None
        elif variant.then.start_date <= since:
            found[tariff] = {**variant.then.prices, **found.get(tariff, {})}  # the first that holds counts
    drawn = {tariff: _prices(prices, listed, left_out) for tariff, prices in found.items()}
    return {tariff: prices for tariff, prices in sorted(drawn.items()) if prices}


def _prices(prices: Mapping[str, Tiered], listed: Published, left_out: dict[str, None]) -> dict[str, Any]:
    """Our names and texts of published prices. A tier holds every price that is tiered, as of that height."""
    plain: dict[str, Any] = {}
    tiered: dict[str, Tiered] = {}
    for key, price in prices.items():
        if key not in _NAMES:
            left_out[key] = None
            continue
        name, per = _NAMES[key]
        text = exact(price.base, per, f"{listed.provider}/{listed.model}: {key}")
        if name not in plain or Fraction(text) > Fraction(plain[name]) or key == "cache_write_5m_mtok":
            plain[name] = text
        if price.tiers:
            tiered[key] = price
    edges = sorted({above for price in tiered.values() for above, _ in price.tiers})
    if edges:
        plain["tiers"] = [{"above": str(edge), **_tier(edge, tiered, listed)} for edge in edges]
    return plain


def _tier(edge: int, tiered: Mapping[str, Tiered], listed: Published) -> dict[str, str]:
    prices = {}
    for key, price in tiered.items():
        name, per = _NAMES[key]
        text = next((text for above, text in reversed(price.tiers) if above <= edge), price.base)
        prices[name] = exact(text, per, f"{listed.provider}/{listed.model}: {key}")
    return prices


def published_name(price: str) -> str | None:
    """The published name of a price of ours that is per million tokens, such as "input"; None for others."""
    return next((key for key, (name, per) in _NAMES.items() if name == price and per == 1), None)


def exact(text: str, per: int, param: str, *, times: int = 1) -> str:
    """A published price as a card says it, freed of the noise of somebody's floats: a decimal or a fraction.

    per: of how many units `text` is the price; times: how many of them a card gives the price of. Raises Invalid
    for anything but a plain number.
    """
    price = decimal(text, param) * Fraction(times, per)
    if price < 0:
        raise Invalid("bad_price_list", f"{param}: {text} is below zero", param=param)
    scaled = price * _DECIMALS
    whole = Fraction(round(scaled), _DECIMALS)
    if scaled.denominator == 1 or abs(price - whole) <= price * _NOISE:
        return in_decimals(whole)
    simple = price.limit_denominator(_DENOMINATOR_MAX)
    if abs(price - simple) <= price * _NOISE:
        return f"{simple.numerator}/{simple.denominator}"
    return in_decimals(Fraction(-(-scaled.numerator // scaled.denominator), _DECIMALS))  # the dearer of the two


def in_decimals(price: Fraction) -> str:
    """A price of at most six decimals as people write it."""
    whole, rest = divmod(round(price * _DECIMALS), _DECIMALS)
    return f"{whole}.{rest:06d}".rstrip("0") if rest else str(whole)
