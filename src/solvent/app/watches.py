"""The watches over all engines that run here, from their start to their end."""

from __future__ import annotations

import logging

from solvent.answering.book_availability import book_availability
from solvent.answering.desk import Desk
from solvent.answering.watch import Watch
from solvent.app.routes import Routes
from solvent.engines.port import Engine

log = logging.getLogger("solvent.app")


class Watches:
    """One for each engine. A crash loses at most the hour that is not booked yet; nothing of it is made up later."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._watches: dict[int, Watch] = {}  # by the engine's identity: two of the same settings are two engines

    def begin(self, routes: Routes) -> None:
        """Watch the engines of these routes from now on; those that are watched already go on."""
        for _, engine in routes.engines:
            self._watch(engine)

    async def book(self, routes: Routes) -> None:
        """Book the hours that are over."""
        now_us = self._desk.now_us()
        for route in routes.all:
            if route.engine is not None and self._watch(route.engine).is_due(now_us):
                await book_availability(self._watch(route.engine), route, self._desk)

    async def end(self, routes: Routes) -> None:
        """Book what is left of the engines that these routes close; what fails is told, and keeps nothing open."""
        closing = {id(engine) for _, engine in routes.engines}
        for route in routes.all:
            watch = self._watches.pop(id(route.engine), None) if id(route.engine) in closing else None
            if watch is None:
                continue
            try:
                await book_availability(watch, route, self._desk)
            except Exception:
                log.exception("the idle time of %s since %s could not be booked", route.model, watch.from_us)

    def _watch(self, engine: Engine) -> Watch:
        return self._watches.setdefault(id(engine), Watch(engine, self._desk.now_us()))
