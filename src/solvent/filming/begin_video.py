"""Begin a video: hold what it may come to, have its provider make it, and note where.

A process that dies on the way leaves a video that is being ordered, which the others end as lost.
"""

from __future__ import annotations

import asyncio

import msgspec

from solvent.db.port import Connection, Entry
from solvent.filming import ending_store, store
from solvent.filming.port import Booked, Hands, Order
from solvent.filming.video import Video, pause_us
from solvent.providers.port import VideoTold
from solvent.values.errors import Conflict, Refused, SolventError, Unavailable
from solvent.values.limits import VIDEO_BEGIN_S_MAX, VIDEOS_UNFINISHED_MAX


async def begin_video(draft: Video, order: Order, hands: Hands) -> Video:
    """Returns it as its provider has taken it.

    Raises Refused for too many, what keeps it from being ordered, and what its provider says when it does not take it:
    then nothing is held any more.
    """
    if await hands.database.read(lambda connection: store.unfinished(connection, draft.customer)) >= (
        VIDEOS_UNFINISHED_MAX
    ):
        message = f"{VIDEOS_UNFINISHED_MAX} videos have not ended yet; wait for one of them"
        raise Refused("too_many_videos", message)

    def note(provider: str, pledge: bytes) -> Entry:
        return store.append, msgspec.structs.replace(draft, provider=provider, pledge=pledge)

    await order.set_aside(note)
    try:
        told = await _asked(order)
    except SolventError as fault:
        await _give_up(draft, fault, order, hands)
        raise

    def take(connection: Connection) -> tuple[Video | None, Booked | None]:
        if ending_store.unended(connection, draft.id) is None:
            return None, None
        state = told.state if told.state == "in_progress" else "queued"
        store.change(
            connection, draft.id, state=state, place=told.id, pledge=order.pledge(told), holder="",
            next_look_us=hands.now_us() + pause_us(0),
        )  # fmt: skip
        booked = ending_store.hear(connection, draft.id, told, hands) if told.state in ("completed", "failed") else None
        return store.video(connection, draft.id), booked

    video, booked = await hands.database.write(take)
    if booked is not None:
        booked.tell()
    if video is None:
        raise Conflict("video_lost", "its provider took too long to take it, so it was given up; order it again")
    return video


async def _asked(order: Order) -> VideoTold:
    try:
        async with asyncio.timeout(VIDEO_BEGIN_S_MAX):
            return await order.ask()
    except TimeoutError:
        message = f"the model's provider did not take it within {VIDEO_BEGIN_S_MAX:.0f} s"
        raise Unavailable("upstream_timeout", message) from None


async def _give_up(draft: Video, fault: SolventError, order: Order, hands: Hands) -> None:
    """Its hold ends, and nothing is left of it but a receipt."""

    def work(connection: Connection) -> Booked | None:
        video = ending_store.unended(connection, draft.id)
        if video is None:
            return None
        booked = hands.settle(connection, video, order.ending(fault), fault.code)
        store.forget(connection, draft.id)
        return booked

    booked = await hands.database.write(work)
    if booked is not None:
        booked.tell()
