"""Other people's price lists, read as text: a flat table, OpenRouter's list of models, or a plain map."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from typing import Any, Final

from solvent.pricing.published import Conditional, Published, Tiered, exact, published_name
from solvent.values.errors import Invalid

# OpenRouter's names for prices a token; it writes 0 for what it does not offer, but for these two.
_OPENROUTER: Final[Mapping[str, str]] = {
    "prompt": "input_mtok",
    "completion": "output_mtok",
    "input_cache_read": "cache_read_mtok",
    "input_cache_write": "cache_write_mtok",
    "internal_reasoning": "output_reasoning_mtok",
    "audio": "input_audio_mtok",
}
_OPENROUTER_ALWAYS: Final = ("prompt", "completion")
_PER_MILLION: Final = 1_000_000


def read_prices(text: str, where: str) -> list[Published]:
    """The models of a list, their prices in dollars.

    A table has the columns provider, model and published prices such as input_mtok. A map has names such as
    "openai/gpt-4o" and our names of prices per million tokens. Raises Invalid("bad_price_list") naming the field.
    """
    if not text.lstrip().startswith(("{", "[")):
        return _table(text, where)
    try:
        read = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as wrong:
        raise _bad(where, f"is not JSON: {wrong}") from None
    listed = read.get("data") if isinstance(read, dict) else None
    if isinstance(listed, list):
        return [_openrouter(model, f"{where}: data[{n}]") for n, model in enumerate(listed)]
    if not isinstance(read, dict):
        raise _bad(where, 'is neither {"data": [...]} nor a map of models')
    return [_mapped(name, prices, f"{where}: {name}") for name, prices in read.items()]


def _table(text: str, where: str) -> list[Published]:
    rows: dict[tuple[str, str], list[Conditional]] = {}
    try:
        for n, row in enumerate(csv.DictReader(text.splitlines(), strict=True), start=2):
            provider, model = row.get("provider"), row.get("model")
            if not provider or not model:
                raise _bad(f"{where}: line {n}", "has no provider or no model", "model")
            conditional = _row(row, f"{where}: line {n}")
            if conditional is not None:
                rows.setdefault((provider, model), []).append(conditional)
    except csv.Error as wrong:
        raise _bad(where, f"is not a table: {wrong}") from None
    return [Published(provider, model, prices, source=where) for (provider, model), prices in rows.items()]


def _row(row: Mapping[str, Any], where: str) -> Conditional | None:
    """One line; None where it has no prices."""
    prices = {
        column: _cell(cell, f"{where}: {column}")
        for column, cell in row.items()
        if cell and isinstance(column, str) and column.endswith(("_mtok", "_kcount", "_hours"))
    }
    if not prices:
        return None
    since = _json(row.get("constraint") or "{}", f"{where}: constraint")
    if "start_time" in since:
        return Conditional(prices, hours=(str(since["start_time"])[:5], str(since.get("end_time"))[:5]))
    return Conditional(prices, start_date=str(since.get("start_date", "")))


def _cell(cell: str, where: str) -> Tiered:
    if not cell.startswith("{"):
        return Tiered(cell)
    read = _json(cell, where)
    try:
        tiers = tuple((int(tier["start"]), str(tier["price"])) for tier in read["tiers"])
        return Tiered(str(read["base"]), tiers)
    except (KeyError, TypeError, ValueError):
        raise _bad(where, "is not a tiered price {base, tiers: [{start, price}]}") from None


def _json(text: str, where: str) -> dict[str, Any]:
    try:
        read = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise _bad(where, f"{text[:60]!r} is not a JSON object")
    return read


def _openrouter(model: object, where: str) -> Published:
    pricing = model.get("pricing") if isinstance(model, dict) else None
    name = model.get("id") if isinstance(model, dict) else None
    if not isinstance(pricing, dict) or not isinstance(name, str) or not name:
        raise _bad(where, "has no id or no pricing", "pricing")
    prices = {}
    for field, key in _OPENROUTER.items():
        text = pricing.get(field)
        if text is None or text == "-1":
            continue  # -1: it depends, as for a router
        if not isinstance(text, str):
            raise _bad(f"{where}: {field}", "is not a price", field)
        price = exact(_plain(text), 1, f"{where}: {field}", times=_PER_MILLION)
        if field in _OPENROUTER_ALWAYS or price != "0":
            prices[key] = Tiered(price)
    provider, _, rest = name.partition("/")
    return Published(provider, rest, [Conditional(prices)], source=where)


def _mapped(name: str, prices: object, where: str) -> Published:
    if not isinstance(prices, dict):
        raise _bad(where, "is not a map of prices")
    read = {}
    for price, text in prices.items():
        key = published_name(price)
        if key is None or not isinstance(text, str):
            raise _bad(where, f"{price!r} is not one of our prices, or has no number", str(price))
        read[key] = Tiered(_plain(text))
    provider, _, model = name.partition("/")
    return Published(provider if model else "", model or name, [Conditional(read)], source=where)


def _plain(text: str) -> str:
    """A number without an exponent: 2.5e-06 is 0.0000025."""
    mantissa, mark, exponent = text.lower().partition("e")
    if not mark or not exponent.lstrip("+-").isdigit() or len(exponent) > 4:
        return text
    whole, _, parts = mantissa.partition(".")
    shift, digits = int(exponent), whole + parts
    point = len(whole) + shift
    if point <= 0:
        return f"0.{'0' * -point}{digits}"
    return digits + "0" * (point - len(digits)) if point >= len(digits) else f"{digits[:point]}.{digits[point:]}"


def _bad(where: str, message: str, param: str | None = None) -> Invalid:
    return Invalid("bad_price_list", f"{where}: {message}", param=param)
