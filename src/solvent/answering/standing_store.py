"""Where customers stand, from the books: what this period of theirs brings in and what its answers cost.

Whoever asks, one question's funds, a customer's page or a plan's picture, gets it from here: there is one truth of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from solvent.answering.receipt_store import came_to
from solvent.billing import budget_store, standing_store
from solvent.billing.limits import Override
from solvent.billing.standing import Came, Standing
from solvent.billing.standing_store import Terms
from solvent.margin import store as margin_store
from solvent.margin.line import MarginSums
from solvent.margin.ranking_store import sums_of
from solvent.margin.store import Folded
from solvent.values.ids import CustomerId
from solvent.values.period import day_number, start_of_day

_AT_ONCE: Final = 500


def standing_of(
    connection: Folded, customer: CustomerId, terms: Terms, in_zone: ZoneInfo, was: Standing | None = None
) -> Standing:
    """Where a customer stands in the period of their terms. was: where they stood when it was looked last."""
    period = terms[0].period
    first_day = day_number(period.start_us, in_zone)
    if was is not None and was.period == period:
        earlier = was.earlier
    else:
        since = {customer: (start_of_day(first_day, in_zone), period.start_us)}
        earlier = came_to(connection, since).get(customer, Came())
    sums = margin_store.customer_sums(connection, customer, first_day)
    brought = standing_store.brought_in(connection, (terms,))[customer]
    return _standing(terms, brought, sums, earlier, budget_store.overrides_of(connection, customer))


def standings_of(
    connection: Folded, customers: Sequence[CustomerId], today: int, in_zone: ZoneInfo
) -> dict[CustomerId, Standing]:
    """Where each of some customers stands; not of whoever is on nothing, and without budgets of their own.

    today: the last day that counts. A few statements for hundreds of customers: each has a period of their own.
    """
    terms: dict[CustomerId, Terms] = {}
    brought: dict[CustomerId, tuple[int, int]] = {}
    earlier: dict[CustomerId, Came] = {}
    for first in range(0, len(customers), _AT_ONCE):
        some = standing_store.terms_of_all(connection, customers[first : first + _AT_ONCE])
        terms |= some
        brought |= standing_store.brought_in(connection, list(some.values()))
        earlier |= _earlier(connection, some, in_zone)
    sums = _sums(connection, terms, today, in_zone)
    return {
        customer: _standing(of, brought[customer], sums[customer], earlier.get(customer, Came()), ())
        for customer, of in terms.items()
    }


def _standing(
    terms: Terms, brought: tuple[int, int], sums: MarginSums, earlier: Came, overrides: tuple[Override, ...]
) -> Standing:
    subscription, plan = terms
    price, paid = brought
    paid += sums.charge_grains - sums.granted_grains - earlier.brought_grains
    return Standing(
        plan, subscription.period, subscription.usable_until_us, price, paid, sums.cost_grains - earlier.cost_grains,
        sums.answers - earlier.answers, overrides, earlier,
    )  # fmt: skip


def _sums(
    connection: Folded, terms: Mapping[CustomerId, Terms], today: int, in_zone: ZoneInfo
) -> dict[str, MarginSums]:
    by_day: dict[int, list[str]] = {}
    for customer, (subscription, _) in terms.items():
        by_day.setdefault(day_number(subscription.period_start_us, in_zone), []).append(customer)
    found: dict[str, MarginSums] = {}
    for first_day, some in by_day.items():
        found |= sums_of(connection, first_day, today, some)
    return found


def _earlier(connection: Connection, terms: Mapping[CustomerId, Terms], in_zone: ZoneInfo) -> dict[CustomerId, Came]:
    """What answers of each period's first day came to before it began."""
    spans = {}
    for customer, (subscription, _) in terms.items():
        begins_us = subscription.period_start_us
        day_us = start_of_day(day_number(begins_us, in_zone), in_zone)
        if day_us < begins_us:
            spans[customer] = day_us, begins_us
    return came_to(connection, spans)
