"""Which of the alarms that were raised still hold: what was mended, or is over, needs no look any more."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec

from solvent.answering.read_margins import read_margins
from solvent.answering.route import Route
from solvent.answering.standing_store import standings_of
from solvent.app.build import App
from solvent.audit.alarm import Alarm, Kind
from solvent.billing.standing import Crossing, crossing
from solvent.db.port import Connection
from solvent.margin.store import Folded
from solvent.pricing.rate_card import RateCard, card_at, in_tariff
from solvent.pricing.unpriced import is_unpriced
from solvent.reconciling.store import replaced_by
from solvent.values.ids import CustomerId

_OF_STANDING: Final[tuple[Kind, ...]] = ("break_even_near", "break_even_crossed")


async def lasting(app: App, raised: list[Alarm]) -> list[Alarm]:
    """Without those about bills that a newer one replaced, customers who stand elsewhere now (more was paid, another
    plan or period), and prices that are in force now. Any other kind stays for as long as it is told."""
    customers = sorted({CustomerId(one.subject) for one in raised if one.kind in _OF_STANDING})
    stand = await _stand(app, customers) if customers else {}
    crossed = {one.subject for one in raised if one.kind == "break_even_crossed"}
    bills = {one.id: _details(one)["bill"] for one in raised if one.kind == "bill_residual"}
    gone = await app.database.read(lambda connection: _gone(connection, bills.values())) if bills else frozenset()
    now_us = app.desk.now_us()

    def holds(one: Alarm) -> bool:
        if one.kind in _OF_STANDING:
            now = stand.get(one.subject, "")
            is_crossed = now == "crossed" and one.subject in crossed
            return is_crossed if one.kind == "break_even_crossed" else bool(now) and not is_crossed
        if one.kind == "bill_residual":
            return bills[one.id] not in gone
        if one.kind == "unpriced":
            routes = app.routes.of(one.subject) if one.subject in app.routes.by_model else ()
            return any(lacks(route, str(_details(one)["bucket"]), now_us) for route in routes)
        return True

    return [one for one in raised if holds(one)]


def lacks(route: Route, bucket: str, now_us: int) -> bool:
    """Whether a price that an answer lacked is not in force. bucket: `unpriced:BOOK:WHAT`, as receipts say it."""
    book, what = missing_in(bucket)
    if not book:
        return any(lacks(route, f"unpriced:{one}:{what}", now_us) for one in ("cost", "price"))
    card = card_at(route.cost_cards if book == "cost" else route.price_cards, now_us)
    if card is None:
        return True
    return is_unpriced(what, card) if f"{what}_picos" in RateCard.__struct_fields__ else in_tariff(card, what) is None


def missing_in(bucket: str) -> tuple[str, str]:
    """The book and the price that an alarm is about; "" for a book that it does not name."""
    book, _, what = bucket.removeprefix("unpriced:").rpartition(":")
    return (book, what) if book in ("cost", "price") else ("", what)


async def _stand(app: App, customers: list[CustomerId]) -> dict[str, Crossing]:
    desk = app.desk
    today = desk.day(desk.now_us())

    def read(books: Folded) -> dict[str, Crossing]:
        found = standings_of(books, customers, today, desk.time_zone)
        return {customer: crossing(one, one.next_cost_grains) for customer, one in found.items()}

    return await read_margins(read, app.database)


def _gone(connection: Connection, bills: Collection[str]) -> frozenset[str]:
    return frozenset(replaced_by(connection, list(bills)))


def _details(one: Alarm) -> dict[str, Any]:
    return msgspec.json.decode(one.words, type=dict[str, Any])
