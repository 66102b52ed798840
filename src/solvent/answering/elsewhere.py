"""Which upstream of a model is asked, and which one next when it fails before its first byte."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.route import Prices, Route
from solvent.answering.settlement import Opened
from solvent.answering.sold import prices_for
from solvent.routing.policy import Candidate, order_of
from solvent.routing.retry import TRIES_MAX, is_worth_a_try
from solvent.values.errors import Invalid, SolventError, Unavailable


def placed(route: Route, prices: Prices, question: Question, desk: Desk) -> tuple[Route, Prices]:
    """The upstream that is to answer for a model, and the prices there."""
    pool = desk.pools.get(route.model) if desk.pools else None
    if pool is None:
        return route, prices
    found = _first_priced(_in_order(pool.routes, desk, route.model), (), question, desk)
    if found is None:
        return route, prices
    place, there = found
    return msgspec.structs.replace(place, reason=route.reason), there


def asked_elsewhere(
    opened: Opened, tried: Sequence[Route], fault: SolventError, desk: Desk
) -> Opened | None:  # fmt: skip
    """The question as it goes to another upstream, or to the same again; None when that is not worth it.

    tried: where it was asked before the upstream that has failed now. An engine of ours is not asked twice.
    """
    if len(tried) + 1 >= TRIES_MAX:
        return None
    route = opened.route
    pool = desk.pools.get(route.model)
    routes = _in_order(pool.routes, desk, route.model) if pool is not None else ()
    found = _first_priced(routes, [*tried, route], opened.question, desk)
    if found is None and route.engine is not None:
        return None
    status = fault.upstream_status if isinstance(fault, Unavailable) else None
    if not is_worth_a_try(fault.code, status, is_same=found is None) or not desk.retries.spend():
        return None
    place, prices = found or (route, opened.prices)
    return msgspec.structs.replace(opened, route=msgspec.structs.replace(place, reason=route.reason), prices=prices)


def _in_order(routes: Sequence[Route], desk: Desk, model: str) -> list[Route]:
    candidates = [Candidate(route.health, route.weight) for route in routes]
    order = order_of(candidates, desk.pools[model].policy, desk.entropy(), desk.now_us())
    return [routes[n] for n in order]


def _first_priced(
    routes: Sequence[Route], tried: Sequence[Route], question: Question, desk: Desk
) -> tuple[Route, Prices] | None:  # fmt: skip
    """The first that was not tried, does what is asked, and whose cost is known: what has no price is not asked."""
    known = {id(route.health) for route in tried}
    for route in routes:
        if id(route.health) not in known and route.does(question.task):
            try:
                return route, prices_for(question, route, desk)
            except Invalid:
                continue
    return None
