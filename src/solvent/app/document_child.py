"""Reads the text of one PDF or Word document, in a process of its own with little memory, little time and no secrets.

Whatever a file does to its reader, it does it here. Run as a script, never imported: bytes on stdin, JSON on stdout.
"""

from __future__ import annotations

import io
import json
import logging
import resource
import sys
import zipfile
from collections.abc import Iterator
from typing import IO
from xml.etree import ElementTree

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # says again what stands beside it
_INSTEAD = {f"{_WORD}tab": "\t", f"{_WORD}br": "\n", f"{_WORD}cr": "\n", f"{_WORD}p": "\n"}


class Unreadable(Exception):
    """Why, as a code of docs/errors.md."""


def pdf_pages(data: bytes) -> tuple[int, Iterator[str]]:
    """How many pages it has, and their texts. One that opens without a password is read, whatever it forbids."""
    reader = PdfReader(io.BytesIO(data))
    try:
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("document_locked")
        count = len(reader.pages)
    except FileNotDecryptedError:
        raise Unreadable("document_locked") from None
    return count, (reader.pages[number].extract_text() for number in range(count))


def word_pages(data: bytes) -> tuple[int, Iterator[str]]:
    """Its paragraphs: where pages end is not in the file, so it has none."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if "word/document.xml" not in packed.namelist():
            raise Unreadable("document_unknown")
        return 0, paragraphs(packed.open("word/document.xml"))


def paragraphs(stream: IO[bytes]) -> Iterator[str]:
    """The texts of a Word document's body, each with its line's end."""
    parts: list[str] = []
    aside = 0
    # What entities and depth could do is bounded by the limits of this process.
    for event, node in ElementTree.iterparse(stream, ("start", "end")):  # noqa: S314
        if node.tag == _FALLBACK:
            aside += 1 if event == "start" else -1
        if event == "start" or aside:
            continue
        if node.tag == f"{_WORD}t":
            parts.append(node.text or "")
        parts.append(_INSTEAD.get(node.tag, ""))
        if node.tag == f"{_WORD}p":
            yield "".join(parts)
            parts = []
            node.clear()


def read(data: bytes, pages_max: int, characters_max: int) -> dict[str, object]:
    """As much as fits: whole pages, or paragraphs of a Word document; of the first one alone, its beginning."""
    is_pdf = b"%PDF-" in data[:1024]
    count, pages = pdf_pages(data) if is_pdf else word_pages(data)
    kept: list[str] = []
    room, is_cut = characters_max, False
    for number, page in enumerate(pages):
        if (is_pdf and number >= pages_max) or (kept and len(page) + 1 > room):
            is_cut = True
            break
        is_cut = len(page) > room
        kept.append(page[:room].rstrip())
        room -= len(kept[-1]) + 1
    text = "\n".join(kept).strip().replace("\x00", "").encode("utf-8", "replace").decode()
    if not text:
        raise Unreadable("document_without_text")
    return {"text": text, "pages": count, "pages_read": len(kept) if is_pdf else 0, "is_cut": is_cut}


def main(pages_max: int, characters_max: int, memory_bytes: int, cpu_s: int) -> None:
    """Limits first, then the file."""
    logging.disable()
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    told: dict[str, object]
    try:
        told = read(sys.stdin.buffer.read(), pages_max, characters_max)
    except Unreadable as wrong:
        told = {"fault": str(wrong)}
    except (MemoryError, RecursionError):
        told = {"fault": "document_too_much"}
    except Exception:  # whatever a broken file makes a reader raise
        told = {"fault": "document_broken"}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:5]))
