"""Reads a multipart form as it comes: small fields as texts, files piece by piece, nothing of it whole in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from solvent.values.errors import Invalid
from solvent.values.limits import FORM_FIELD_BYTES_MAX, FORM_PARTS_MAX

_DISPOSITION: Final = b"content-disposition"


class _Begin(msgspec.Struct, frozen=True):
    """A part begins. file_name: None for a field."""

    name: str
    file_name: str | None
    content_type: str


class _End(msgspec.Struct, frozen=True):
    """A part is whole."""


class Part:
    """One part of a form, to be read before the next one is asked for; what is left of it is skipped.

    name: of its field. file_name: as the client calls the file; None for a field that is no file.
    content_type: what it says it is; may be empty.
    """

    def __init__(
        self, name: str, file_name: str | None, content_type: str, pieces: AsyncGenerator[bytes, None]
    ) -> None:
        self.name = name
        self.file_name = file_name
        self.content_type = content_type
        self.pieces = pieces

    async def whole(self, most: int) -> bytes:
        """All its bytes. Raises Invalid for more than `most`."""
        found = bytearray()
        async for piece in self.pieces:
            found += piece
            if len(found) > most:
                message = f"{self.name[:40]}: it is larger than {most:,} bytes; send less"
                raise Invalid("bad_request", message, param=self.name[:40])
        return bytes(found)

    async def text(self) -> str:
        """What a field says. Raises Invalid for what is long, or no text."""
        try:
            return (await self.whole(FORM_FIELD_BYTES_MAX)).decode()
        except UnicodeDecodeError:
            raise Invalid("bad_request", f"{self.name[:40]}: it is not UTF-8", param=self.name[:40]) from None


class Multipart:
    """One form. content_type: of the request. body: as it comes.

    Raises Invalid("bad_form") for what is no multipart form, also while it is read.
    """

    def __init__(self, content_type: bytes, body: AsyncIterator[bytes]) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise _bad("send multipart/form-data, with its boundary in the header content-type")
        self._body = body
        self._seen: deque[_Begin | _End | bytes] = deque()
        self._header, self._value, self._disposition = bytearray(), bytearray(), b""
        self._kind = b""
        self._is_whole = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": lambda data, start, end: self._seen.append(data[start:end]),
                    "on_part_end": lambda: self._seen.append(_End()),
                    "on_end": self._ends,
                },
            )
        except FormParserError as wrong:
            raise _bad(str(wrong)) from None

    async def parts(self) -> AsyncGenerator[Part, None]:
        """Each part in its order. Raises Invalid where the form breaks off."""
        count = 0
        while (found := await self._next()) is not None:
            if not isinstance(found, _Begin):
                continue  # what its reader left of a part
            count += 1
            if count > FORM_PARTS_MAX:
                raise _bad(f"a form has at most {FORM_PARTS_MAX} parts")
            yield Part(found.name, found.file_name, found.content_type, self._pieces())
        if not self._is_whole:
            raise _bad("it breaks off before its end")

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        while isinstance(found := await self._next(), bytes):
            yield found

    async def _next(self) -> _Begin | _End | bytes | None:
        while not self._seen:
            piece = await anext(self._body, None)
            if piece is None:
                return None
            try:
                self._parser.write(piece)
            except FormParserError as wrong:
                raise _bad(str(wrong)) from None
        return self._seen.popleft()

    def _part_begins(self) -> None:
        self._disposition = self._kind = b""

    def _header_ends(self) -> None:
        if bytes(self._header).lower() == _DISPOSITION:
            self._disposition = bytes(self._value)
        elif bytes(self._header).lower() == b"content-type":
            self._kind = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        file_name = options.get(b"filename")
        name = options.get(b"name", b"").decode("utf-8", "replace")
        file = None if file_name is None else file_name.decode("utf-8", "replace")
        self._seen.append(_Begin(name, file, self._kind.decode("latin-1")))

    def _ends(self) -> None:
        self._is_whole = True


def _bad(what: str) -> Invalid:
    return Invalid("bad_form", f"the form cannot be read: {what}")
