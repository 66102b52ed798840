"""Reads what pays for a question, opens the budgets that limit it, and leases what this process needs of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from solvent.answering.fold_store import fold
from solvent.answering.funding import Found, Known, matters
from solvent.answering.opening import Case, asker_of
from solvent.answering.standing_store import standing_of
from solvent.billing import seat_store, standing_store
from solvent.billing.admission import COUNTED
from solvent.billing.limits import budgets_for
from solvent.billing.quota import is_of_pack
from solvent.billing.standing import Standing, kinds_that_pay
from solvent.ledger import pot_store
from solvent.ledger.balance import Movement
from solvent.ledger.pot import Pot, limits
from solvent.ledger.store import balances_at
from solvent.values.errors import Refused
from solvent.values.limits import LEASE_QUESTIONS

AsAsked = Callable[[Standing | None], Case]


def look(
    connection: Connection, case: Case, known: Mapping[str, Known], holder: str, in_zone: ZoneInfo, as_asked: AsAsked,
    was: Standing | None,
) -> Found:  # fmt: skip
    """known: what this process has, by account; more is leased where it does not reach for this question.
    was: where the customer stood when it was looked last.

    as_asked: the question as it goes to a model where the customer stands.
    """
    at_us = case.question.received_us
    standing, budgets = _standing(connection, case, in_zone, was)
    case = as_asked(standing)
    pots = [pot for pot in pot_store.pots_of(connection, case.customer.id, at_us) if not limits(pot)]
    found = Found(pots + budgets, standing, {}, set(), set())
    moved = balances_at(connection, [pot.account for pot in found.pots])
    pays = kinds_that_pay(standing)
    for pot in found.pots:
        if not matters(pot, case.scopes, case.route.model_class, at_us):
            continue
        balance = moved.get((pot.account, pot.unit), Movement())
        if pot.unit not in COUNTED and (pot.kind in pays or is_of_pack(pot)):
            found.posted += balance.credits - balance.debits
        mine = known.get(pot.account, Known(0, 0))
        needed = case.ask.needed(pot.unit, case.ask.output_tokens_asked)
        if mine.spare < needed:
            most = max(needed * LEASE_QUESTIONS, mine.slice)
            _lease(connection, found, pot, holder, needed - mine.spare, most)
    return found


def _standing(
    connection: Connection, case: Case, in_zone: ZoneInfo, was: Standing | None
) -> tuple[Standing | None, list[Pot]]:
    at_us, customer = case.question.received_us, case.customer.id
    terms = standing_store.terms_of(connection, customer)
    if terms is None:
        return None, []
    subscription, plan = terms
    user = case.question.user
    if plan.seats is not None and user and not seat_store.take_seat(connection, subscription, user, at_us):
        message = f"all {subscription.seats} seats are taken; free one, or add seats to the plan"
        raise Refused("no_seat_free", message, param="user")
    standing = standing_of(fold(connection), customer, terms, in_zone, was)
    asker = asker_of(case, plan.name)
    budgets = budgets_for(
        plan.limits.budgets, asker, standing.overrides, plan.currency, standing.period, at_us, in_zone
    )
    return standing, standing_store.open_budgets(connection, budgets, at_us) if budgets else []


def _lease(connection: Connection, found: Found, pot: Pot, holder: str, needed: int, most: int) -> None:
    taken = pot_store.take_lease(connection, holder, pot.account, pot.unit, most)
    found.leased[pot.account] = taken
    if taken < most:
        found.dry.add(pot.account)
    is_worth_waiting = taken < needed and pot.kind != "watch"
    if is_worth_waiting and pot_store.recall(connection, pot.account, pot.unit, holder):
        found.elsewhere.add(pot.account)
