"""Which upstreams fail, whichever of the processes that share the books saw it: each says what it knows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import msgspec

from solvent.answering.desk import Desk
from solvent.app.routes import Routes
from solvent.db.presence import Presence
from solvent.routing.failing_store import Told, tell, told_by_others

Key = tuple[str, int, str, str]  # model, place, provider, upstream


class FailingUpstream(msgspec.Struct, frozen=True):
    """since_us: the first of its failures. until_us: nobody leaves it alone for longer. processes: how many say so, of
    all that share the books. See `health.Failing`."""

    model: str
    place: int
    provider: str
    upstream: str
    fault: str
    since_us: int
    until_us: int
    processes: int
    of: int

    @property
    def key(self) -> Key:
        """What tells it from others, on whichever machine."""
        return self.model, self.place, self.provider, self.upstream


class Failings:
    """One process's part. routes: the ones in force."""

    def __init__(self, desk: Desk, presence: Presence, routes: Callable[[], Routes]) -> None:
        self._desk = desk
        self._presence = presence
        self._routes = routes
        self._said: list[Told] = []

    async def tell(self) -> None:
        """Say what changed here since it was last said."""
        found = self._seen_here()
        if found != self._said:
            now_us = self._desk.now_us()
            await self._desk.database.write(lambda connection: tell(connection, self._desk.holder, found, now_us))
            self._said = found

    async def all(self) -> list[FailingUpstream]:
        """What any process knows, the longest failing first."""
        found = self._seen_here()
        if self._desk.processes > 1:
            look = partial(told_by_others, holder=self._desk.holder, now_us=self._desk.now_us())
            found += await self._of_the_living(await self._desk.database.read(look))
        by_key: dict[Key, list[Told]] = {}
        for one in found:
            by_key.setdefault((one.model, one.place, one.provider, one.upstream), []).append(one)
        together = [
            FailingUpstream(
                *key, some[0].fault, min(one.since_us for one in some), max(one.until_us for one in some), len(some),
                max(self._desk.processes, len(some)),
            )
            for key, some in by_key.items()
        ]  # fmt: skip
        return sorted(together, key=lambda one: (one.since_us, one.key))

    def _seen_here(self) -> list[Told]:
        now_us, routes, found = self._desk.now_us(), self._routes(), []
        for model in routes.by_model:
            for place, route in enumerate(routes.of(model)):
                failing = route.health.failing(now_us)
                if failing is not None:
                    found.append(
                        Told(
                            self._desk.holder, model, place, route.provider.name, route.upstream, failing.fault,
                            failing.since_us, failing.until_us, failing.told_until_us,
                        )
                    )  # fmt: skip
        return found

    async def _of_the_living(self, told: list[Told]) -> list[Told]:
        """A process that died says nothing any more."""
        holders = sorted({one.holder for one in told})
        alive = {holder for holder in holders if await asyncio.to_thread(self._presence.is_alive, holder)}
        return [one for one in told if one.holder in alive]
