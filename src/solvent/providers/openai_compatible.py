"""Anything that speaks OpenAI's chat completions: vLLM, SGLang, llama.cpp, Ollama and many more.

Usage is always asked for upstream, whether or not the client did; the gateway strips what it did not ask.
A vendor that speaks it with an accent has a file of its own, which says only what is different.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Annotated, Final
from urllib.parse import quote

import msgspec

from solvent.providers.alike import Alike
from solvent.providers.faults import UNREADABLE
from solvent.providers.fields import fields_of
from solvent.providers.mould import Mould
from solvent.providers.openai_videos import OpenAIVideos
from solvent.providers.port import Call, Chunk, Dialect, OnAbort, Provider, Settings, Task
from solvent.providers.upstream import Upstream
from solvent.values.errors import Invalid, Unavailable
from solvent.values.limits import HEARD_S_MAX, UPSTREAM_BODY_BYTES_MAX
from solvent.values.usage import Usage
from solvent.wire.form import encode_form

_DONE = b"[DONE]"
_NULL: Final = msgspec.Raw(b"null")
_NO_SOUND: Final = ("application/json", "text/")
_NO_CHOICES: Final = (_NULL, msgspec.Raw(b"[]"))
_NO_WORDS: Final = (_NULL, msgspec.Raw(b'""'))
# An upstream that does not know the client's word for the limit would know no limit.
_LIMIT_WORDS: Final = frozenset(("max_tokens", "max_completion_tokens"))
_JSON: Final = "application/json"
# What comes whole, and the member that it is in.
_WHOLE: Final[Mapping[Task, str]] = {
    "embeddings": "data", "images": "data", "edits": "data", "transcriptions": "text",
    "moderations": "results", "rerank": "results",
}  # fmt: skip
# Where it is asked for what is no chat.
_PATHS: Final[Mapping[Task, str]] = {
    "completions": "/completions", "embeddings": "/embeddings", "images": "/images/generations",
    "edits": "/images/edits", "speech": "/audio/speech", "transcriptions": "/audio/transcriptions",
    "moderations": "/moderations", "rerank": "/rerank",
}  # fmt: skip
_INCLUDE_USAGE: Final = msgspec.Raw(b'{"include_usage":true}')

_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_duration = msgspec.json.Decoder(float).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_encode = msgspec.json.encode


class Accent(msgspec.Struct, frozen=True):
    """What one vendor does otherwise.

    base_url: its own address. key_header: where it looks for our key. limit_field: its word for the limit on output
    tokens. left_out: members it refuses or that are ours to say, and that change no answer. renamed: its words for
    members. asks_usage: whether a stream reports usage only when asked to. chat_path, models_path: behind the base
    URL; "{model}" becomes the model's name there. lists_models: whether it lists models by the names it is asked by.
    heard: an event or a whole reply as plain chat completions have it; raises what decoding does.
    """

    base_url: str = ""
    key_header: str = "authorization"
    limit_field: str = "max_tokens"
    left_out: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = {}
    asks_usage: bool = True
    chat_path: str = "/chat/completions"
    models_path: str = "/models"
    lists_models: bool = True
    heard: Callable[[bytes], bytes] | None = None


PLAIN: Final = Accent()


class _Text(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None  # OpenRouter, Upstage, newer vLLM
    tool_calls: list[msgspec.Raw] | None = None


class _Choice(msgspec.Struct):
    delta: _Text | None = None
    message: _Text | None = None
    finish_reason: str | None = None
    text: str | None = None  # of a completion, whole or a piece of it


class _Arguments(msgspec.Struct, frozen=True):
    arguments: msgspec.Raw = _NULL


class _ToolCall(msgspec.Struct):
    function: _Arguments = _Arguments()


class _Delta(msgspec.Struct, frozen=True):
    content: msgspec.Raw = _NULL
    reasoning_content: msgspec.Raw = _NULL
    reasoning: msgspec.Raw = _NULL
    tool_calls: list[_ToolCall] | None = None


class _Words(msgspec.Struct):
    """The texts of a choice, as they came."""

    delta: _Delta = _Delta()
    text: msgspec.Raw = _NULL


class _Ranked(msgspec.Struct):
    index: Annotated[int, msgspec.Meta(ge=0)]
    relevance_score: float


_decode_ranked = msgspec.json.Decoder(list[_Ranked]).decode
_decode_words = msgspec.json.Decoder(list[_Words]).decode
_decode_choices = msgspec.json.Decoder(list[_Choice] | None).decode


def open_provider(settings: Settings) -> Provider:
    """See `OpenProvider`."""
    return OpenAICompatible(settings)


class OpenAICompatible:
    """One upstream behind one base URL."""

    speaks: Dialect = "chat"

    def __init__(self, settings: Settings, accent: Accent = PLAIN) -> None:
        self.name = settings.name
        self.on_abort: OnAbort = settings.on_abort
        key = f"Bearer {settings.key}" if accent.key_header == "authorization" else settings.key
        self._upstream = Upstream(settings, {accent.key_header: key} if settings.key else {}, accent.base_url)
        self._faults = self._upstream.faults
        self._accent = accent
        self._limit_field = settings.limit_field or accent.limit_field
        self._left_out = tuple(accent.left_out | _LIMIT_WORDS)
        is_plain = accent.chat_path == PLAIN.chat_path
        self.videos = OpenAIVideos(self._upstream) if is_plain else None  # not where models are asked by their paths

    async def stream(self, call: Call) -> AsyncGenerator[Chunk, None]:
        """See `Provider.stream`."""
        path = self._accent.chat_path
        if "{" in path:
            path = path.replace("{model}", quote(call.upstream, safe=""))
        if call.task != "chat":
            path = path.replace("/chat/completions", _PATHS[call.task])
            if call.task == "speech":
                async for chunk in self._spoken(path, call):
                    yield chunk
                return
            if call.task in _WHOLE:
                yield await self._whole(path, call)
                return
        reply = await self._upstream.ask(path, self._body(call), streams=call.stream)
        try:
            if not call.stream:
                chunk = self._chunk(reply.whole() or await reply.read(UPSTREAM_BODY_BYTES_MAX))
                if _is_nothing(chunk.members.get("choices")):
                    raise self._faults.garbage("its answer has no choices")
                yield chunk
                return
            events, mould = Alike(call.pass_on if self._accent.heard is None else None), Mould()
            reply.take = events.take
            while data := await reply.part():
                for payload in events.read(data):
                    if payload == _DONE:
                        return
                    chunk = _piece(payload, mould) or self._chunk(payload, mould)
                    if events.is_asked(chunk):
                        events.learn(chunk, word_of(chunk.members["choices"]))
                    yield chunk
            raise Unavailable("upstream_cut_off", f"{self.name} ended its stream without [DONE]")
        finally:
            reply.close()

    async def _whole(self, path: str, call: Call) -> Chunk:
        """A whole reply: embeddings, pictures, what was heard, or a judgement."""
        asked = self._asked(call)
        kind, body = encode_form(fields_of(asked, call.files)) if call.files else (_JSON, _encode(asked))
        reply = await self._upstream.ask(path, body, streams=False, content_type=kind)
        try:
            chunk = self._chunk(await reply.read(UPSTREAM_BODY_BYTES_MAX))
        finally:
            reply.close()
        if _is_nothing(chunk.members.get(_WHOLE[call.task])):
            raise self._faults.garbage(f"its answer has no {call.task}")
        if call.task in ("embeddings", "moderations"):
            return chunk
        try:
            if call.task == "rerank":
                return _ranked(chunk)
            made = _heard(chunk) if call.task == "transcriptions" else _drawn(chunk)
        except (*UNREADABLE, Invalid):
            raise self._faults.garbage(f"its answer has no {call.task} that can be read") from None
        return msgspec.structs.replace(chunk, pieces=1, made=made)

    async def _spoken(self, path: str, call: Call) -> AsyncGenerator[Chunk, None]:
        """Sound as it comes."""
        reply = await self._upstream.ask(path, _encode(self._asked(call)), streams=False)
        try:
            kind = reply.header(b"content-type")
            if kind.startswith(_NO_SOUND):
                raise self._faults.garbage(f"it answered with {kind} where it was to speak")
            is_silent = True
            async for data in reply.chunks():
                is_silent = is_silent and not data
                yield Chunk({}, pieces=1, data=data)
            if is_silent:
                raise self._faults.garbage("it said nothing")
        finally:
            reply.close()

    async def probe(self) -> tuple[str, ...]:
        """See `Provider.probe`."""
        served = await self._upstream.served(self._accent.models_path)
        return served if self._accent.lists_models else ()

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._upstream.close()

    def _body(self, call: Call) -> bytes:
        members = self._known(call)
        members["model"] = call.upstream
        members[self._limit_field if call.task == "chat" else "max_tokens"] = call.output_tokens_max
        if call.stream and self._accent.asks_usage:
            members["stream_options"] = _INCLUDE_USAGE
        if self._upstream.members:
            members.update(self._upstream.members)
        return _encode(members)

    def _asked(self, call: Call) -> dict[str, object]:
        """The body of what is no text: it knows no limit."""
        return {**self._known(call), "model": call.upstream, **self._upstream.members}

    def _known(self, call: Call) -> dict[str, object]:
        """The client's members in the vendor's words, without those it refuses and the limit, which is ours to say."""
        known: dict[str, object] = dict(call.members)
        for name in self._left_out:
            known.pop(name, None)
        renamed = self._accent.renamed
        return {renamed.get(name, name): value for name, value in known.items()} if renamed else known

    def _chunk(self, payload: bytes, mould: Mould | None = None) -> Chunk:
        """mould: takes the look of an event that is one of many."""
        try:
            if self._accent.heard is not None:
                payload = self._accent.heard(payload)
            members = _decode_members(payload)
            raw_choices = members.get("choices")
            # Some servers send null here, or leave it out, on the usage event.
            choices = (_decode_choices(raw_choices) if raw_choices is not None else None) or ()
        except UNREADABLE:
            raise self._faults.garbage("it sent an event that is not a chat completion") from None
        error = members.get("error")
        if error is not None and error != _NULL:
            raise self._faults.said(payload, None)
        usage = members.pop("usage", None)
        if usage == _NULL:
            usage = None
        timings = members.pop("timings", None)
        if mould is not None and usage is None and timings is None:
            mould.take(payload, members)
        pieces, finish, text = _said(choices)
        return Chunk(members, pieces, usage, timings, finish, text)


def _ranked(chunk: Chunk) -> Chunk:
    """Cohere reports in `meta`. Raises what decoding does."""
    _decode_ranked(chunk.members["results"])
    return msgspec.structs.replace(chunk, usage=chunk.usage or chunk.members.get("meta"))


def _drawn(chunk: Chunk) -> Usage:
    return Usage(pictures=len(_decode_list(chunk.members["data"])))


def _heard(chunk: Chunk) -> Usage | None:
    """Where nothing is reported, whoever writes out the times still says how long it was."""
    _decode_text(chunk.members["text"])
    duration = chunk.members.get("duration")
    if chunk.usage is not None or duration is None:
        return None
    seconds = _decode_duration(duration)
    return Usage(audio_input_ms=round(seconds * 1_000)) if 0 <= seconds <= HEARD_S_MAX else None


def _is_nothing(raw: msgspec.Raw | None) -> bool:
    """Whether a member that an answer is in says nothing."""
    return raw is None or raw in _NO_CHOICES


def _piece(payload: bytes, mould: Mould) -> Chunk | None:
    """An event that looks like the ones before it, as nearly all of a stream do; None for any other."""
    raw = mould.choices_of(payload)
    if not raw:
        return None
    try:
        pieces, finish, text = _said(_decode_choices(raw) or ())
    except UNREADABLE:
        return None
    return Chunk({"choices": msgspec.Raw(raw)}, pieces, None, None, finish, text, around=mould.around)


def word_of(choices: msgspec.Raw) -> bytes:
    """The one string that makes a piece of choices, as it came; empty where it is not one string of one choice."""
    try:
        found = _decode_words(choices)
    except UNREADABLE:
        return b""
    if len(found) != 1:
        return b""
    choice, said = found[0], found[0].delta
    texts = [choice.text, said.content, said.reasoning_content, said.reasoning]
    texts += [call.function.arguments for call in said.tool_calls or ()]
    words = [bytes(text) for text in texts if text not in _NO_WORDS]
    return words[0] if len(words) == 1 else b""


def _said(choices: Sequence[_Choice]) -> tuple[int, str, str]:
    """How many pieces of text choices hold, why they ended, and their words where they are whole."""
    pieces, finish, words = 0, "", ""
    for choice in choices:
        finish = finish or choice.finish_reason or ""
        message = choice.message
        said = choice.delta or message
        if said is None:
            words = f"{words} {choice.text}" if words else choice.text or ""
            pieces += 1 if choice.text else 0
            continue
        # What a choice holds is at least one token, if it holds anything.
        pieces += 1 if said.content or said.reasoning_content or said.reasoning or said.tool_calls else 0
        if message is not None:
            # Of a whole message only its words are sure to be tokens.
            thought, whole = message.reasoning_content or message.reasoning, message.content or ""
            whole = f"{thought} {whole}" if thought else whole
            words = f"{words} {whole}" if words else whole
    return pieces, finish, words
