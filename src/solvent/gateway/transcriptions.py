"""POST /v1/audio/transcriptions: what is said in a recording; paid by the minute, or by the tokens it is heard in."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.app.http import Receive, Send
from solvent.bridging.responses_request import not_served
from solvent.gateway.form import Form, read_form
from solvent.gateway.recording import length_of
from solvent.gateway.whole import Members, tell_whole
from solvent.identity.caller import Caller
from solvent.values.errors import Invalid
from solvent.values.ids import AnswerId
from solvent.values.limits import NAME_CHARACTERS_MAX, RECORDING_TOKENS_A_SECOND_MAX
from solvent.values.usage import Usage

# What may be sent; anything else could cost more than the recording.
_PASSED_ON: Final = frozenset({
    "model", "language", "prompt", "temperature", "timestamp_granularities", "include", "chunking_strategy",
})  # fmt: skip
_FIELDS: Final = _PASSED_ON | {"response_format", "stream", "user"}
_WORDS_AROUND: Final = 64  # tokens that a model may add around the prompt
_decode_text = msgspec.json.Decoder(str).decode


class _Wish(msgspec.Struct):
    model: str
    prompt: str = ""
    response_format: Literal["json", "text", "verbose_json", "diarized_json", "srt", "vtt"] = "json"
    stream: bool = False
    user: str = ""


async def transcriptions(
    content_type: bytes, caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send
) -> None:
    """One request, from its body to the last byte. Raises SolventError only before the response began."""
    form = await read_form(content_type, receive, _FIELDS, {"file"})
    wish = form.as_(_Wish)
    question = _question(form, wish, id, desk.now_us())
    await tell_whole(question, caller, desk, send, _text_alone if wish.response_format == "text" else _as_it_came)


def _question(form: Form, wish: _Wish, id: AnswerId, received_us: int) -> Question:
    if len(form.files) != 1 or not form.files[0].data:
        raise Invalid("bad_request", "file: send one recording", param="file")
    if wish.stream:
        raise not_served("stream", "what was said comes whole here; leave it out")
    if wish.response_format in ("srt", "vtt"):
        raise not_served("response_format", "ask for verbose_json, whose segments have their times")
    asked = "json" if wish.response_format == "text" else wish.response_format  # which alone reports what was heard
    members = {**form.members(_PASSED_ON), "response_format": msgspec.Raw(msgspec.json.encode(asked))}
    length = length_of(form.files[0].data)
    heard_most = -(-length.most * RECORDING_TOKENS_A_SECOND_MAX // 1_000)
    return Question(
        id=id, received_us=received_us, model=wish.model, members=members, stream=False,
        input_tokens_most=len(wish.prompt.encode()) + _WORDS_AROUND + heard_most, output_tokens_asked=1,
        user=wish.user[:NAME_CHARACTERS_MAX], task="transcriptions", beside=Usage(audio_input_ms=length.most),
        sure=Usage(audio_input_ms=length.least), files=tuple(form.files),
    )  # fmt: skip


def _as_it_came(members: Members, usage: msgspec.Raw | None, _receipt: Receipt) -> dict[str, object]:
    return {**members} if usage is None else {**members, "usage": usage}


def _text_alone(members: Members, _usage: msgspec.Raw | None, _receipt: Receipt) -> str:
    return f"{_decode_text(members['text'])}\n"
