"""The ways an answer can be had, in plain words: a class of models each, and about what it costs."""

from __future__ import annotations

from statistics import median_low
from typing import Final

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.receipt_store import Sought, receipts_page
from solvent.answering.route import Route, prices_at
from solvent.app.class_costs import USUAL
from solvent.db.port import Connection
from solvent.pricing.rating import rate
from solvent.values.errors import Invalid
from solvent.values.instant import US_PER_S
from solvent.values.money import Money

KNOWN: Final = ("quick", "standard", "expert")  # the classes that have words of their own, from cheap to dear
_LOOKED_AT: Final = 51
_ENOUGH: Final = 5  # answers; fewer say less than the price list
_FRESH_US: Final = 300 * US_PER_S


class Mode(msgspec.Struct, frozen=True):
    """name: the class; or the model, where there is one class and several models in it. about: what an answer comes to
    at list price. sees: whether it can be shown pictures."""

    name: str
    route: Route
    is_class: bool
    about: Money

    @property
    def sees(self) -> bool:
        """Whether it can be shown pictures."""
        return self.route.image_tokens_max > 0


class Modes:
    """What is on offer; what answers cost is looked up every few minutes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._usual: dict[str, tuple[int, int]] = {}  # of a model: until when it is fresh, and grains

    async def on_offer(self) -> list[Mode]:
        """From cheap to dear by their words; those without words last. Empty where nothing that talks is sold."""
        desk, now_us = self._desk, self._desk.now_us()
        routes = [route for route in desk.routes.values() if route.does("chat") and _is_sold(route, desk, now_us)]
        classes = {route.model_class for route in routes}
        if len(classes) == 1:
            chosen = {route.model: route for route in routes}
        else:
            chosen = {}
            for route in routes:  # the first of a class is the one that the operator wrote first
                chosen.setdefault(route.model_class, route)
        by_class = len(classes) > 1 or len(routes) == 1
        modes = [
            Mode(route.model_class if by_class else name, route, by_class, await self._about(route))
            for name, route in chosen.items()
        ]
        return sorted(modes, key=lambda mode: KNOWN.index(mode.name) if mode.name in KNOWN else len(KNOWN))

    async def named(self, name: str) -> Mode:
        """One of them; "" for the first. Raises Invalid for one that is not on offer any more."""
        for mode in await self.on_offer():
            if name in ("", mode.name):
                return mode
        raise Invalid("no_such_mode", "this way to be answered is not on offer now; choose another", param="mode")

    async def _about(self, route: Route) -> Money:
        """The middle of the last answers, or what a usual one is quoted."""
        desk, now_us = self._desk, self._desk.now_us()
        until_us, grains = self._usual.get(route.model, (0, 0))
        if now_us >= until_us:
            grains = await self._middle(route)
            self._usual[route.model] = now_us + _FRESH_US, grains
        return Money(grains, desk.currency)

    async def _middle(self, route: Route) -> int:
        desk, sought = self._desk, Sought(model=route.model)

        def look(connection: Connection) -> list[int]:
            page = receipts_page(connection, sought, "", _LOOKED_AT, desk.time_zone)
            return [each.charge_grains + each.included_grains for each in page.receipts if each.outcome == "answered"]

        found = await desk.database.read(look)
        if len(found) >= _ENOUGH:
            return median_low(found)
        price = prices_at(route, desk.currency, desk.exchanges, desk.now_us()).price
        return rate(USUAL, price).grains


def _is_sold(route: Route, desk: Desk, now_us: int) -> bool:
    try:
        prices_at(route, desk.currency, desk.exchanges, now_us)
    except Invalid:
        return False
    return True
