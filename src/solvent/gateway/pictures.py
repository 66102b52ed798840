"""The pictures in a question, looked at before anything is held: how many, of what kind, and who has to fetch them.

What they come to is bounded by the model (`image_tokens_max`), not by how long they are as text.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from typing import Final

import msgspec

from solvent.answering.question import Pictures
from solvent.metering.picture import picture_of
from solvent.values.errors import Invalid
from solvent.values.limits import PICTURE_SIDE_PIXELS_MAX, PICTURES_SEEN_MAX

_KINDS: Final = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif",
                 "image/webp": "webp"}  # fmt: skip
_BASE64: Final = ";base64"


class Inline(msgspec.Struct, frozen=True):
    """A picture in the question itself. data: base64."""

    media_type: str
    data: str


def pictures_at(urls: Iterable[str], param: str) -> Pictures:
    """Of chat and responses, which have an address for each: https, or a data URL. Raises as `pictures_in` does."""
    return pictures_in((_inline(url, param) if url[:5] == "data:" else url for url in urls), param)


def pictures_in(found: Iterable[Inline | str], param: str) -> Pictures:
    """found: pictures in the question, and addresses of others.

    Raises Invalid("bad_picture") for what is none, is too large, or of another kind than it says, and for too many.
    """
    count, characters, has_addresses = 0, 0, False
    for one in found:
        count += 1
        if count > PICTURES_SEEN_MAX:
            raise Invalid(
                "bad_picture", f"{param}: at most PICTURES_SEEN_MAX, {PICTURES_SEEN_MAX}, pictures at once", param=param
            )
        if isinstance(one, Inline):
            characters += len(one.data)
            _look(one, param)
        elif one[:8].lower() == "https://":
            has_addresses = True
        else:
            message = f"{param}: a picture is a data URL or an https address, not {one[:40]!r}"
            raise Invalid("bad_picture", message, param=param)
    return Pictures(count, characters, has_addresses)


def _inline(url: str, param: str) -> Inline:
    head, comma, data = url[5:].partition(",")
    if not comma or not head.endswith(_BASE64):
        message = f"{param}: write a picture as data:image/png;base64,DATA, or give its https address"
        raise Invalid("bad_picture", message, param=param)
    return Inline(head.removesuffix(_BASE64), data)


def _look(inline: Inline, param: str) -> None:
    kind = _KINDS.get(inline.media_type)
    if kind is None:
        message = f"{param}: {inline.media_type[:40]!r} is no picture that models see; send PNG, JPEG, GIF or WebP"
        raise Invalid("bad_picture", message, param=param)
    try:
        picture = picture_of(binascii.a2b_base64(inline.data, strict_mode=True))
    except ValueError:
        raise Invalid("bad_picture", f"{param}: the data of a picture is not base64", param=param) from None
    if picture is None or picture.kind != kind:
        said = "of no kind that is known" if picture is None else f"a {picture.kind}"
        raise Invalid("bad_picture", f"{param}: a picture says {inline.media_type} and is {said}", param=param)
    if max(picture.width, picture.height) > PICTURE_SIDE_PIXELS_MAX:
        message = f"{param}: a picture of {picture.width} x {picture.height} pixels is larger than "
        message += f"PICTURE_SIDE_PIXELS_MAX, {PICTURE_SIDE_PIXELS_MAX:,}; send a smaller one"
        raise Invalid("bad_picture", message, param=param)
