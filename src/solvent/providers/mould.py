"""The events of one stream differ in their choices alone, so what stands around those is read once.

An event that begins and ends with the same bytes as one that was read whole says the same around its choices: they
stand where that one's stood, and are the only part of it that has to be decoded.
"""

from __future__ import annotations

import msgspec


class Mould:
    """What stands around the choices of a stream's events, as bytes and as members; nothing fits an empty one.

    around: these members. The choices among them are those of the event that was taken, and say nothing of another.
    """

    __slots__ = ("_after", "_around_bytes", "_before", "around")

    def __init__(self) -> None:
        self._before = self._after = b""
        self._around_bytes = 0
        self.around: dict[str, msgspec.Raw] = {}

    def take(self, payload: bytes, members: dict[str, msgspec.Raw]) -> None:
        """Keep the look of an event that was read whole. members: what it says, its choices among it."""
        choices = bytes(members.get("choices", b""))
        if choices.startswith(b"[") and payload.count(choices) == 1:
            self._before, _, self._after = payload.partition(choices)
            self._around_bytes = len(self._before) + len(self._after)
            self.around = members.copy()
        else:
            self._before = b""

    def choices_of(self, payload: bytes) -> bytes:
        """What stands where the choices do, if an event looks the same around it; else b"". The caller decodes it."""
        before, after = self._before, self._after
        if before and len(payload) > self._around_bytes and payload.startswith(before) and payload.endswith(after):
            return payload[len(before) : len(payload) - len(after)]
        return b""
