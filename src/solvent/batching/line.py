"""One line of a batch's file: what must be right about it before anything of the file is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from solvent.batching.batch import Fault
from solvent.values.errors import Invalid
from solvent.values.limits import BATCH_LINE_BYTES_MAX, CUSTOM_ID_CHARACTERS_MAX
from solvent.values.misfit import misfit

_METHOD: Final = "POST"


class _Body(msgspec.Struct):
    model: str
    stream: bool | None = None


class Request(msgspec.Struct, frozen=True):
    """A line as it is written. body: what is asked, verbatim."""

    custom_id: str
    method: str
    url: str
    body: msgspec.Raw


_decode = msgspec.json.Decoder(Request).decode
_decode_body = msgspec.json.Decoder(_Body).decode


def read_line(text: bytes) -> Request:
    """Raises Invalid naming the field at fault."""
    if len(text) > BATCH_LINE_BYTES_MAX:
        raise Invalid("bad_request", f"a line is at most {BATCH_LINE_BYTES_MAX:,} bytes; this has {len(text):,}")
    try:
        text.decode()
        return _decode(text)
    except UnicodeDecodeError as wrong:
        raise Invalid("not_utf8", f"it is not UTF-8: {wrong.reason} at byte {wrong.start}") from None
    except msgspec.ValidationError as wrong:
        raise misfit(str(wrong)) from None
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise Invalid("not_json", f"it is not JSON: {wrong}") from None


def check_line(text: bytes, endpoint: str) -> Request:
    """A line that can be asked. Raises Invalid naming the field at fault; what else its body says is checked then."""
    request = read_line(text)
    if not 1 <= len(request.custom_id) <= CUSTOM_ID_CHARACTERS_MAX or not request.custom_id.isprintable():
        raise _wrong("custom_id", f"it has 1 to {CUSTOM_ID_CHARACTERS_MAX} printable characters")
    if request.method != _METHOD:
        raise _wrong("method", f"it is {_METHOD}, not {request.method[:20]!r}")
    if request.url != endpoint:
        raise _wrong("url", f"it is that of the batch, {endpoint}, not {request.url[:60]!r}")
    try:
        body = _decode_body(bytes(request.body))
    except msgspec.ValidationError as wrong:
        found = misfit(str(wrong))
        raise _wrong(f"body.{found.param}" if found.param else "body", found.message) from None
    if body.stream:
        raise _wrong("body.stream", "nobody listens to a batch; leave it out")
    return request


def fault_of(wrong: Invalid, number: int) -> Fault:
    """What is said of a line that is wrong."""
    return Fault(wrong.code, f"line {number}: {wrong.message}", number, wrong.param)


class Splitter:
    """Cuts a file into its lines as its bytes come; what is longer than a line may be is cut off behind that."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._starts = 0
        self._number = 0

    def feed(self, piece: bytes) -> Iterator[tuple[int, int, bytes]]:
        """The lines that are whole now: number from 1 on, place in the file, bytes. Empty ones are left out."""
        self._waiting += piece
        begins = 0
        while (ends := self._waiting.find(b"\n", begins)) >= 0:
            yield from self._line(bytes(self._waiting[begins:ends]), begins)
            begins = ends + 1
        del self._waiting[:begins]
        self._starts += begins

    def end(self) -> Iterator[tuple[int, int, bytes]]:
        """What follows the last line's end."""
        yield from self._line(bytes(self._waiting), 0)

    @property
    def is_overlong(self) -> bool:
        """Whether a line goes on for longer than one may be: nothing more of it needs to be read."""
        return len(self._waiting) > BATCH_LINE_BYTES_MAX

    def _line(self, text: bytes, begins: int) -> Iterator[tuple[int, int, bytes]]:
        self._number += 1
        if text.strip():
            yield self._number, self._starts + begins, text


def _wrong(param: str, what: str) -> Invalid:
    return Invalid("bad_request", f"{param}: {what}", param=param)
