"""What was told of a video is written: how far it is, or its end, together with its hold's, and only once."""

from __future__ import annotations

from sqlalchemy import Connection

from solvent.filming import store
from solvent.filming.port import Booked, Ending, Hands
from solvent.filming.video import UNFINISHED, Video, pause_us
from solvent.providers.port import VideoTold
from solvent.values.instant import US_PER_S
from solvent.values.limits import VIDEO_MISSES_MAX, VIDEO_S_MAX

_LOST = "nobody can say what became of it, so nothing is charged; order it again"
_FAILED = "its provider could not make it, and says no more; nothing is charged"


def hear(connection: Connection, id: str, told: VideoTold, hands: Hands) -> Booked | None:
    """Its provider says how far it is. What ended it now, if anything did."""
    video = unended(connection, id)
    if video is None:
        return None
    if told.state == "completed":
        return end(connection, video, hands, "done", gone_us=told.gone_us)
    if told.state == "failed":
        return end(connection, video, hands, "failed", "video_failed", told.fault or _FAILED)
    percent = max(video.percent, min(99, told.percent))
    return _look_again(connection, video, hands, state=told.state, percent=percent, misses=0)


def miss(connection: Connection, id: str, hands: Hands, *, is_unknown: bool) -> Booked | None:
    """Its provider could not be asked, or knows of no such video. What ended it now, if anything did."""
    video = unended(connection, id)
    if video is None:
        return None
    if is_unknown and video.misses + 1 >= VIDEO_MISSES_MAX:
        return end(connection, video, hands, "lost", "video_lost", f"its provider knows nothing of it: {_LOST}")
    return _look_again(connection, video, hands, misses=video.misses + is_unknown)


def lose(connection: Connection, id: str, hands: Hands) -> Booked | None:
    """Whoever ordered it has gone and left nothing. What ended it now, if anything did."""
    video = unended(connection, id)
    if video is None or video.state != "ordering":
        return None
    return end(connection, video, hands, "lost", "video_lost", f"the process that ordered it ended: {_LOST}")


def unended(connection: Connection, id: str) -> Video | None:
    """A video that has not ended."""
    video = store.video(connection, id)
    return video if video is not None and video.state in UNFINISHED else None


def end(
    connection: Connection, video: Video, hands: Hands, ending: Ending, fault: str = "", words: str = "",
    gone_us: int = 0,
) -> Booked:  # fmt: skip
    """To be called for what has not ended, in the same transaction."""
    booked = hands.settle(connection, video, ending, fault)
    percent = 100 if ending == "done" else video.percent
    store.change(
        connection, video.id, state="completed" if ending == "done" else "failed", holder="", percent=percent,
        ended_us=hands.now_us(), gone_us=gone_us, charge_grains=booked.charge_grains, fault=fault,
        fault_words=words[:500], pledge=b"",
    )  # fmt: skip
    return booked


def _look_again(connection: Connection, video: Video, hands: Hands, **values: object) -> Booked | None:
    """Unless it has been in the making for too long."""
    now_us = hands.now_us()
    if now_us >= video.expires_us:
        words = f"it was not there after VIDEO_S_MAX, {VIDEO_S_MAX // 60} minutes; nothing is charged"
        return end(connection, video, hands, "lost", "video_overdue", words)
    next_us = min(video.expires_us, now_us + pause_us(video.looks))
    store.change(
        connection, video.id, holder="", looks=video.looks + 1, looked_us=now_us,
        next_look_us=max(next_us, now_us + US_PER_S), **values,
    )  # fmt: skip
    return None
