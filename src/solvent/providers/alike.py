"""Most events of a stream are alike: each says what one before it said, but for one string, its word.

An event that was read whole is kept as it came. What begins and ends with the same bytes, and has a JSON string where
that one's word stood, says the same but for its word: no such string holds the end of a line, or of itself, so by the
rules of server-sent events and of JSON nothing else is said. It goes on without being read any further.
"""

from __future__ import annotations

import msgspec

from solvent.providers.faults import UNREADABLE
from solvent.providers.port import Chunk, Like, PassOn
from solvent.wire.sse import EventReader

_decode_text = msgspec.json.Decoder(str).decode
_SILENCE = b'""'
_QUOTE = b'"'


class Alike:
    """Reads the events of one stream, and passes on those that are like the last of which a word was learned."""

    __slots__ = ("_after", "_before", "_data", "_events", "_is_between", "_like", "_pass_on")

    def __init__(self, pass_on: PassOn | None) -> None:
        self._pass_on = pass_on
        self._events = EventReader()
        self._is_between = True  # nothing is held of an event that has not all come
        self._data = b""  # the event that was read last, where it came alone and whole
        self._like: Like | None = None
        self._before = self._after = b""

    def read(self, data: bytes) -> list[bytes]:
        """See `EventReader.feed`."""
        was_between = self._is_between
        payloads = self._events.feed(data)
        self._is_between = self._events.is_between
        is_alone = was_between and self._is_between and len(payloads) == 1
        self._data = data if is_alone else b""
        return payloads

    def is_asked(self, chunk: Chunk) -> bool:
        """Whether others may be like the event that was read last: it came alone and says one piece, and no more."""
        if self._pass_on is None or not self._data:
            return False
        return chunk.pieces == 1 and chunk.usage is None and chunk.timings is None and not chunk.finish

    def learn(self, chunk: Chunk, word: bytes) -> None:
        """Keep the event that was read last. word: the one string that makes it a piece, as it came; empty for none."""
        if word.startswith(_QUOTE) and word != _SILENCE and self._data.count(word) == 1:
            before, _, after = self._data.partition(word)
            self._before, self._after = before + _QUOTE, _QUOTE + after
            self._like = Like(chunk, word)

    def take(self, data: bytes) -> bool:
        """Whether what has come is one event like the one that was learned, and was passed on."""
        like, before, after = self._like, self._before, self._after
        end = len(data) - len(after)
        if like is None or end <= len(before) or not data.startswith(before) or not data.endswith(after):
            return False
        word = data[len(before) - 1 : end + 1]
        try:
            _decode_text(word)
        except UNREADABLE:
            return False
        return self._is_between and self._pass_on is not None and self._pass_on(like, word)
