"""POST /v1/completions: OpenAI's older dialect, a text that goes on; editors complete code with it."""

from __future__ import annotations

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.app.http import Receive, Send, read_body
from solvent.gateway.asking import TEMPLATE_TOKENS, UNPRICED, StreamOptions
from solvent.gateway.chat_completions import tell_chat
from solvent.gateway.reading import check_choices, check_limit, read_members, unpriced
from solvent.identity.caller import Caller
from solvent.values.errors import Invalid
from solvent.values.ids import AnswerId
from solvent.values.limits import NAME_CHARACTERS_MAX

TOKENS_UNLESS_SAID = 16  # of output. Source: platform.openai.com/docs/api-reference/completions/create (read 2026-11)


class _Wish(msgspec.Struct):
    model: str
    prompt: str | list[str | int | list[int]]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    n: int | None = None
    best_of: int | None = None
    user: str | None = None


_decoder = msgspec.json.Decoder(_Wish)


async def completions(caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send) -> None:
    """One request, from its body to the last byte. Raises SolventError only before the response began."""
    question, wants_usage = read_prompt(await read_body(receive), id, desk.now_us())
    await tell_chat(question, caller, desk, receive, send, wants_usage=wants_usage)


def read_prompt(body: bytes, id: AnswerId, received_us: int) -> tuple[Question, bool]:
    """The question in a request body, and whether the client asked for a usage event in its stream.

    Raises Invalid naming the member at fault.
    """
    wish, members = read_members(body, _decoder)
    _check(wish)
    unpriced_here = (UNPRICED - {"best_of"}) & members.keys()
    if unpriced_here:
        raise unpriced(min(unpriced_here))
    question = Question(
        id=id, received_us=received_us, model=wish.model, members=members, stream=bool(wish.stream),
        input_tokens_most=len(body) + TEMPLATE_TOKENS, output_tokens_asked=wish.max_tokens or TOKENS_UNLESS_SAID,
        user=(wish.user or "")[:NAME_CHARACTERS_MAX], task="completions", choices=check_choices(wish.n),
    )  # fmt: skip
    return question, bool(wish.stream_options and wish.stream_options.include_usage)


def _check(wish: _Wish) -> None:
    check_limit("max_tokens", wish.max_tokens)
    if wish.best_of not in (None, 1, wish.n):
        raise unpriced("best_of", "answers that nobody is told have no price here; ask for n of them")
    texts = wish.prompt if isinstance(wish.prompt, list) else [wish.prompt]
    is_tokens = bool(texts) and all(isinstance(part, int) for part in texts)
    if not is_tokens and len(texts) != 1:
        raise Invalid(
            "bad_request", "prompt: send one text, or the tokens of one; ask again for another", param="prompt"
        )
