"""What answers of each class of model cost us: from what they did cost lately, else from the rate cards.

Plans are weighed against it before they are published.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from solvent.answering.desk import Desk
from solvent.answering.read_margins import read_margins
from solvent.answering.route import Route, prices_at
from solvent.billing.loss import ClassCost
from solvent.margin import store
from solvent.margin.line import MarginSums
from solvent.pricing.rating import can_cost, rate
from solvent.values.errors import Invalid
from solvent.values.usage import Usage

DAYS: Final = 30
ANSWERS_MIN: Final = 100  # fewer say little
# An answer of usual length. Source: facts/ECONOMICS.md 1.8.
USUAL: Final = Usage(input_tokens=300, output_tokens=400)
_USUAL_TOKENS: Final = USUAL.input_tokens + USUAL.output_tokens


async def class_costs(desk: Desk) -> tuple[ClassCost, ...]:
    """The cheapest model of each class that is served here speaks for it."""
    today = desk.day(desk.now_us())
    lines = await read_margins(lambda books: store.lines(books, "model", today - DAYS, desk.currency), desk.database)
    lately = {line.name: line.sums for line in lines}
    best: dict[str, ClassCost] = {}
    for route in desk.routes.values():
        cost = _cost(route, desk, lately)
        known = best.get(route.model_class)
        if known is None or _sorts(cost) < _sorts(known):
            best[route.model_class] = cost
    return tuple(best[name] for name in sorted(best))


def _cost(route: Route, desk: Desk, lately: Mapping[str, MarginSums]) -> ClassCost:
    sums = lately.get(route.model)
    if sums is not None and sums.answers >= ANSWERS_MIN:
        tokens, listed = sums.input_tokens + sums.output_tokens, sums.charge_grains + sums.included_grains
        return ClassCost(
            route.model_class,
            sums.cost_grains // sums.answers,
            sums.cost_grains * 1000 // tokens if tokens else None,
            sums.cost_grains * 1000 // listed if listed else None,
        )
    try:
        prices = prices_at(route, desk.currency, desk.exchanges, desk.now_us())
    except Invalid:  # no price is in force: nothing is known
        return ClassCost(route.model_class)
    if not can_cost(prices.cost) or prices.cost.engine_hour_picos is not None:
        return ClassCost(route.model_class)  # how long an answer takes here is not known before there were some
    cost = rate(USUAL, prices.cost, prices.cost_exchange).grains
    listed = rate(USUAL, prices.price).grains
    return ClassCost(route.model_class, cost, cost * 1000 // _USUAL_TOKENS, cost * 1000 // listed if listed else None)


def _sorts(cost: ClassCost) -> int:
    return cost.answer_grains if cost.answer_grains is not None else 2**62
