"""A question's members as the fields of a form, beside its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from solvent.providers.port import File
from solvent.wire.form import Field

_decode_said = msgspec.json.Decoder(str | list[str] | int | float | bool).decode
_encode = msgspec.json.encode


def fields_of(members: Mapping[str, object], files: Iterable[File]) -> Iterator[Field]:
    """Each member is a text or a list of them."""
    for name, value in members.items():
        said = _decode_said(_encode(value))
        if isinstance(said, list):
            yield from (Field(f"{name}[]", text.encode()) for text in said)
        else:
            yield Field(name, said.encode() if isinstance(said, str) else _encode(said))
    for file in files:
        yield Field(file.field, file.data, file.name or "file", file.content_type)
