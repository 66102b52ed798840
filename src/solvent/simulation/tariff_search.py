"""The best tariff of each shape for customers at hand: flat, capped, two-part and three-part.

For any allowance and price the best fee is exact: the fee only decides who buys, so the candidates are what it is worth
to each. What is left, allowance and price, is a grid and a search around its best point.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import Final, Literal

import msgspec
import numpy as np

from solvent.simulation.demand import ENDLESS, Floats, People, Tariff, Use, use
from solvent.values.errors import Invalid
from solvent.values.money import minor_digits

Shape = Literal["flat", "capped", "two_part", "three_part"]
SHAPES: Final[tuple[Shape, ...]] = ("flat", "capped", "two_part", "three_part")  # from simple to less so
_GRID: Final = 14
_FINE: Final = 0.01  # the last step of a search around a point, of its logarithm
_CHARMS: Final = 3
_ROUNDS_MAX: Final = 60
_FEWEST: Final = 0.001  # of customers, to whom a tariff must sell: what suits one alone is no tariff


class Terms(msgspec.Struct, frozen=True):
    """How a payment becomes income, and what a tariff must keep to.

    fixed: what a customer costs a month anyway, in units. fee_most: the highest fee. margin_least: of what is left
    after tax and processor, the least part that answers and fixed cost may leave. is_charming: fees end on 9s.
    """

    currency: str = "USD"
    tax_permille: int = 100
    fee_permille: int = 34
    fixed: float = 0.0
    fee_most: float = ENDLESS
    margin_least: float = -ENDLESS
    is_charming: bool = False

    @property
    def net(self) -> float:
        """What is left of a unit that a customer pays: 1 / (1 + tax) - fee. Source: facts/ECONOMICS.md 1.8."""
        return 1000 / (1000 + self.tax_permille) - self.fee_permille / 1000


def demand_terms(terms: Terms) -> None:
    """Raises Invalid for terms that leave nothing of a payment, or are outside their range."""
    for name, value in (("tax", terms.tax_permille), ("fee", terms.fee_permille)):
        if not 0 <= value <= 500:
            raise Invalid("bad_assumption", f"{name}: {value} thousandths are not 0 to 500", param=name)
    if not (0 <= terms.fixed < ENDLESS and terms.fee_most >= 0 and terms.margin_least < 1):
        words = "the fixed cost and the highest fee are not below zero, and a margin is less than all that is paid"
        raise Invalid("bad_assumption", words, param="terms")


class Best(msgspec.Struct, frozen=True):
    """profit: a month, of each customer who might buy, in units; minus infinity where no tariff keeps the terms."""

    tariff: Tariff
    profit: float


NOTHING: Final = Best(Tariff(0.0), -ENDLESS)


def best_tariff(shape: Shape, of: People, cost: float, metering: float, terms: Terms) -> Best:
    """cost: of an answer, in units. The fee in whole minor units, the allowance in whole answers, the price short."""
    found = (
        _sellable(one.tariff, of, cost, metering, terms)
        for one in _searched(shape, of, cost, metering, terms)
        if one.profit > -ENDLESS
    )
    return max(found, key=lambda one: one.profit, default=NOTHING)


def _searched(shape: Shape, of: People, cost: float, metering: float, terms: Terms) -> tuple[Best, ...]:
    def at(allowance: float, price: float) -> Best:
        found = use(of, allowance, price, metering)
        fee, profit = best_fee(found, price, cost, terms)
        return Best(Tariff(fee, allowance, price), profit)

    allowances, prices = _allowances(of), _prices(of, cost, terms)
    if shape == "flat":
        return (at(ENDLESS, ENDLESS),)
    if shape == "capped":
        return (_climbed(lambda point: at(math.exp(point[0]), ENDLESS), [allowances]),)
    two_part = _climbed(lambda point: at(0.0, math.exp(point[0])), [prices])
    if shape == "two_part":
        return (two_part,)
    three_part = _climbed(lambda point: at(math.exp(point[0]), math.exp(point[1])), [allowances, prices])
    return two_part, three_part  # nothing included is an allowance too


def best_fee(found: Use, price: float, cost: float, terms: Terms) -> tuple[float, float]:
    """The fee that leaves most, and what it leaves of each customer who might buy; (0, minus infinity) for none."""
    order = np.argsort(-found.gain)
    gain = found.gain[order]
    paid = price * found.beyond[order] if not math.isinf(price) else np.zeros(len(gain))
    bought = np.arange(1, len(gain) + 1)
    others = np.cumsum(terms.net * paid - cost * found.used[order] - terms.fixed)
    fees = np.minimum(gain, terms.fee_most)  # those to whom it is worth more than the highest fee buy at that
    last = np.append(fees[1:] < fees[:-1], True)  # and who would pay just as much buys with them
    profit = terms.net * fees * bought + others
    valid = last & (gain >= 0) & (bought >= _FEWEST * len(gain))
    if terms.margin_least > -ENDLESS:
        valid &= profit >= terms.margin_least * terms.net * (fees * bought + np.cumsum(paid))
    if not valid.any():
        return 0.0, -ENDLESS
    best = int(np.argmax(np.where(valid, profit, -ENDLESS)))
    return float(fees[best]), float(profit[best]) / len(gain)


def _sellable(tariff: Tariff, of: People, cost: float, metering: float, terms: Terms) -> Best:
    """The nearest tariff that can be written: amounts that people can pay, and whole answers."""
    allowance = tariff.allowance if math.isinf(tariff.allowance) else float(round(tariff.allowance))
    price = tariff.price if math.isinf(tariff.price) else float(f"{tariff.price:.3g}")
    found = use(of, allowance, price, metering)
    fee, _ = best_fee(found, price, cost, terms)
    sold = [Best(Tariff(fee, allowance, price), profit_at(found, fee, price, cost, terms)) for fee in _fees(fee, terms)]
    return max((one for one in sold if one.tariff.fee <= terms.fee_most), key=lambda one: one.profit, default=NOTHING)


def profit_at(found: Use, fee: float, price: float, cost: float, terms: Terms) -> float:
    """What a fee leaves of each customer who might buy; minus infinity where it does not keep the terms."""
    buys = found.gain >= fee
    paid = fee + (price * found.beyond if not math.isinf(price) else 0.0)
    net = np.where(buys, terms.net * paid, 0.0)
    profit = np.where(buys, net - cost * found.used - terms.fixed, 0.0)
    if terms.margin_least > -ENDLESS and profit.sum() < terms.margin_least * net.sum():
        return -ENDLESS
    return float(profit.mean())


def _fees(fee: float, terms: Terms) -> Iterator[float]:
    """Fees near this one that can be asked."""
    digits = minor_digits(terms.currency)
    if not terms.is_charming or not fee:
        whole = math.floor(fee * 10**digits)
        yield from (round(n / 10**digits, digits) for n in (whole, whole + 1))
        return
    step, off = (1.0, 0.01) if digits else (1000.0, 100.0)
    first = max(1, math.floor(fee / step))
    yield from (round((first + n) * step - off, digits) for n in range(_CHARMS))


def _allowances(of: People) -> Floats:
    low, high = np.quantile(of.sated, (0.02, 0.998))
    return np.linspace(math.log(max(1.0, low)), math.log(max(2.0, high)), _GRID)


def _prices(of: People, cost: float, terms: Terms) -> Floats:
    """From what an answer costs to what it is worth to hardly anybody."""
    low, high = np.quantile(of.worth, (0.01, 0.995))
    least = max(cost / terms.net, float(low) / 10)
    return np.linspace(math.log(least), math.log(max(float(high), 2 * least)), _GRID)


def _climbed(at: Callable[[tuple[float, ...]], Best], axes: list[Floats]) -> Best:
    """The best point of a grid, then the best around it, with steps that halve."""
    points = [
        tuple(float(axis[n]) for axis, n in zip(axes, places, strict=True))
        for places in product(range(_GRID), repeat=len(axes))
    ]
    best, here = max(((at(point), point) for point in points), key=lambda pair: pair[0].profit)
    step = max(float(axis[1] - axis[0]) for axis in axes) / 2
    moves = [move for move in product((-1, 0, 1), repeat=len(axes)) if any(move)]
    for _ in range(_ROUNDS_MAX):
        if step < _FINE or best.profit == -ENDLESS:
            break
        around = [_moved(here, move, step, axes) for move in moves]
        found, point = max(((at(point), point) for point in around), key=lambda pair: pair[0].profit)
        if found.profit > best.profit:
            best, here = found, point
        else:
            step /= 2
    return best


def _moved(
    here: tuple[float, ...], move: tuple[int, ...], step: float, axes: list[Floats]
) -> tuple[float, ...]:  # fmt: skip
    """A point beside this one, within the axes."""
    return tuple(
        min(max(x + step * way, float(axis[0])), float(axis[-1])) for x, way, axis in zip(here, move, axes, strict=True)
    )
