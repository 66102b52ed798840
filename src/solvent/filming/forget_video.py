"""Forget a video that has ended: its provider deletes it, and so do we. Its receipt stays."""

from __future__ import annotations

from solvent.db.port import Connection
from solvent.filming import store
from solvent.filming.port import Hands
from solvent.filming.video import UNFINISHED, Video, no_such_video
from solvent.values.errors import Conflict
from solvent.values.ids import CustomerId


async def forget_video(id: str, customer: CustomerId, hands: Hands) -> None:
    """Raises NotFound where that customer has none of that name, Conflict while it is in the making, and Unavailable
    when its provider cannot be asked."""

    def read(connection: Connection) -> Video:
        video = store.video(connection, id) if id.isprintable() else None
        if video is None or video.customer != customer:
            raise no_such_video(id)
        return video

    video = await hands.database.read(read)
    if video.state in UNFINISHED:
        raise Conflict("video_unfinished", f"{id} is still in the making; delete it once it has ended")
    if video.place:
        await hands.delete(video)
    await hands.database.write(lambda connection: store.forget(connection, id))
