"""POST /v1/moderations: whether texts are harmful; OpenAI's dialect, paid by the answer or by what is read."""

from __future__ import annotations

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.app.http import Receive, Send, read_body
from solvent.gateway.asking import TEMPLATE_TOKENS
from solvent.gateway.reading import read_members, unpriced
from solvent.gateway.whole import Members, tell_whole
from solvent.identity.caller import Caller
from solvent.values.errors import Invalid
from solvent.values.ids import AnswerId
from solvent.values.limits import MODERATED_AT_ONCE_MAX, NAME_CHARACTERS_MAX

_SENT = ("model", "input")


class _Part(msgspec.Struct):
    type: str
    text: str = ""


class _Wish(msgspec.Struct):
    model: str
    input: str | list[str | _Part]
    user: str | None = None


_decoder = msgspec.json.Decoder(_Wish)


async def moderations(caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send) -> None:
    """One request, from its body to the last byte. Raises SolventError only before the response began."""
    question = read_texts_to_judge(await read_body(receive), id, desk.now_us())
    await tell_whole(question, caller, desk, send, _body)


def read_texts_to_judge(body: bytes, id: AnswerId, received_us: int) -> Question:
    """The question in a request body. Raises Invalid naming the member at fault."""
    wish, members = read_members(body, _decoder)
    parts = [wish.input] if isinstance(wish.input, str) else wish.input
    for part in parts:
        if isinstance(part, _Part) and part.type != "text":
            raise unpriced("input", f"content of type {part.type[:40]!r} has no price here; send text")
    texts = [part.text if isinstance(part, _Part) else part for part in parts]
    if not 1 <= len(texts) <= MODERATED_AT_ONCE_MAX or not all(texts):
        message = f"input: send a text, or 1 to MODERATED_AT_ONCE_MAX, {MODERATED_AT_ONCE_MAX}, and none of them empty"
        raise Invalid("bad_request", message, param="input")
    for name in members:
        if name not in _SENT and name != "user":
            raise unpriced(name)
    return Question(
        id=id, received_us=received_us, model=wish.model,
        members={name: value for name, value in members.items() if name in _SENT}, stream=False,
        input_tokens_most=len(body) + len(texts) * TEMPLATE_TOKENS, output_tokens_asked=1,
        user=(wish.user or "")[:NAME_CHARACTERS_MAX], task="moderations",
    )  # fmt: skip


def _body(members: Members, _usage: msgspec.Raw | None, receipt: Receipt) -> dict[str, object]:
    return {**members, "id": receipt.id, "model": receipt.model}
