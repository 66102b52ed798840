"""From the bytes somebody sent to the text in them: gzip is opened up to a limit, what is no text is called so."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Final

from solvent.values.errors import Invalid
from solvent.values.limits import BILL_BYTES_MAX

_GZIP: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31
_PIECE_BYTES: Final = 4_096
_NOT_TEXT: Final = {
    b"PK\x03\x04": "a zip or a spreadsheet; send the CSV that is in it",
    b"PAR1": "Parquet; export it as CSV",
    b"%PDF": "a PDF; export the usage or costs behind it as CSV",
    b"\xff\xfe": "UTF-16; save it as UTF-8",
    b"\xfe\xff": "UTF-16; save it as UTF-8",
}


def sent(file: str) -> bytes:
    """The bytes of a file that came as base64. Raises Invalid."""
    try:
        return base64.b64decode(file, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("bad_bill", "file: this is no base64 of a file", param="file") from None


def unpacked(content: bytes) -> str:
    """The text of a bill. Raises Invalid for what is too large once it is unpacked, or no UTF-8."""
    if content.startswith(_GZIP):
        content = _opened(content)
    if len(content) > BILL_BYTES_MAX:
        raise Invalid("bill_too_large", f"the file is larger than {BILL_BYTES_MAX:,} bytes; {_LESS}", param="file")
    for begins, what in _NOT_TEXT.items():
        if content.startswith(begins):
            raise Invalid("bad_bill", f"the file is {what}", param="file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        raise Invalid("bad_bill", f"line {line} is not UTF-8; save the file as UTF-8", param="file") from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise Invalid("bad_bill", f"line {line} has a character that is none (U+0000)", param="file")
    if not text.strip():
        raise Invalid("bad_bill", "the file is empty", param="file")
    return text


_LESS: Final = "export fewer days, or grouped by day and model"


def _opened(content: bytes) -> bytes:
    """Parts that follow each other are one file, as gzip says. Never more than the limit is kept, and what follows a
    part is not copied again for each: thousands of empty ones take no longer than one."""
    opened, part = bytearray(), zlib.decompressobj(_GZIP_WINDOW)
    try:
        for at in range(0, len(content), _PIECE_BYTES):
            piece = content[at : at + _PIECE_BYTES]
            while piece:
                if part.eof:
                    piece = piece.lstrip(b"\x00")
                    if not piece:
                        break
                    part = zlib.decompressobj(_GZIP_WINDOW)
                opened += part.decompress(piece, BILL_BYTES_MAX + 1 - len(opened))
                if len(opened) > BILL_BYTES_MAX:
                    message = f"the file is larger than {BILL_BYTES_MAX:,} bytes unpacked; {_LESS}"
                    raise Invalid("bill_too_large", message, param="file")
                piece = part.unused_data
    except zlib.error as wrong:
        raise Invalid("bad_bill", f"the gzip file is broken: {wrong}", param="file") from None
    if not part.eof:
        raise Invalid("bad_bill", "the gzip file breaks off; download it again", param="file")
    return bytes(opened)
