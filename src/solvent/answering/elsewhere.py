"""Which upstream of a model is asked, and which one next when it fails before its first byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.route import Prices, Route
from solvent.answering.settlement import Entered, Opened
from solvent.answering.sold import prices_for
from solvent.billing.pace import TooFast
from solvent.routing.policy import Candidate, order_of
from solvent.routing.retry import TRIES_MAX, is_worth_a_try
from solvent.values.errors import Invalid, SolventError, Unavailable


def placed(route: Route, prices: Prices, question: Question, desk: Desk) -> tuple[Route, Prices]:
    """The upstream that is to answer for a model, and the prices there."""
    pool = desk.pools.get(route.model) if desk.pools else None
    if pool is None:
        return route, prices
    found = next(_priced(_in_order(pool.routes, desk, route.model), (), question, desk), None)
    if found is None:
        return route, prices
    place, there = found
    return msgspec.structs.replace(place, reason=route.reason), msgspec.structs.replace(there, price=prices.price)


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
    found = next(_priced(routes, [*tried, route], opened.question, desk), None)
    if found is None and route.engine is not None:
        return None
    status = fault.upstream_status if isinstance(fault, Unavailable) else None
    if not is_worth_a_try(fault.code, status, is_same=found is None) or not desk.retries.spend():
        return None
    # Where it failed it may have counted for all that it could come to.
    leave_turn(opened, opened.turn.tokens if opened.turn is not None else 0)
    return _sent_to(opened, *(found or (route, opened.prices)))


def alternatives(opened: Opened, tried: Sequence[Route], desk: Desk) -> Iterator[Opened]:
    """The question as it would go to each other upstream that is well and was not tried, in the order to ask in."""
    pool = desk.pools.get(opened.route.model)
    if pool is None:
        return
    now_us = desk.now_us()
    routes = [route for route in _in_order(pool.routes, desk, opened.route.model) if route.health.is_open(now_us)]
    for route, prices in _priced(routes, [*tried, opened.route], opened.question, desk):
        yield _sent_to(opened, route, prices)


def _in_order(routes: Sequence[Route], desk: Desk, model: str) -> list[Route]:
    candidates = [Candidate(route.health, route.weight) for route in routes]
    order = order_of(candidates, desk.pools[model].policy, desk.entropy(), desk.now_us())
    return [routes[n] for n in order]


def _priced(
    routes: Sequence[Route], tried: Sequence[Route], question: Question, desk: Desk
) -> Iterator[tuple[Route, Prices]]:  # fmt: skip
    """Those that were not tried, do what is asked, and whose cost is known: what has no price is not asked."""
    known = {id(route.health) for route in tried}
    for route in routes:
        if id(route.health) not in known and route.does(question.task):
            try:
                yield route, prices_for(question, route, desk)
            except Invalid:
                continue


def enter(opened: Opened, desk: Desk) -> Opened | TooFast:
    """Let the question through to its upstream, at whose pace it then counts; at once where nothing limits our key."""
    route = opened.route
    if route.limit is None:
        return opened
    tokens = opened.question.input_tokens_most + opened.output_tokens_max
    too_fast = route.pace.enter(route.limit, tokens, desk.now_us(), desk.processes)
    if too_fast is not None:
        return too_fast
    turn = Entered(route.pace, route.limit, tokens, desk.processes)
    return msgspec.structs.replace(opened, turn=turn)


def leave_turn(opened: Opened, used: int) -> None:
    """Its turn at its upstream, if it has one, is over: the tokens that it did not use may be asked for again."""
    turn = opened.turn
    if turn is not None:
        turn.pace.leave(turn.rule, turn.tokens, used, turn.share)


def _sent_to(opened: Opened, route: Route, prices: Prices) -> Opened:
    """The same question for another upstream of the same model, at the one price of all, where it has no turn yet."""
    route = msgspec.structs.replace(route, reason=opened.route.reason)
    prices = msgspec.structs.replace(prices, price=opened.prices.price)
    return msgspec.structs.replace(opened, route=route, prices=prices, turn=None)
