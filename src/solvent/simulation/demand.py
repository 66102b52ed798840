"""Demand: who buys at a tariff, how much they use of it, and who leaves.

A customer's worth of q answers a month is v(q) = worth q - worth q^2 / (2 sated): the first is worth most, and none
beyond `sated` anything. The same seed draws the same customers for every tariff, so what differs is the tariff's.
Source: facts/ECONOMICS.md 2.3.
"""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec
import numpy as np

from solvent.simulation.demand_assumption import Demand

Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
MONTHS: Final = 12
ENDLESS: Final = math.inf
_MOVES: Final = 1  # tells the luck of a month from that of who somebody is


class Tariff(msgspec.Struct, frozen=True):
    """A fee a month, answers included, and a price for each one beyond; a price of ENDLESS lets nobody go beyond."""

    fee: float
    allowance: float = ENDLESS
    price: float = ENDLESS


class Market(msgspec.Struct, frozen=True):
    """Who may buy. sated: answers a month each asks where none costs anything. paid: what each pays today, a month;
    an answer is worth at least that to them."""

    sated: Floats
    paid: Floats


class Luck(msgspec.Struct, frozen=True):
    """One draw of customers, in deviates of the normal distribution: their usage and worth. place: in a market, where
    there is one. seed: for how their worth moves."""

    seed: int
    usage: Floats
    worth: Floats
    place: np.ndarray[Any, np.dtype[np.int64]]


class People(msgspec.Struct, frozen=True):
    """Customers who may buy: what they ask where it costs nothing, and what the first answer is worth to them."""

    sated: Floats
    worth: Floats


class Use(msgspec.Struct, frozen=True):
    """What each would do at a tariff whatever its fee. used: answers a month. beyond: of those, beyond the allowance.
    gain: what it is worth to them, less the price of those; below zero for who would use nothing."""

    used: Floats
    beyond: Floats
    gain: Floats


def luck(seed: int, customers: int, market: Market | None = None) -> Luck:
    """Draws customers; of a market's, with repetition."""
    chance = np.random.default_rng(seed)
    place = chance.integers(0, len(market.sated) if market is not None else 1, customers)
    return Luck(seed, chance.standard_normal(customers), chance.standard_normal(customers), place)


def people(drawn: Luck, demand: Demand, market: Market | None = None) -> People:
    """Who those customers are, on some assumptions."""
    if market is None:
        deviates, spread = drawn.usage, demand.usage_spread
        sated = np.exp(math.log(demand.usage_mean) - spread * spread / 2 + spread * deviates)
    else:
        sated = market.sated[drawn.place]
        logs = np.log(market.sated)
        deviates = (np.log(sated) - logs.mean()) / (logs.std() or 1.0)
    tied = demand.worth_with_usage
    mixed = tied * deviates + math.sqrt(1 - tied * tied) * drawn.worth
    worth = demand.worth * np.exp(demand.worth_spread * mixed)
    if market is not None:  # nobody pays more than it is worth to them: v(sated) = worth sated / 2
        worth = np.maximum(worth, 2 * market.paid[drawn.place] / sated)
    return People(sated, worth)


def use(of: People, allowance: float, price: float, metering: float) -> Use:
    """metering: what a customer loses who is billed by the answer, and may stay within the allowance to avoid."""
    within = np.minimum(of.sated, allowance)
    calm = _value(of, within)
    if math.isinf(price):
        return Use(within, np.zeros(len(within)), np.where(within > 0, calm, -1.0))
    wanted = of.sated * np.maximum(0, 1 - price / of.worth)
    billed = _value(of, wanted) - price * (wanted - allowance) - metering
    goes = (wanted > allowance) & (billed > calm)
    used = np.where(goes, wanted, within)
    return Use(used, np.where(goes, wanted - allowance, 0.0), np.where(used > 0, np.where(goes, billed, calm), -1.0))


def survival(demand: Demand, months: int = MONTHS) -> Floats:
    """Of buyers, the share still there after 0, 1, ... months, the price aside: shifted beta-geometric.

    S(t) = B(alpha, beta + t) / B(alpha, beta). Source: Fader and Hardie, How to project customer retention (J.
    Interactive Marketing 21, 2007), equation 5; facts/ECONOMICS.md 2.3.
    """
    mean, spread = demand.leaving, demand.leaving_spread
    if not spread or not mean:
        return np.asarray((1 - mean) ** np.arange(months + 1, dtype=np.float64))
    both = 1 / spread - 1
    beta = (1 - mean) * both
    steps = (beta + np.arange(months)) / (both + np.arange(months))
    return np.concatenate(([1.0], np.cumprod(steps)))


def staying(of: People, tariff: Tariff, demand: Demand, drawn: Luck, buys: Flags) -> Floats:
    """Of buyers, the share to whom the tariff has been worth its price ever since, after 0, 1, ... months."""
    places = np.flatnonzero(buys)
    there, worth, shares = np.ones(len(places), np.bool_), of.worth[places], [1.0]
    chance = np.random.default_rng((drawn.seed, _MOVES))
    for _ in range(MONTHS):
        worth = worth * np.exp(demand.drift * chance.standard_normal(len(of.worth))[places])
        found = use(People(of.sated[places], worth), tariff.allowance, tariff.price, demand.metering)
        there = there & (found.gain >= tariff.fee)
        shares.append(float(there.mean()) if len(places) else 0.0)
    return np.array(shares)


def choose(of: People, menu: tuple[Tariff, ...], on: np.ndarray[Any, Any], demand: Demand) -> tuple[Any, Floats]:
    """Which of several tariffs each takes, -1 for none, and how much they use. on: which each is on now, -1 for none.

    Nobody moves to another that is not better by the inertia, and to leave takes none: who is on one that is worth less
    than nothing leaves or moves.
    """
    gains, used = [np.zeros(len(of.sated))], [np.zeros(len(of.sated))]
    for tariff in menu:
        found = use(of, tariff.allowance, tariff.price, demand.metering)
        gains.append(np.where(found.gain < 0, -ENDLESS, found.gain - tariff.fee))
        used.append(found.used)
    worth, uses = np.array(gains), np.array(used)
    everybody = np.arange(len(of.sated))
    stays = worth[on + 1, everybody]
    is_open = (worth > stays + demand.inertia) | (on < 0)
    is_open[0] = True
    after = np.where(is_open, worth, -ENDLESS)
    best = after.argmax(axis=0)
    taken = np.where(after[best, everybody] > stays, best, on + 1)
    return taken - 1, uses[taken, everybody]


def _value(of: People, used: Floats) -> Floats:
    return np.asarray(of.worth * used * (1 - used / (2 * of.sated)))
