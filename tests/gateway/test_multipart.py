"""Forms as they come: in whatever pieces, the same parts; and what is no form is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as some

from solvent.gateway.multipart import Multipart
from solvent.values.errors import Invalid
from solvent.values.limits import FORM_FIELD_BYTES_MAX, FORM_PARTS_MAX

TYPE = b'multipart/form-data; boundary="edge"'
Found = list[tuple[str, str | None, bytes]]


def form(parts: Found) -> bytes:
    body = b""
    for name, file_name, content in parts:
        named = "" if file_name is None else f'; filename="{file_name}"'
        body += f'--edge\r\nContent-Disposition: form-data; name="{name}"{named}\r\n'.encode()
        body += b"Content-Type: text/plain\r\n\r\n" + content + b"\r\n"
    return body + b"--edge--\r\n"


def read(body: bytes, size: int = 7, kind: bytes = TYPE) -> Found:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    async def found() -> Found:
        parts = Multipart(kind, pieces()).parts()
        return [(part.name, part.file_name, await part.whole(10**6)) async for part in parts]

    return asyncio.run(found())


NAMES = some.text("abc[]_ 한", min_size=1, max_size=8)
PARTS = some.lists(some.tuples(NAMES, some.none() | NAMES, some.binary(max_size=60)), max_size=5)


@given(PARTS, some.integers(1, 90))
def test_the_parts_are_the_same_however_they_come(parts: Found, size: int) -> None:
    assert read(form(parts), size) == parts


def test_bytes_that_look_like_an_edge_are_content() -> None:
    parts: Found = [("file", "a", b"\r\n--edg\r\n--edge-\r\r\n--"), ("purpose", None, "한".encode())]
    assert read(form(parts), 1) == parts


def test_what_its_reader_leaves_of_a_part_is_skipped() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield form([("one", "a", b"1" * 900), ("two", None, b"2")])

    async def names() -> list[str]:
        return [part.name async for part in Multipart(TYPE, body()).parts()]

    assert asyncio.run(names()) == ["one", "two"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"application/json", form([])),
        (b"", form([])),
        (b"multipart/form-data", form([])),
        (b"multipart/form-data; boundary=" + b"x" * 999, form([])),
        (TYPE, b"{}"),
        (TYPE, b""),
        (TYPE, form([("file", "a", b"x")])[:-5]),
        (TYPE, form([("file", "a", b"x")]).replace(b"Content-Type:", b"Content Type")),
        (TYPE, form([("file", "a", b"x")] * (FORM_PARTS_MAX + 1))),
        (TYPE, form([("x" * 9000, "a", b"x")])),
    ],
)
def test_what_is_no_form_is_refused(kind: bytes, body: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        read(body, 99, kind)
    assert refused.value.code == "bad_form"


def test_a_field_is_a_short_text() -> None:
    async def text(content: bytes) -> str:
        async def body() -> AsyncIterator[bytes]:
            yield form([("purpose", None, content)])

        part = await anext(Multipart(TYPE, body()).parts())
        return await part.text()

    assert asyncio.run(text("배치".encode())) == "배치"
    for content in (b"\xff", b"x" * (FORM_FIELD_BYTES_MAX + 1)):
        with pytest.raises(Invalid) as refused:
            asyncio.run(text(content))
        assert refused.value.param == "purpose"
