"""Reads what somebody attaches: texts here, PDFs and Word documents in a process of their own (document_child.py)."""

from __future__ import annotations

import asyncio
import codecs
import sys
from pathlib import Path
from typing import Final

import msgspec

from solvent.values.errors import Invalid, Unavailable
from solvent.values.limits import (
    DOCUMENT_CHARACTERS_MAX,
    DOCUMENT_CPU_S_MAX,
    DOCUMENT_MEMORY_BYTES_MAX,
    DOCUMENT_PAGES_MAX,
    DOCUMENT_S_MAX,
    DOCUMENTS_READ_AT_ONCE,
    DOCUMENTS_WAIT_S,
)

_CHILD: Final = Path(__file__).with_name("document_child.py")
_PACKED: Final = b"PK\x03\x04"
# What people's texts are written in; the last are of Windows, in Korea and in the West.
_CODES: Final = ("utf-8-sig", "cp949")
_MARKS: Final = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
UNREAD: Final = {
    "document_locked": "this document asks for a password; save it without one and attach that",
    "document_without_text": "there is no text in this document: it may be scanned; attach its pages as pictures",
    "document_unknown": "this is no PDF, no Word document (.docx) and no text; save it as one of these",
    "document_broken": "this document cannot be read: it is damaged, or did not arrive whole",
    "document_too_much": "reading this document takes too much time or memory; attach a part of it",
}


class DocumentText(msgspec.Struct, frozen=True):
    """pages: 0 where a file has none. pages_read: of them. is_cut: whether there is more than was read."""

    text: str
    pages: int = 0
    pages_read: int = 0
    is_cut: bool = False


class _Told(msgspec.Struct):
    text: str = ""
    pages: int = 0
    pages_read: int = 0
    is_cut: bool = False
    fault: str = ""


class Documents:
    """Some are read at once; who comes then waits a little."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(DOCUMENTS_READ_AT_ONCE)

    async def read(self, data: bytes) -> DocumentText:
        """Raises Invalid for what has no text that could be read, and Unavailable where too many read."""
        if b"%PDF-" not in data[:1024] and not data.startswith(_PACKED):
            return _text(data)
        try:
            async with asyncio.timeout(DOCUMENTS_WAIT_S):
                await self._room.acquire()
        except TimeoutError:
            words = "other documents are being read; try again in a moment"
            raise Unavailable("documents_busy", words, retry_after_s=5) from None
        try:
            told = await _read_apart(data)
        finally:
            self._room.release()
        if told.fault:
            raise _fault(told.fault)
        return DocumentText(told.text, told.pages, told.pages_read, told.is_cut)


def _text(data: bytes) -> DocumentText:
    code = _MARKS.get(data[:2])
    for each in (code,) if code else _CODES:
        try:
            text = data.decode(each)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        if not text.strip():
            raise _fault("document_without_text")
        return DocumentText(text[:DOCUMENT_CHARACTERS_MAX], is_cut=len(text) > DOCUMENT_CHARACTERS_MAX)
    raise _fault("document_unknown")


async def _read_apart(data: bytes) -> _Told:
    numbers = (DOCUMENT_PAGES_MAX, DOCUMENT_CHARACTERS_MAX, DOCUMENT_MEMORY_BYTES_MAX, DOCUMENT_CPU_S_MAX)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(_CHILD), *(str(number) for number in numbers), env={},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(DOCUMENT_S_MAX):
            told, _ = await child.communicate(data)
    except TimeoutError:
        return _Told(fault="document_too_much")
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:  # killed for its time, or too large to say so
        return _Told(fault="document_too_much")
    return msgspec.json.decode(told, type=_Told)


def _fault(unread: str) -> Invalid:
    return Invalid(unread, UNREAD.get(unread, UNREAD["document_broken"]), param="document")
