"""Server-sent events, sans I/O: bytes in as they arrive, the data payloads of whole events out.

Most reads hold whole events, split with bytes methods; only odd events are walked line by line. Bytes are sought with
`find`: `in` raises and catches an error each time, because it takes numbers too.
Source: https://html.spec.whatwg.org/multipage/server-sent-events.html section 9.2.6 (2026-11).
"""

from __future__ import annotations

from solvent.values.errors import Unavailable
from solvent.values.limits import UPSTREAM_EVENT_BYTES_MAX

__all__ = ["EventReader"]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_END = 10  # "\n"
_RETURN = 13  # "\r", which belongs to the line end before it
SEAM_BYTES = 2  # an end of event (\n\n or \n\r\n) cut in two leaves at most this much before the cut


class EventReader:
    """Reads one stream. Lines end with \\n or \\r\\n, mixed as they come; a lone \\r is part of the data.

    event_bytes_max: the largest event kept, its line ends included.
    """

    __slots__ = ("_begun", "_event_bytes_max", "_held_bytes", "_parts", "_seam")

    def __init__(self, event_bytes_max: int = UPSTREAM_EVENT_BYTES_MAX) -> None:
        self._event_bytes_max = event_bytes_max
        self._parts: list[bytes] = []  # what arrived since the last whole event
        self._held_bytes = 0
        self._seam = b""  # the last bytes of _parts, so that a new read is searched alone
        self._begun = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the payloads of the events that `data` completes, oldest first.

        Raises: Unavailable upstream_event_too_large; the stream cannot be read on after it.
        """
        if not self._parts and len(data) <= self._event_bytes_max and _is_one_event(data):
            self._begun = True
            return [data[6:-2]]
        window = self._seam + data if self._parts else data
        if window.find(b"\n\n") < 0 and window.find(b"\n\r\n") < 0:
            self._hold(data)
            return []
        if self._parts:
            self._parts.append(data)
            data = b"".join(self._parts)
            self._parts = []
        is_whole = data.endswith(b"\n\n")
        end = len(data) if is_whole else max(data.rfind(b"\n\n") + 2, data.rfind(b"\n\r\n") + 3)
        whole = data[:end]
        self._held_bytes = 0
        if end < len(data):
            self._hold(data[end:])
        if not self._begun:
            self._begun = True
            whole = whole.removeprefix(BYTE_ORDER_MARK)
        if whole.find(b"\r\n") >= 0:
            whole = whole.replace(b"\r\n", b"\n")
        return self._payloads(whole)

    def finish(self) -> None:
        """The stream ended: a half event is dropped, as the standard says. Ask `pending` first."""
        self._parts = []
        self._held_bytes = 0
        self._seam = b""

    @property
    def is_between(self) -> bool:
        """True while nothing is held: what comes next begins an event, or is between two."""
        return not self._parts

    @property
    def pending(self) -> bool:
        """True while part of an event is held: a stream that ends now was cut short."""
        return any(part.strip(b"\r\n") for part in self._parts)

    def _hold(self, data: bytes) -> None:
        if not data:
            return
        self._held_bytes += len(data)
        if self._held_bytes > self._event_bytes_max:
            raise self._too_large()
        self._parts.append(data)
        self._seam = (self._seam + data)[-SEAM_BYTES:] if len(self._parts) > 1 else data[-SEAM_BYTES:]

    def _payloads(self, whole: bytes) -> list[bytes]:
        events = whole.split(b"\n\n")
        if len(whole) > self._event_bytes_max and max(map(len, events)) > self._event_bytes_max:
            raise self._too_large()
        payloads: list[bytes] = []
        for event in events:
            if event.startswith(b"data: ") and event.find(b"\n") < 0:
                payloads.append(event[6:])
            elif event:
                payload = _payload(event)
                if payload is not None:
                    payloads.append(payload)
        return payloads

    def _too_large(self) -> Unavailable:
        self.finish()
        return Unavailable(
            "upstream_event_too_large",
            f"The upstream sent one event of more than {self._event_bytes_max} bytes "
            "(UPSTREAM_EVENT_BYTES_MAX); ask it for shorter output or report it to its operator.",
        )


def _is_one_event(data: bytes) -> bool:
    """Whether this is one whole event of one line of data, as most reads of a paced stream are."""
    return data.startswith(b"data: ") and data.find(b"\n") == len(data) - 2 and data[-1] == _END and data[-3] != _RETURN


def _payload(event: bytes) -> bytes | None:
    """The data of one event by the standard's line rules, or None if it has no data field."""
    lines: list[bytes] = []
    for line in event.split(b"\n"):
        name, _, value = line.partition(b":")
        if name == b"data":
            lines.append(value.removeprefix(b" "))
    return b"\n".join(lines) if lines else None
