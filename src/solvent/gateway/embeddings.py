"""POST /v1/embeddings: what texts mean, as numbers; OpenAI's dialect, paid by what is read."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.app.http import Receive, Send, read_body
from solvent.gateway.reading import read_members, unpriced
from solvent.gateway.whole import Members, tell_whole
from solvent.identity.caller import Caller
from solvent.values.errors import Invalid
from solvent.values.ids import AnswerId
from solvent.values.limits import EMBEDDED_AT_ONCE_MAX, NAME_CHARACTERS_MAX

# What may be sent; anything else could cost more than tokens.
_MEMBERS = {"model", "input", "encoding_format", "dimensions", "user", "input_type", "truncate"}
_WORDS_AROUND = 16  # tokens that a model may add around each text: its beginning, its end, a task


class _Wish(msgspec.Struct):
    model: str
    input: str | list[str | int | list[int]]
    user: str | None = None


_decoder = msgspec.json.Decoder(_Wish)


async def embeddings(caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send) -> None:
    """One request, from its body to the last byte. Raises SolventError only before the response began."""
    question = read_texts(await read_body(receive), id, desk.now_us())
    await tell_whole(question, caller, desk, send, _body)


def read_texts(body: bytes, id: AnswerId, received_us: int) -> Question:
    """The question in a request body. Raises Invalid naming the member at fault."""
    wish, members = read_members(body, _decoder)
    texts = _texts(wish)
    for name in members:
        if name not in _MEMBERS:
            raise unpriced(name)
    return Question(
        id=id, received_us=received_us, model=wish.model, members=members, stream=False,
        input_tokens_most=len(body) + len(texts) * _WORDS_AROUND, output_tokens_asked=1,
        user=(wish.user or "")[:NAME_CHARACTERS_MAX], task="embeddings",
    )  # fmt: skip


def _texts(wish: _Wish) -> Sequence[object]:
    """Each text, or the tokens of each. Tokens alone are one text."""
    found: Sequence[object] = wish.input if isinstance(wish.input, list) else [wish.input]
    kinds = {type(text) for text in found}
    if kinds == {int}:
        found = [found]
    elif len(kinds) != 1 or not all(found):
        message = "input: send a text or its tokens, or a list of one kind of them, and none of them empty"
        raise Invalid("bad_request", message, param="input")
    if len(found) > EMBEDDED_AT_ONCE_MAX:
        raise Invalid("bad_request", f"input: send at most {EMBEDDED_AT_ONCE_MAX:,} texts at once", param="input")
    return found


def _body(members: Members, usage: msgspec.Raw | None, receipt: Receipt) -> dict[str, object]:
    return {**members, "model": receipt.model, "usage": _report(receipt) if usage is None else usage}


def _report(receipt: Receipt) -> dict[str, int]:
    read = receipt.input_tokens + receipt.cached_input_tokens
    return {"prompt_tokens": read, "total_tokens": read}
