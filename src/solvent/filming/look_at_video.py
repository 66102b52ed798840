"""Look at a video that has not ended: ask its provider how far it is, and end it when it has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from solvent.db.port import Connection
from solvent.filming import ending_store, store
from solvent.filming.port import Booked, Hands
from solvent.filming.video import Video, is_due
from solvent.values.errors import SolventError
from solvent.values.instant import US_PER_S
from solvent.values.limits import VIDEO_LOOK_S_MAX


async def look_at_video(
    id: str, hands: Hands, is_alive: Callable[[str], bool], *, is_asked: bool = False
) -> None:  # fmt: skip
    """Unless another process does, or it is too soon. is_alive: whether the process of a name still runs. is_asked: its
    customer wants to know now."""

    def take(connection: Connection) -> Video | None:
        video = ending_store.unended(connection, id)
        now_us = hands.now_us()
        if video is None or not is_due(video, now_us, is_asked=is_asked) or _is_taken(video, now_us, is_alive):
            return None
        until_us = now_us + 2 * int(VIDEO_LOOK_S_MAX) * US_PER_S
        store.change(connection, id, holder=hands.holder, taken_until_us=until_us)
        return video

    video = await hands.database.write(take)
    if video is None:
        return
    booked = await (_lost(id, hands) if video.state == "ordering" else _looked(video, hands))
    if booked is not None:
        booked.tell()


def _is_taken(video: Video, now_us: int, is_alive: Callable[[str], bool]) -> bool:
    """Whether somebody orders it or looks at it now."""
    return bool(video.holder) and now_us < video.taken_until_us and is_alive(video.holder)


async def _lost(id: str, hands: Hands) -> Booked | None:
    return await hands.database.write(lambda connection: ending_store.lose(connection, id, hands))


async def _looked(video: Video, hands: Hands) -> Booked | None:
    is_unknown, told = False, None
    try:
        async with asyncio.timeout(VIDEO_LOOK_S_MAX):
            told = await hands.look(video)
        is_unknown = told is None
    except (SolventError, TimeoutError):
        pass  # it is looked at again later

    def write(connection: Connection) -> Booked | None:
        if told is None:
            return ending_store.miss(connection, video.id, hands, is_unknown=is_unknown)
        return ending_store.hear(connection, video.id, told, hands)

    return await hands.database.write(write)
