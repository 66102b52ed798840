"""The pages of models and prices: what is on sale, whether it answers, what it costs and is sold for, since when."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

import msgspec

from solvent.answering.route import Route
from solvent.app.price_bodies import card_body, sheet_of_card
from solvent.console import prices
from solvent.console.alerts import failing_said
from solvent.console.clerk import Clerk, query_of
from solvent.console.sheet import Sheet
from solvent.pricing.rate_card import RateCard
from solvent.pricing.reconcile import Disagreement, reconcile
from solvent.values.errors import Invalid, SolventError
from solvent.values.instant import iso

_SHOWN: Final = ("input", "output", "picture", "character", "audio_input_minute", "video_second")  # in a list


class ModelRow(msgspec.Struct, kw_only=True):
    """One upstream of a model. is_open: whether it is asked now by this process; failing: what any process knows of its
    failing, "" for nothing; latency_us: until its first byte, 0 while unknown.

    cost, price: of the books in force, as price and amount; empty for none: then it refuses. answers: what its
    provider says when it is asked, "" while it is not; trouble: why it does not answer.
    """

    model: str
    provider: str
    upstream: str
    model_class: str
    task: str
    is_open: bool
    shut_until: str | None
    latency_us: int
    cost_card: str
    price_card: str
    cost: list[tuple[str, str]]
    price: list[tuple[str, str]]
    currencies: tuple[str, str]
    failing: str = ""
    answers: bool | None = None
    trouble: str = ""


async def models(clerk: Clerk) -> Mapping[str, Any]:
    """Every upstream of every model; asked whether they answer where ?probe says so."""
    now_us, by_model = clerk.business.now_us(), clerk.app.routes
    placed = [(n, route) for model in by_model.by_model for n, route in enumerate(by_model.of(model))]
    routes = [route for _, route in placed]
    failing = {one.key: failing_said(clerk.visit, one, now_us) for one in await clerk.app.failing.all()}
    rows = [
        _row(route, now_us, failing.get((route.model, n, route.provider.name, route.upstream), ""))
        for n, route in placed
    ]  # fmt: skip
    if clerk.visit.query.get("probe"):
        rows = await asyncio.gather(*(_probed(row, route) for row, route in zip(rows, routes, strict=True)))
    return {"models": rows, "unpriced": [row.model for row in rows if not (row.cost_card and row.price_card)]}


def _row(route: Route, now_us: int, failing: str) -> ModelRow:
    cost, price = _in_force(route.cost_cards, now_us), _in_force(route.price_cards, now_us)
    shut_us = route.health.shut_until_us
    return ModelRow(
        model=route.model, provider=route.provider.name, upstream=route.upstream, model_class=route.model_class,
        task=route.task, is_open=route.health.is_open(now_us), shut_until=iso(shut_us) if shut_us > now_us else None,
        latency_us=route.health.latency_us, cost_card=cost.name if cost else "", price_card=price.name if price else "",
        cost=_main(cost), price=_main(price),
        currencies=(cost.currency if cost else "", price.currency if price else ""), failing=failing,
    )  # fmt: skip


def _in_force(cards: Sequence[RateCard], now_us: int) -> RateCard | None:
    return next((card for card in reversed(cards) if card.valid_from_us <= now_us), None)


def _main(card: RateCard | None) -> list[tuple[str, str]]:
    """The prices that say most of a card."""
    if card is None:
        return []
    told = card_body(card).prices
    return [(name, told[name]) for name in _SHOWN if name in told]


async def _probed(row: ModelRow, route: Route) -> ModelRow:
    """The same, with what the provider says now."""
    try:
        served = await route.provider.probe()
    except SolventError as wrong:
        return msgspec.structs.replace(row, answers=False, trouble=wrong.message)
    if route.engine is None and served and route.upstream not in served:
        return msgspec.structs.replace(row, answers=False, trouble=f"{route.provider.name}: no {route.upstream}")
    return msgspec.structs.replace(row, answers=True)


async def price_books(clerk: Clerk) -> Mapping[str, Any]:
    """The cards in force, by name."""
    return {"page": await clerk.ask(prices.LIST, query_of(clerk.visit.query, prices.LIST))}


async def price_card(clerk: Clerk) -> Mapping[str, Any]:
    """Every dated entry of one card, and what changed between two of them: the last two, unless two are named."""
    name = clerk.visit.query.get("card") or clerk.visit.form.get("card", "")  # a form is sent to the bare path
    entries = (await clerk.ask(prices.HISTORY, {"card": name})).data
    dated = (await asyncio.to_thread(clerk.business.cards))[name]
    last = len(dated) - 1
    one, other = (
        _which(clerk.visit.query.get(member, ""), last, otherwise)
        for member, otherwise in (("one", max(0, last - 1)), ("other", last))
    )
    return {
        "card": name, "entries": entries, "one": one, "other": other,
        "changed": _changed(dated[one], dated[other]) if one != other else [],
    }  # fmt: skip


def _which(text: str, last: int, otherwise: int) -> int:
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= last):
        raise Invalid("bad_request", f"{text[:20]!r} is no entry of this card", param="one")
    return int(text)


def _changed(before: RateCard, after: RateCard) -> list[Disagreement]:
    found = reconcile({"": sheet_of_card(before)}, {"": sheet_of_card(after)}, Fraction(0))
    return [*found.disagreements, *found.one_sided]


SHEETS: Final = (
    Sheet("/console/models", "prices.read", "console/models.html", models),
    Sheet("/console/prices", "prices.read", "console/prices.html", price_books),
    Sheet(
        "/console/prices/card", "prices.read", "console/price_card.html", price_card,
        {"rerate_preview": prices.PREVIEW, "rerate": prices.CORRECT}, frozenset({"rerate_preview", "rerate"}),
    ),
)  # fmt: skip
