"""A picture's kind and size are read off its first bytes, and anything else is no picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metering.drawn import gif, jpeg, png, webp_extended, webp_lossless, webp_lossy

from solvent.metering.picture import Picture, picture_of

SIDES = st.integers(1, 16_383)
DRAWERS: dict[str, tuple[str, Callable[[int, int], bytes]]] = {
    "png": ("png", png), "gif": ("gif", gif), "jpeg": ("jpeg", jpeg), "webp": ("webp", webp_lossy),
    "webp lossless": ("webp", webp_lossless), "webp extended": ("webp", webp_extended),
}  # fmt: skip
EACH = pytest.mark.parametrize("name", DRAWERS)


@EACH
@given(width=SIDES, height=SIDES, more=st.binary(max_size=20))
@settings(deadline=None, max_examples=40)
def test_the_size_is_what_was_drawn(name: str, width: int, height: int, more: bytes) -> None:
    kind, draw = DRAWERS[name]
    assert picture_of(draw(width, height) + more) == Picture(kind, width, height)


@EACH
def test_a_picture_that_is_cut_short_has_no_size(name: str) -> None:
    _, draw = DRAWERS[name]
    whole = draw(300, 200)
    cut = next(n for n in range(len(whole), 0, -1) if picture_of(whole[:n]) is None)
    assert all(picture_of(whole[:n]) is None for n in range(cut))


@pytest.mark.parametrize("before", [b"", b"\xff\xff\xff\xe1\x00\x02", b"\xff\x01\xff\xd0", b"\xff\xc4\x00\x06abcd"])
def test_whatever_stands_before_the_frame_of_a_jpeg_is_passed_over(before: bytes) -> None:
    assert picture_of(jpeg(640, 480, before)) == Picture("jpeg", 640, 480)


@given(st.binary(max_size=60) | st.binary(max_size=40).map(lambda tail: b"\xff\xd8" + tail))
def test_nothing_breaks_and_no_side_is_nothing(data: bytes) -> None:
    found = picture_of(data)
    assert found is None or min(found.width, found.height) > 0


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7", b"<svg/>", b"BM", png(0, 5), gif(5, 0), b"\xff\xd8\xff\xe0\x00\x00"]
)
def test_what_models_do_not_see_is_no_picture(data: bytes) -> None:
    assert picture_of(data) is None
