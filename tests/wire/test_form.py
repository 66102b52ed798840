"""A form that is written is read again, field by field and byte by byte, whatever is in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from solvent.gateway.multipart import Multipart
from solvent.wire.form import Field, encode_form

FILES = st.sampled_from([("", ""), ("a.png", "image/png"), ("소리.wav", "audio/wav")])
FIELDS = st.builds(
    lambda name, data, file: Field(name, data, *file), st.text("abc[]_", min_size=1, max_size=9),
    st.binary(max_size=200), FILES,
)  # fmt: skip


@given(st.lists(FIELDS, min_size=1, max_size=6))
def test_what_is_written_is_read(fields: list[Field]) -> None:
    assert asyncio.run(read(*encode_form(fields))) == fields


async def read(kind: str, body: bytes) -> list[Field]:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50):
            yield body[start : start + 50]

    parts = Multipart(kind.encode(), pieces()).parts()
    return [Field(part.name, await part.whole(1_000), part.file_name or "", part.content_type) async for part in parts]


def test_no_name_ends_its_line() -> None:
    _, body = encode_form([Field('a"\r\nx: y', b"1", 'b"\r\n\r\nc', "text/plain\r\nx: y")])
    head = body.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert head[1:] == [
        b'content-disposition: form-data; name="a%22%0D%0Ax: y"; filename="b%22%0D%0A%0D%0Ac"',
        b"content-type: application/octet-stream",
    ]
