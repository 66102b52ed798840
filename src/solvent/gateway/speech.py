"""POST /v1/audio/speech: a text spoken, told as it comes; paid by its characters."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.app import problems
from solvent.app.http import Receive, Send, read_body
from solvent.bridging.responses_request import not_served
from solvent.gateway.begun import begun
from solvent.gateway.reading import read_members, unpriced
from solvent.gateway.telling import Step, Teller, tell_stream
from solvent.identity.caller import Caller
from solvent.providers.port import Chunk
from solvent.values.errors import Invalid, SolventError
from solvent.values.ids import AnswerId
from solvent.values.limits import NAME_CHARACTERS_MAX, SPEECH_CHARACTERS_MAX
from solvent.values.usage import Usage

# What may be sent; anything else could cost more than characters.
_PASSED_ON = {"model", "input", "voice", "instructions", "response_format", "speed"}
_OURS = {"user", "stream_format"}
_TYPES: Final = {
    "mp3": b"audio/mpeg", "opus": b"audio/ogg", "aac": b"audio/aac", "flac": b"audio/flac", "wav": b"audio/wav",
    "pcm": b"audio/pcm",
}  # fmt: skip


class _Wish(msgspec.Struct):
    model: str
    input: str
    instructions: str | None = None
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] | None = None
    stream_format: Literal["audio", "sse"] | None = None
    user: str | None = None


_decoder = msgspec.json.Decoder(_Wish)


async def speech(caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send) -> None:
    """One request, from its body to the last byte. Raises SolventError only before the response began."""
    question, content_type = read_wish(await read_body(receive), id, desk.now_us())
    answering = begun(question, caller, desk)
    try:
        await tell_stream(_SoundTeller(question, send, [(b"content-type", content_type)]), answering, receive)
    finally:
        await answering.aclose()


def read_wish(body: bytes, id: AnswerId, received_us: int) -> tuple[Question, bytes]:
    """The question in a request body, and the type of its answer. Raises Invalid naming the member at fault."""
    wish, members = read_members(body, _decoder)
    for name in members:
        if name not in _PASSED_ON and name not in _OURS:
            raise unpriced(name)
    if wish.stream_format == "sse":
        raise not_served("stream_format", "sound comes as its own bytes here; leave it out")
    if not wish.input:
        raise Invalid("bad_request", "input: send the text to be spoken", param="input")
    characters = len(wish.input) + len(wish.instructions or "")
    if characters > SPEECH_CHARACTERS_MAX:
        message = f"input: {characters:,} characters are more than SPEECH_CHARACTERS_MAX, {SPEECH_CHARACTERS_MAX:,}"
        raise Invalid("bad_request", message, param="input")
    spoken = Usage(characters=characters)
    question = Question(
        id=id, received_us=received_us, model=wish.model,
        members={name: value for name, value in members.items() if name in _PASSED_ON}, stream=True,
        input_tokens_most=0, output_tokens_asked=1, user=(wish.user or "")[:NAME_CHARACTERS_MAX], task="speech",
        beside=spoken, sure=spoken,
    )  # fmt: skip
    return question, _TYPES[wish.response_format or "mp3"]


class _SoundTeller(Teller):
    """Sound as it comes. What breaks off ends without its end, so that nobody takes it for whole."""

    async def tell(self, step: Step) -> None:
        if isinstance(step, Opened):
            await super().tell(step)
        elif isinstance(step, Receipt):
            await self._last()
        else:
            if not self.has_begun:
                self.has_begun = True
                await self._send({"type": "http.response.start", "status": 200, "headers": self._headers})
            await self.write(step.data)

    def events(self, chunk: Chunk) -> bytes:
        return chunk.data

    async def tell_problem(self, problem: SolventError) -> None:
        problems.note(problem, self._question.id)
