"""POST /v1/images/generations and /v1/images/edits: pictures of what is described, or made of given ones.

Paid by the picture, or by the tokens it is drawn in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.question import Pictures, Question
from solvent.answering.receipt import Receipt
from solvent.app.http import Receive, Send, read_body
from solvent.bridging.responses_request import not_served
from solvent.gateway.form import Form, read_form
from solvent.gateway.reading import read_members, unpriced
from solvent.gateway.whole import Members, tell_whole
from solvent.identity.caller import Caller
from solvent.values.errors import Invalid
from solvent.values.ids import AnswerId
from solvent.values.limits import NAME_CHARACTERS_MAX, PICTURES_MAX
from solvent.values.usage import Usage

# What may be sent; anything else could cost more than pictures of that size and quality.
_MEMBERS = {
    "model", "prompt", "n", "size", "quality", "style", "background", "moderation", "output_format",
    "output_compression", "response_format", "user", "stream",
}  # fmt: skip
_EDITED: Final = frozenset({
    "model", "prompt", "n", "size", "quality", "background", "input_fidelity", "moderation", "output_format",
    "output_compression", "response_format", "user",
})  # fmt: skip
_WORDS_AROUND = 64  # tokens that a model may add around the description


class _Wish(msgspec.Struct):
    model: str
    prompt: str
    n: int | None = None
    size: str | None = None
    quality: str | None = None
    user: str | None = None
    stream: bool | None = None


_decoder = msgspec.json.Decoder(_Wish)


async def images(caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send) -> None:
    """One request, from its body to the last byte. Raises SolventError only before the response began."""
    question = read_wish(await read_body(receive), id, desk.now_us())
    await tell_whole(question, caller, desk, send, images_body)


def read_wish(body: bytes, id: AnswerId, received_us: int) -> Question:
    """The question in a request body. Raises Invalid naming the member at fault."""
    wish, members = read_members(body, _decoder)
    for name in members:
        if name not in _MEMBERS:
            raise unpriced(name)
    return _asked(wish, id, received_us, members)


async def edits(content_type: bytes, caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send) -> None:
    """One request, from its body to the last byte. Raises SolventError only before the response began."""
    form = await read_form(content_type, receive, _EDITED | {"stream"}, {"image", "mask"})
    await tell_whole(read_edit(form, id, desk.now_us()), caller, desk, send, images_body)


def read_edit(form: Form, id: AnswerId, received_us: int) -> Question:
    """The question in a form. Raises Invalid naming the member at fault."""
    if not any(file.field.startswith("image") for file in form.files):
        raise Invalid("bad_request", "image: send a picture to begin with", param="image")
    asked = _asked(form.as_(_Wish), id, received_us, form.members(_EDITED))
    return msgspec.structs.replace(asked, task="edits", pictures=Pictures(len(form.files)), files=tuple(form.files))


def _asked(wish: _Wish, id: AnswerId, received_us: int, members: Mapping[str, msgspec.Raw]) -> Question:
    if wish.stream:
        raise not_served("stream", "pictures come whole here; leave it out")
    if not wish.prompt:
        raise Invalid("bad_request", "prompt: describe the picture", param="prompt")
    count = pictures_asked(wish.n)
    return Question(
        id=id, received_us=received_us, model=wish.model, members=members, stream=False,
        input_tokens_most=len(wish.prompt.encode()) + _WORDS_AROUND, output_tokens_asked=1,
        user=(wish.user or "")[:NAME_CHARACTERS_MAX], task="images", choices=count,
        kind=kind_asked(wish.size, wish.quality), beside=Usage(pictures=count),
    )  # fmt: skip


def pictures_asked(n: int | None) -> int:
    """How many pictures are asked for. Raises Invalid."""
    if n is not None and not 1 <= n <= PICTURES_MAX:
        raise Invalid("bad_request", f"n: {str(n)[:20]} is not between 1 and PICTURES_MAX, {PICTURES_MAX}", param="n")
    return n or 1


def kind_asked(size: str | None, quality: str | None) -> str:
    """What its price is looked up by: "1024x1024/hd", or whichever of the two was said."""
    return "/".join(filter(None, (size, quality)))


def images_body(members: Members, usage: msgspec.Raw | None, _receipt: Receipt) -> dict[str, object]:
    """What the client is told: the provider's own words."""
    return {**members} if usage is None else {**members, "usage": usage}
