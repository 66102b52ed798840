"""Prices worked out from cost: so much per cent on top, so much per million tokens, so much per answer.

A price card made so follows its cost card and the exchange rate from date to date. Cost and margin stay apart:
what we pay is booked by the cost card alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from solvent.pricing.exchange import Exchange, exchange_at
from solvent.pricing.rate_card import Hours, RateCard, card_age
from solvent.pricing.sheet import PRICES, TOKEN_PRICES, Head
from solvent.values.errors import Invalid

_PER_HUNDRED: Final = 100


class Markup(msgspec.Struct, frozen=True):
    """One dated rule. percent: on top of cost; fixed_picos: on top of each token; answer_picos: for each answer.

    The fixed amounts are in the currency of the price card, which the head names.
    """

    head: Head
    of: str
    percent: Fraction
    fixed_picos: Fraction
    answer_picos: Fraction


Entry = RateCard | Markup


def books(
    entries: Mapping[str, Sequence[Entry]], exchanges: Sequence[Exchange], where: str
) -> dict[str, tuple[RateCard, ...]]:
    """All cards by name, each from old to new; those of a markup follow every date of what they follow.

    A name whose cost or exchange rate is not known yet has no cards. Raises Invalid for a markup of nothing,
    of another markup, or of engine time.
    """
    found = {}
    for name, mine in entries.items():
        cards: list[RateCard] = []
        for n, entry in enumerate(mine):
            if isinstance(entry, RateCard):
                cards.append(entry)
                continue
            until_us = _start(mine[n + 1]) if n + 1 < len(mine) else None
            cards += _derived(entry, _followed(entry, entries, where), exchanges, until_us)
        found[name] = tuple(sorted(cards, key=card_age))
    return found


def _start(entry: Entry) -> int:
    return entry.valid_from_us if isinstance(entry, RateCard) else entry.head.valid_from_us


def _followed(rule: Markup, entries: Mapping[str, Sequence[Entry]], where: str) -> list[RateCard]:
    name, of = rule.head.name, rule.of
    followed = entries.get(of, ())
    costs = [entry for entry in followed if isinstance(entry, RateCard)]
    if not costs or len(costs) < len(followed):
        why = "is itself a markup" if followed else "is not there"
        message = f"{where}: {name} is a markup of {of!r}, which {why}; name a card of costs"
        raise Invalid("bad_rate_card", message, param="markup")
    if any(card.engine_hour_picos is not None or card.kilowatt_hour_picos is not None for card in costs):
        message = f"{where}: {name} is a markup of {of!r}, which costs by the hour; nothing is sold by the hour"
        raise Invalid("bad_rate_card", message, param="markup")
    return sorted(costs, key=card_age)


def _derived(
    rule: Markup, costs: Sequence[RateCard], exchanges: Sequence[Exchange], until_us: int | None
) -> list[RateCard]:
    """One card from each instant on at which the rule, the cost or the exchange rate is a new one."""
    since_us = rule.head.valid_from_us
    dates = {since_us, *(card.valid_from_us for card in costs)}
    pair = (costs[0].currency, rule.head.currency)
    dates |= {rate.valid_from_us for rate in exchanges if (rate.base, rate.quote) == pair}
    made = []
    for at_us in sorted(date for date in dates if date >= since_us and (until_us is None or date < until_us)):
        cost = next((card for card in reversed(costs) if card.valid_from_us <= at_us), None)
        rate = None if pair[0] == pair[1] else exchange_at(exchanges, *pair, at_us)
        if cost is not None and (rate is not None or pair[0] == pair[1]):
            made.append(_marked_up(cost, rule, rate, at_us))
    return made


def _marked_up(cost: RateCard, rule: Markup, rate: Exchange | None, at_us: int) -> RateCard:
    """The price card of one cost card. Each price is rounded up to a whole pico, in the customer's disfavour by
    less than a millionth of a unit per million tokens."""
    times = (1 + rule.percent * Fraction(1, _PER_HUNDRED)) * Fraction(1, cost.parts)
    if rate is not None:
        times *= Fraction(rate.numerator, rate.denominator)
    changed: dict[str, Any] = {
        field: ceil(picos * times + (rule.fixed_picos if name in TOKEN_PRICES else 0))
        for name, (field, _) in PRICES.items()
        if (picos := getattr(cost, field)) is not None
    }
    if rule.answer_picos:
        changed["answer_picos"] = changed.get("answer_picos", 0) + ceil(rule.answer_picos)
    return replace(
        cost,
        name=rule.head.name,
        currency=rule.head.currency,
        valid_from_us=at_us,
        source=_says(cost, rule, rate),
        revision=rule.head.revision + cost.revision - 1,  # a correction of either is a correction here
        parts=1,
        tiers=tuple(_marked_up(tier, rule, rate, at_us) for tier in cost.tiers),
        tariffs=tuple(_marked_up(tariff, rule, rate, at_us) for tariff in cost.tariffs),
        hours=tuple(Hours(h.from_minute, h.until_minute, _marked_up(h.card, rule, rate, at_us)) for h in cost.hours),
        **changed,
    )


def _says(cost: RateCard, rule: Markup, rate: Exchange | None) -> str:
    """Where these prices come from, for whoever reads the card."""
    parts = [cost.version, f"+ {_number(rule.percent)} %"]
    if rule.fixed_picos:
        parts.append(f"+ {_number(rule.fixed_picos)} picos a token")
    if rule.answer_picos:
        parts.append(f"+ {_number(rule.answer_picos * Fraction(1, 10**12))} an answer")
    if rate is not None:
        parts.append(f"at {_number(Fraction(rate.numerator, rate.denominator))} {rate.quote} a {rate.base}")
    if rule.head.source:
        parts.append(f"({rule.head.source})")
    return " ".join(parts)


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"
