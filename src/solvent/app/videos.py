"""Looks after videos: orders them at their providers, asks how far they are, and settles each once it has ended."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

from solvent.answering import pledge_store
from solvent.answering.attempt import is_free
from solvent.answering.desk import Desk
from solvent.answering.elsewhere import leave_turn
from solvent.answering.open_pledged import open_pledged
from solvent.answering.pledge import dated, pledge_of
from solvent.answering.question import Question
from solvent.answering.route import Route
from solvent.answering.settlement import Opened
from solvent.answering.take_turn import take_turn
from solvent.app.build import App
from solvent.db.port import Connection, Entry
from solvent.filming import store
from solvent.filming.forget_old_videos import forget_old_videos
from solvent.filming.look_at_video import look_at_video
from solvent.filming.port import Booked, Ending, Hands, Note
from solvent.filming.video import Video
from solvent.identity.caller import Caller
from solvent.providers.port import Call, VideoBytes, Videos, VideoTold
from solvent.routing.retry import is_upstreams
from solvent.values.errors import NotFound, SolventError, Unavailable
from solvent.values.instant import US_PER_S
from solvent.values.limits import VIDEOS_AT_ONCE
from solvent.values.usage import Usage

T = TypeVar("T")

log = logging.getLogger("solvent.app")

_FORGETS_US: Final = 3_600 * US_PER_S


class FilmCrew:
    """Looks at the videos that are due, as one of the processes that share the books."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._looking: set[str] = set()
        self._forgot_us = 0

    async def tend(self) -> None:
        """Every now and then: begin to look at those that are due."""
        database, now_us = self._app.database, self._app.desk.now_us()
        if self._app.stopping:
            return
        for id in await database.read(partial(store.due, now_us=now_us, most=VIDEOS_AT_ONCE)):
            if id not in self._looking:
                self._looking.add(id)
                self._app.background.start(self._look(id))
        if now_us >= self._forgot_us + _FORGETS_US:
            self._forgot_us = now_us
            await forget_old_videos(database, now_us)

    async def _look(self, id: str) -> None:
        try:
            await look_at_video(id, hands_of(self._app.desk), self._app.presence.is_alive)
        except Exception:  # it is looked at again in a while
            log.exception("video %s could not be looked at; that is tried again", id)
        finally:
            self._looking.discard(id)


def hands_of(desk: Desk) -> Hands:
    """What a process looks after videos with."""

    async def look(video: Video) -> VideoTold | None:
        return await _first(video, desk, lambda place: place.look(video.place))

    async def delete(video: Video) -> None:
        await _first(video, desk, lambda place: place.delete(video.place))

    def settle(connection: Connection, video: Video, ending: Ending, fault: str) -> Booked:
        now_us = desk.now_us()
        ended = dated(getattr(pledge_store.kept(video.pledge), ending), fault, now_us)
        pledge_store.settle_pledge(connection, ended)
        return Booked(ended.receipt.charge_grains, partial(desk.tell, ended.receipt))

    return Hands(desk.database, desk.now_us, desk.holder, look, delete, settle)


async def open_video(video: Video, variant: str, desk: Desk) -> VideoBytes:
    """The video itself, from where it was made. Raises NotFound once it is gone there."""
    if not video.gone_us or desk.now_us() < video.gone_us:
        found = await _first(video, desk, lambda place: place.open(video.place, variant))
        if found is not None:
            return VideoBytes(found.media_type, _counted(found.parts, desk))
    message = f"the provider of {video.id} keeps it no longer; fetch a video soon after it has ended"
    raise NotFound("video_gone", message, param="video_id")


async def _counted(parts: AsyncGenerator[bytes, None], desk: Desk) -> AsyncGenerator[bytes, None]:
    """The parts, under way like any answer: the process ends after it, and a reload does not hang up on it."""
    era = desk.era
    era.under_way += 1
    try:
        async for part in parts:
            yield part
    finally:
        era.under_way -= 1
        await parts.aclose()


async def _first(video: Video, desk: Desk, ask: Callable[[Videos], Awaitable[T | None]]) -> T | None:
    """What the first place says that knows of a video; None where none does. Raises what one says that cannot tell."""
    fault: SolventError | None = None
    for place in _places(video, desk):
        try:
            found = await ask(place)
        except SolventError as wrong:
            fault = fault or wrong
            continue
        if found:
            return found
    if fault is not None:
        raise fault
    return None


def _places(video: Video, desk: Desk) -> list[Videos]:
    """Where a video may be known: with each of our keys at its provider, its model's first. Raises Unavailable."""
    routes = [route for name, first in desk.routes.items() for route in _routes(name, first, desk)]
    routes.sort(key=lambda route: route.model != video.model)
    found = [route.videos for route in routes if route.provider.name == video.provider and route.videos is not None]
    if not found:
        message = f"the provider {video.provider!r} that {video.id} is made at is not in the settings any more"
        raise Unavailable("video_out_of_reach", message)
    return found


def _routes(model: str, first: Route, desk: Desk) -> tuple[Route, ...]:
    return desk.pools[model].routes if model in desk.pools else (first,)


class VideoOrder:
    """One video that a customer orders. See `Order`."""

    def __init__(self, question: Question, caller: Caller, desk: Desk) -> None:
        self._question = question
        self._caller = caller
        self._desk = desk
        self._opened: Opened | None = None
        self._asked = question.beside or Usage()

    @property
    def opened(self) -> Opened:
        """What was set aside for it."""
        assert self._opened is not None, "something was set aside"
        return self._opened

    async def set_aside(self, note: Note) -> None:
        """See `Order.set_aside`."""

        def entry(opened: Opened) -> Entry:
            pledge = pledge_of(opened, self._asked, self._asked)
            return note(opened.route.provider.name, pledge_store.keep(pledge))

        self._opened = await open_pledged(self._question, self._caller, self._desk, entry)

    async def ask(self) -> VideoTold:
        """See `Order.ask`."""
        desk, era = self._desk, self._desk.era
        era.under_way += 1
        try:
            if self.opened.route.limit is not None:
                self._opened = await take_turn(self.opened, (), desk)
            return await self._ask_there()
        finally:
            era.under_way -= 1
            for entered in self.opened.entered:
                entered.pace.leave(entered.rule, entered.tokens, 0, entered.share)
            leave_turn(self.opened, 0)

    async def _ask_there(self) -> VideoTold:
        route, question, now_us = self.opened.route, self.opened.question, self._desk.now_us()
        videos = route.videos
        assert videos is not None, "a route that makes videos has a provider that does"
        route.health.ask(now_us)
        try:
            told = await videos.begin(
                Call(route.upstream, question.members, stream=False, output_tokens_max=0, files=question.files)
            )
        except SolventError as fault:
            if is_upstreams(fault.code):
                route.health.fail(fault.code, self._desk.now_us(), fault.retry_after_s)
            raise
        route.health.succeed(self._desk.now_us() - now_us)
        return told

    def pledge(self, told: VideoTold) -> bytes:
        """See `Order.pledge`."""
        said = Usage(video_seconds=told.seconds) if told.seconds else self._asked
        return pledge_store.keep(pledge_of(self.opened, self._asked, said))

    def ending(self, fault: SolventError) -> Ending:
        """See `Order.ending`."""
        return "failed" if is_free(fault) else "lost"
