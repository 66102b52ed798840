"""A video as its customer knows it and as it is looked after, from its order to its end."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from solvent.values.errors import NotFound
from solvent.values.ids import AnswerId, CustomerId, KeyId
from solvent.values.instant import US_PER_S
from solvent.values.limits import VIDEO_LOOK_S_MIN, VIDEO_LOOKS_S

# ordering: its provider is being asked to make it, and nobody knows yet whether it does.
State = Literal["ordering", "queued", "in_progress", "completed", "failed"]
UNFINISHED: Final = ("ordering", "queued", "in_progress")


class Video(msgspec.Struct, frozen=True):
    """Its fields are the columns of `videos`, in their order.

    answer: the id that its hold and its receipt bear. key: that it was ordered with. provider: who makes it, under the
    id place. seconds, size: as they were ordered. expires_us: it has failed if it has not ended by then. holder: the
    process that orders it or looks at it, until taken_until_us; "" for nobody. percent: how far it is. looks: so far;
    misses: those in a row in which its provider knew nothing of it. looked_us, next_look_us: the last look and the
    next. gone_us: when its provider deletes it; 0 where it does not say. pledge: what is set aside for it and how it
    ends. fault, fault_words: why it failed.
    """

    id: str
    answer: AnswerId
    customer: CustomerId
    key: KeyId
    model: str
    seconds: int
    size: str
    created_us: int
    expires_us: int
    taken_until_us: int
    holder: str
    state: State = "ordering"
    provider: str = ""
    place: str = ""
    percent: int = 0
    looks: int = 0
    misses: int = 0
    looked_us: int = 0
    next_look_us: int = 0
    ended_us: int = 0
    gone_us: int = 0
    charge_grains: int = 0
    fault: str = ""
    fault_words: str = ""
    pledge: bytes = b""


def is_due(video: Video, now_us: int, *, is_asked: bool) -> bool:
    """Whether it is time to look at it. is_asked: its customer wants to know, so it is looked at sooner."""
    if video.state not in UNFINISHED:
        return False
    soon = is_asked and video.state != "ordering" and now_us >= video.looked_us + VIDEO_LOOK_S_MIN * US_PER_S
    return soon or now_us >= video.next_look_us


def pause_us(looks: int) -> int:
    """Until the next look, after so many: each pause is twice as long as the one before, up to a longest."""
    first, last = VIDEO_LOOKS_S
    return min(last, first << min(looks, 10)) * US_PER_S


def no_such_video(id: str) -> NotFound:
    """For whoever else has it too."""
    return NotFound("no_such_video", f"there is no video {id[:40]!r}, or not any more", param="video_id")
