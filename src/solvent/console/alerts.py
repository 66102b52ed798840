"""What a person must look at, as the console says it: a sentence, the arithmetic behind it, one link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from solvent.answering.route import Route, prices_at
from solvent.app.build import App
from solvent.app.failing import FailingUpstream
from solvent.audit import alarm_store
from solvent.audit.alarm import Alarm, Kind
from solvent.console.lasting import lasting, missing_in
from solvent.pages import formats
from solvent.pages.amounts import amount_of
from solvent.pages.visit import Visit
from solvent.pricing.exchange import Exchange
from solvent.values.errors import Invalid
from solvent.values.instant import DAY_US, US_PER_S

ALERTS_MAX: Final = 8
_SINCE_US: Final = 7 * DAY_US
_LOOKED_AT: Final = 60
_OF_A_KIND: Final = 3  # so that many of one kind hide none of another
_AMOUNTS: Final = ("paid", "cost", "amount", "billed", "used", "of")
_LOSSES: Final[frozenset[Kind]] = frozenset({"break_even_crossed", "house_loss", "unpriced", "budget_reached"})
_PLACES: Final[Mapping[Kind, tuple[str, str]]] = {
    "unpriced": ("/console/models", "see_models"),
    "payment_mismatch": ("/console/money", "see_money"),
    "month_not_closed": ("/console/money", "see_money"),
}


class Alert(msgspec.Struct, frozen=True):
    """is_loss: whether money is lost already. to: where more is seen; "" for nowhere. link: what that is called."""

    title: str
    why: str
    is_loss: bool = False
    to: str = ""
    link: str = ""


async def alerts(app: App, visit: Visit) -> list[Alert]:
    """Upstreams that fail now and models without a price, then the newest alarms of a week: of each kind about each
    thing one."""
    since_us = app.desk.now_us() - _SINCE_US
    raised = await app.database.read(partial(alarm_store.newest_alarms, since_us=since_us, count=_LOOKED_AT))
    newest = {(one.kind, one.subject): one for one in reversed(await lasting(app, raised))}
    told = list[Alarm]()
    for one in sorted(newest.values(), key=lambda one: -one.at_us):
        if sum(other.kind == one.kind for other in told) < _OF_A_KIND:
            told.append(one)
    return [*await _failing(app, visit), *_unpriced(app, visit), *(_said(app, visit, one) for one in told)][:ALERTS_MAX]


async def _failing(app: App, visit: Visit) -> list[Alert]:
    """As any process knows."""
    now_us = app.desk.now_us()
    return [
        Alert(
            visit.words("alerts.failing.title", model=one.model, upstream=one.upstream),
            f"{failing_said(visit, one, now_us)} {visit.words('alerts.failing.others')}",
            to="/console/models", link=visit.words("alerts.see_models"),
        )
        for one in await app.failing.all()
    ]  # fmt: skip


def failing_said(visit: Visit, one: FailingUpstream, now_us: int) -> str:
    """Why, for how long it is left alone, and which part of the processes says so."""
    told = f"alerts.fault.{one.fault}"
    fault = visit.words(told) if visit.texts.has(told) else one.fault
    left_us = one.until_us - now_us
    what = "why" if left_us > 0 else "tried"
    said = visit.words(f"alerts.failing.{what}", fault=fault, s=max(0, left_us) // US_PER_S + 1)
    return said if one.of == 1 else f"{said} {visit.words('alerts.failing.where', n=one.processes, of=one.of)}"


def without_price(
    routes: Iterable[Route], currency: str, exchanges: Sequence[Exchange], now_us: int
) -> list[str]:  # fmt: skip
    """The models that are on sale and refuse, for no price of theirs is in force, or no rate into the currency."""
    found = dict[str, None]()
    for route in routes:
        try:
            prices_at(route, currency, exchanges, now_us)
        except Invalid:
            found[route.model] = None
    return list(found)


def _unpriced(app: App, visit: Visit) -> list[Alert]:
    desk = app.desk
    routes = [route for model in desk.routes for route in app.routes.of(model)]
    return [
        Alert(
            visit.words("alerts.no_price.title", model=model), visit.words("alerts.no_price.why"), is_loss=False,
            to="/console/models", link=visit.words("alerts.see_models"),
        )
        for model in without_price(routes, desk.currency, desk.exchanges, desk.now_us())
    ]  # fmt: skip


def _said(app: App, visit: Visit, one: Alarm) -> Alert:
    details = msgspec.json.decode(one.words, type=dict[str, Any])
    unit = details.get("currency") or details.get("unit", "")
    members = {name: _shown(visit, name, value, unit) for name, value in details.items()}
    who = app.names.get(one.subject, one.subject)
    to, link = _leads_to(one, details)
    title, why = (visit.words(f"alerts.{one.kind}.{part}", **{"who": who, **members}) for part in ("title", "why"))
    return Alert(title, why, one.kind in _LOSSES, to, visit.words(f"alerts.{link}") if link else "")


def _leads_to(one: Alarm, details: Mapping[str, Any]) -> tuple[str, str]:
    """Where more is seen, and the word for it."""
    if one.kind == "bill_residual":
        return f"/console/money/bills/{details['bill']}", "see_bill"
    if "answer" in details:
        return f"/console/answers/{details['answer']}", "see_answer"
    if one.subject.startswith("cus_"):
        return f"/console/customers/{one.subject}", "see_customer"
    if one.kind in _PLACES:
        return _PLACES[one.kind]
    return "", ""


def _shown(visit: Visit, name: str, value: object, unit: str) -> str:
    """Amounts and counts as people read them; the rest as it is. unit: what the amounts are in."""
    if name in _AMOUNTS and unit:
        try:
            return amount_of(str(value), unit, visit.texts, visit.visitor.language)
        except Invalid:
            return f"{value} {unit}"
    if name == "then":
        return visit.words(f"alerts.then.{value}")
    if name == "bucket":
        return _price_said(visit, str(value))
    return formats.count(value) if isinstance(value, int) else str(value)


def _price_said(visit: Visit, bucket: str) -> str:
    """Which price is missing, in which book: `unpriced:cost:cached_input`."""
    book, what = missing_in(bucket)
    known = f"prices.{what}"
    name = visit.words(known) if visit.texts.has(known) else what
    if not book:
        return name
    return f"{name} ({visit.words(f'choices.book.{book}')})"
