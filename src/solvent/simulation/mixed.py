"""A block as a scenario would have answered it: routed to other models, read from a cache, rated in both books."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np

from solvent.pricing.batch_price import share_named, share_of
from solvent.pricing.exchange import exchange_at
from solvent.pricing.rate_card import MINUTES_PER_DAY, US_PER_MINUTE, RateCard, at_that_hour, in_tariff
from solvent.simulation.rated import rate_columns
from solvent.simulation.scenario import WHOLE_PERMILLE, Scenario
from solvent.simulation.trace import PLAIN, Block, Flags, Served, Whole
from solvent.values.errors import Invalid

_TEXT_READ: Final = ("input_tokens", "cached_input_tokens")


def as_mixed(block: Block, models: Sequence[str], scenario: Scenario) -> Block:
    """The block with the scenario's models, by their places in its `sold`, and its cache rate.

    models: the trace's. Which answers are routed elsewhere hangs on when and whose they were alone, so two scenarios
    with the same shares move the same answers. Raises Invalid for a model that is not sold.
    """
    places = {name: place for place, name in enumerate(scenario.sold)}
    model = np.array([places.get(name, -1) for name in models], np.int64)[block.model]
    beside = block.beside
    if scenario.shares:
        elsewhere = np.zeros(block.answers, np.bool_)
        draw = drawn_from(block)
        for name in {share.model for share in scenario.shares} & set(models):
            asked, so_far = block.model == models.index(name), 0
            for share in scenario.shares:
                if share.model == name:
                    among = asked & (draw >= so_far) & (draw < so_far + share.permille)
                    model[among] = places[share.instead]
                    elsewhere |= among
                    so_far += share.permille
        beside = _as_moved(beside, elsewhere)
    if (model < 0).any():
        name, known = models[int(block.model[np.argmax(model < 0)])], ", ".join(scenario.sold) or "none"
        if not name:
            message = f"the trace does not say which model answered; say it with --model. Sold are: {known[:500]}"
            raise Invalid("bad_scenario", message, param="model")
        message = f"the trace asks model {name[:60]!r}, which is not sold here; sold are: {known[:500]}"
        raise Invalid("bad_scenario", f"{message}; answer it with --share {name[:60]}=MODEL", param="share")
    return Block(block.at_us, block.customer, model, _as_cached(block, scenario.cached_permille), beside)


def _as_moved(beside: Mapping[str, Whole], elsewhere: Flags) -> Mapping[str, Whole]:
    """Of what is answered elsewhere, how its old upstreams served it is not known of the new one."""
    if not beside:
        return beside
    served = np.where(elsewhere, -1 - beside["served"], beside["served"])  # below zero: see `_as_served`
    grains = {name: np.where(elsewhere, 0, beside[name]) for name in ("lost_grains", "borne_grains")}
    return {**beside, "served": served, **grains}


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


def rated(block: Block, scenario: Scenario, served: Sequence[Served] = ()) -> tuple[Whole, Whole]:
    """What each answer of a mixed block comes to at list price, and what it costs us; in grains.

    served: the trace's. Raises Invalid naming the model where a price or an exchange rate is missing: unknown is never
    free.
    """
    price, cost = np.zeros(block.answers, np.int64), np.zeros(block.answers, np.int64)
    owed = _as_owed(block)
    for place, (name, sold) in enumerate(scenario.sold.items()):
        for how, rows in _by_served(block, np.flatnonzero(block.model == place), served):
            costs = sold.other_costs.get(how.cost_card, sold.cost_cards)
            if how.is_due:
                for chosen, card in _by_card(block.at_us[rows], sold.price_cards, f"price of {name}", how.price_as):
                    _rate_into(price, rows[chosen], block, card, scenario)
            if how.is_owed:
                for chosen, card in _by_card(block.at_us[rows], costs, f"cost of {name}", how.cost_as):
                    _rate_into(cost, rows[chosen], owed, card, scenario)
    return price, cost + block.beside["lost_grains"] if block.beside else cost


def _as_owed(block: Block) -> Block:
    """With what cost is booked for, where usage was estimated: all that may have been read."""
    unread = block.beside.get("unread")
    if unread is None or not unread.any():
        return block
    read = block.used.get("input_tokens", np.zeros(block.answers, np.int64)) + unread
    return msgspec.structs.replace(block, used={**block.used, "input_tokens": read})


def _by_served(block: Block, rows: Whole, served: Sequence[Served]) -> Iterator[tuple[Served, Whole]]:
    if not len(rows):
        return
    if not block.beside:
        yield PLAIN, rows
        return
    places = block.beside["served"][rows]
    for place in np.unique(places).tolist():
        yield _as_served(served, place), rows[places == place]


def _as_served(served: Sequence[Served], place: int) -> Served:
    """Below zero it is answered elsewhere: a batch is one there too, and all else is plain."""
    if place >= 0:
        return served[place]
    before = served[-1 - place]
    price_as = before.price_as if share_named(before.price_as) else ""
    return Served(before.plan, price_as, is_due=before.is_due, is_owed=before.is_owed)


def _in_way(card: RateCard, way: str) -> RateCard:
    """The card's prices in a tariff, for a kind of answer or as a share of a batch; plain where it knows none such."""
    share = share_named(way)
    return (in_tariff(card, way) or card) if share is None else share_of(card, share)


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


def _by_card(at_us: Whole, cards: Sequence[RateCard], what: str, way: str) -> Iterator[tuple[Whole, RateCard]]:
    """The card in force for each answer, as `card_at` finds it: rows in the order of time, and their card."""
    if not cards or int(at_us[0]) < cards[0].valid_from_us:
        message = f"there is no {what} at the time of the trace; add a dated price, or move the trace with --start"
        raise Invalid("bad_scenario", message, param="prices")
    edges = [card.valid_from_us for card in cards[1:]]
    for part in _pieces(at_us, edges):
        card = next(card for card in reversed(cards) if card.valid_from_us <= at_us[part[0]])
        if not card.hours:
            yield part, _in_way(card, way)
            continue
        minutes = at_us[part] // US_PER_MINUTE % MINUTES_PER_DAY
        edges_of_day = sorted({0, *(m for hours in card.hours for m in (hours.from_minute, hours.until_minute))})
        for first, last in zip(edges_of_day, [*edges_of_day[1:], MINUTES_PER_DAY], strict=True):
            chosen = part[(minutes >= first) & (minutes < last)]
            if len(chosen):
                yield chosen, _in_way(at_that_hour(card, int(at_us[chosen[0]])), way)


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
