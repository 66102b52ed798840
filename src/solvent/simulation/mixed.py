"""A block as a scenario would have answered it: routed to other models, read from a cache, rated in both books."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np

from solvent.pricing.exchange import exchange_at
from solvent.pricing.rate_card import MINUTES_PER_DAY, US_PER_MINUTE, RateCard, at_that_hour
from solvent.simulation.rated import rate_columns
from solvent.simulation.scenario import WHOLE_PERMILLE, Scenario
from solvent.simulation.trace import Block, Whole
from solvent.values.errors import Invalid

_TEXT_READ: Final = ("input_tokens", "cached_input_tokens")


def as_mixed(block: Block, models: Sequence[str], scenario: Scenario) -> Block:
    """The block with the scenario's models, by their places in its `sold`, and its cache rate.

    models: the trace's. Which answers are routed elsewhere hangs on when and whose they were alone, so two scenarios
    with the same shares move the same answers. Raises Invalid for a model that is not sold.
    """
    places = {name: place for place, name in enumerate(scenario.sold)}
    model = np.array([places.get(name, -1) for name in models], np.int64)[block.model]
    if scenario.shares:
        draw = drawn_from(block)
        for name in {share.model for share in scenario.shares} & set(models):
            asked, so_far = block.model == models.index(name), 0
            for share in scenario.shares:
                if share.model == name:
                    among = asked & (draw >= so_far) & (draw < so_far + share.permille)
                    model[among] = places[share.instead]
                    so_far += share.permille
    if (model < 0).any():
        name, known = models[int(block.model[np.argmax(model < 0)])], ", ".join(scenario.sold) or "none"
        message = f"the trace asks model {name[:60]!r}, which is not sold here; sold are: {known[:500]}"
        raise Invalid("bad_scenario", f"{message}; answer it with --share {name[:60]}=MODEL", param="share")
    return Block(block.at_us, block.customer, model, _as_cached(block, scenario.cached_permille))


def drawn_from(block: Block, salt: int = 0) -> Whole:
    """A number from 0 to 999 for each answer, the same whenever it is asked: splitmix64 of its time and customer.

    salt: another one gives others.

    Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators (OOPSLA 2014), figure 14's mixing.
    """
    mixed = (
        np.uint64(salt)
        + block.at_us.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        + block.customer.astype(np.uint64)
    )
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(31))) % np.uint64(WHOLE_PERMILLE)).astype(np.int64)


def _as_cached(block: Block, cached_permille: int | None) -> dict[str, Whole]:
    used = dict(block.used)
    if cached_permille is not None:
        read = sum((used[name] for name in _TEXT_READ if name in used), np.zeros(block.answers, np.int64))
        used["cached_input_tokens"] = read * cached_permille // WHOLE_PERMILLE
        used["input_tokens"] = read - used["cached_input_tokens"]
    return used


def rated(block: Block, scenario: Scenario) -> tuple[Whole, Whole]:
    """What each answer of a mixed block comes to at list price, and what it costs us; in grains.

    Raises Invalid naming the model where a price or an exchange rate is missing: unknown is never free.
    """
    price, cost = np.zeros(block.answers, np.int64), np.zeros(block.answers, np.int64)
    for place, (name, sold) in enumerate(scenario.sold.items()):
        rows = np.flatnonzero(block.model == place)
        if len(rows):
            for grains, cards, book in ((price, sold.price_cards, "price"), (cost, sold.cost_cards, "cost")):
                for chosen, card in _by_card(block.at_us[rows], cards, f"{book} of {name}"):
                    _rate_into(grains, rows[chosen], block, card, scenario)
    return price, cost


def _rate_into(grains: Whole, rows: Whole, block: Block, card: RateCard, scenario: Scenario) -> None:
    if card.currency == scenario.currency:
        used = {bucket: column[rows] for bucket, column in block.used.items()}
        grains[rows] = rate_columns(used, len(rows), card)
        return
    since = sorted({one.valid_from_us for one in scenario.exchanges if one.base == card.currency})
    for part in _pieces(block.at_us[rows], since):
        exchange = exchange_at(scenario.exchanges, card.currency, scenario.currency, int(block.at_us[rows[part]][0]))
        if exchange is None:
            message = f"{card.name} is in {card.currency}, and no exchange rate to {scenario.currency} is known then"
            raise Invalid("bad_scenario", message, param="exchanges")
        used = {bucket: column[rows[part]] for bucket, column in block.used.items()}
        grains[rows[part]] = rate_columns(used, len(rows[part]), card, exchange)


def _by_card(at_us: Whole, cards: Sequence[RateCard], what: str) -> Iterator[tuple[Whole, RateCard]]:
    """The card in force for each answer, as `card_at` finds it: rows in the order of time, and their card."""
    if not cards or int(at_us[0]) < cards[0].valid_from_us:
        message = f"there is no {what} at the time of the trace; add a dated price, or move the trace with --start"
        raise Invalid("bad_scenario", message, param="prices")
    edges = [card.valid_from_us for card in cards[1:]]
    for part in _pieces(at_us, edges):
        card = next(card for card in reversed(cards) if card.valid_from_us <= at_us[part[0]])
        if not card.hours:
            yield part, card
            continue
        minutes = at_us[part] // US_PER_MINUTE % MINUTES_PER_DAY
        edges_of_day = sorted({0, *(m for hours in card.hours for m in (hours.from_minute, hours.until_minute))})
        for first, last in zip(edges_of_day, [*edges_of_day[1:], MINUTES_PER_DAY], strict=True):
            chosen = part[(minutes >= first) & (minutes < last)]
            if len(chosen):
                yield chosen, at_that_hour(card, int(at_us[chosen[0]]))


def _pieces(at_us: Whole, edges: Sequence[int]) -> Iterator[Whole]:
    """Rows between edges of time, where there are any."""
    cuts = [0, *np.searchsorted(at_us, np.array(edges, np.int64)).tolist(), len(at_us)]
    for first, last in pairwise(cuts):
        if last > first:
            yield np.arange(first, last)


class Rated(msgspec.Struct, frozen=True):
    """Answers of one period as plans look at them: columns in grains and tokens, sorted by customer, then by time.

    model_class: places in a table of names. starts: where each customer's begin.
    """

    at_us: Whole
    customer: Whole
    model_class: Whole
    price: Whole
    tokens: Whole
    starts: Whole
