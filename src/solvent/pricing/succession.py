"""Which entries a card needs to catch up with a published list: new dates after the old ones, nothing rewritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from solvent.pricing.card_file import rate_cards
from solvent.pricing.rate_card import Hours, RateCard
from solvent.values.instant import US_PER_S, utc


class Succession(msgspec.Struct, frozen=True):
    """The entries to add at the end of a card; or why that is left to a person."""

    entries: tuple[Mapping[str, Any], ...]
    left: str = ""


def succession(own: Mapping[str, Any], published: Mapping[str, Any], now_us: int, where: str) -> Succession:
    """What to add to a card document of ours, so that from now on it says what the published one says.

    A price that was changed without a date holds from now. Raises Invalid where a document cannot be read.
    """
    mine, theirs = _dated(own, where), _dated(published, f"{where}: published")
    if mine is None or theirs is None:
        return Succession((), "it is a markup, and a list gives prices")
    if mine[0].currency != theirs[0].currency:
        return Succession((), f"it is in {mine[0].currency}, the list in {theirs[0].currency}")
    entries = published["entries"]
    now = [n for n, card in enumerate(theirs) if card.valid_from_us <= now_us]
    later = [n for n, card in enumerate(theirs) if card.valid_from_us > now_us]
    changed = bool(now) and not _same(_in_force(mine, now_us), theirs[now[-1]])
    mine_later = [card for card in mine if card.valid_from_us > now_us]
    if mine_later:
        planned = len(mine_later) == len(later) and all(
            card.valid_from_us == theirs[n].valid_from_us and _same(card, theirs[n])
            for card, n in zip(mine_later, later, strict=True)
        )
        return Succession(
            (), "" if planned and not changed else "it has entries from later dates; add the rest by hand"
        )
    added = []
    if changed:
        entry, card = entries[now[-1]], theirs[now[-1]]
        last_us = mine[-1].valid_from_us
        added.append(entry if card.valid_from_us > last_us else {**entry, "from": _moment(max(now_us, last_us + 1))})
    added += [entries[n] for n in later]
    return Succession(tuple(added))


def _moment(at_us: int) -> str:
    """The next whole second, as people write it."""
    return utc(-(-at_us // US_PER_S) * US_PER_S).isoformat().replace("+00:00", "Z")


def _dated(document: Mapping[str, Any], where: str) -> list[RateCard] | None:
    cards = [entry for entry in rate_cards(document, where) if isinstance(entry, RateCard)]
    return cards if len(cards) == len(document["entries"]) else None


def _in_force(cards: Sequence[RateCard], at_us: int) -> RateCard | None:
    return next((card for card in reversed(cards) if card.valid_from_us <= at_us), None)


def _same(one: RateCard | None, other: RateCard) -> bool:
    """Whether two cards have the same prices, whenever they began and whoever says so."""
    return one is not None and _bare(one) == _bare(other)


def _bare(card: RateCard) -> RateCard:
    return replace(
        card,
        valid_from_us=0,
        source="",
        revision=1,
        tiers=tuple(map(_bare, card.tiers)),
        tariffs=tuple(map(_bare, card.tariffs)),
        hours=tuple(Hours(h.from_minute, h.until_minute, _bare(h.card)) for h in card.hours),
    )
