"""Writes a form with files in it (multipart/form-data, RFC 7578) as one body."""

from __future__ import annotations

import os
from collections.abc import Iterable

import msgspec

__all__ = ["Field", "encode_form"]


class Field(msgspec.Struct, frozen=True):
    """One part. file_name: "" for a field that is no file. content_type: of a file, if anybody said."""

    name: str
    data: bytes
    file_name: str = ""
    content_type: str = ""


def encode_form(fields: Iterable[Field]) -> tuple[str, bytes]:
    """The content type, which names the boundary, and the body."""
    boundary = f"solvent-{os.urandom(16).hex()}"  # nobody can put into a file what nobody knows
    parts: list[bytes] = []
    for field in fields:
        head = f'--{boundary}\r\ncontent-disposition: form-data; name="{_quoted(field.name)}"'
        if field.file_name:
            kind = _plain(field.content_type) or "application/octet-stream"
            head += f'; filename="{_quoted(field.file_name)}"\r\ncontent-type: {kind}'
        parts += (head.encode(), b"\r\n\r\n", field.data, b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", b"".join(parts)


def _quoted(name: str) -> str:
    """As browsers write it: whatever would end the name or the line becomes a number."""
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _plain(kind: str) -> str:
    return kind if kind.isascii() and kind.isprintable() else ""
