"""What Solvent asks of a provider of tokens: one streaming method. `contract.py` proves an adapter."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Literal, Protocol, runtime_checkable

import msgspec

from solvent.values.limits import (
    ANSWER_S_MAX,
    UPSTREAM_CONNECT_S_MAX,
    UPSTREAM_FIRST_BYTE_S_MAX,
    UPSTREAM_SILENCE_S_MAX,
)
from solvent.values.usage import Usage

OnAbort = Literal["drain", "cancel"]
# What a provider is asked in: OpenAI's chat completions, Anthropic's messages, Google's generateContent, or AWS's
# Converse.
Dialect = Literal["chat", "messages", "gemini", "converse"]

# What is asked for: the next words of a conversation or of a text, numbers that stand for the meaning of some, or
# pictures, others made of given ones, a text spoken, what is said in a recording, whether texts are harmful, which
# documents are nearest to a query, or videos.
Task = Literal[
    "chat",
    "completions",
    "embeddings",
    "images",
    "edits",
    "speech",
    "transcriptions",
    "moderations",
    "rerank",
    "videos",
]


class File(msgspec.Struct, frozen=True):
    """A file that comes with a question. field: the member that it is. name, content_type: as the client calls it."""

    field: str
    name: str
    data: bytes
    content_type: str = ""


class Call(msgspec.Struct, frozen=True):
    """One question, as sent to a provider, in the dialect it speaks.

    upstream: the model's name at the provider. members: the members of the JSON body: the client's own, verbatim,
    where it speaks that dialect too.
    output_tokens_max: what the hold pays for; the provider must not be allowed to write more. task: what is asked for;
    all but chat is asked of a provider that speaks chat, and of these only completions in a stream. files: that come
    with it. pass_on: may be asked of an event that is like one that was yielded, as soon as it has come and while the
    stream is waited for, whether it was dealt with; such an event is one piece, and is not yielded.
    """

    upstream: str
    members: Mapping[str, msgspec.Raw]
    stream: bool
    output_tokens_max: int
    task: Task = "chat"
    files: tuple[File, ...] = ()
    pass_on: PassOn | None = None


class Chunk(msgspec.Struct, frozen=True):
    """One event of a stream, or a whole reply.

    members: the JSON object as it came, without its usage report; empty for what only counts. pieces: how many
    pieces of text it holds, each at least one token. usage, timings: the upstream's reports, verbatim, if it made
    them. finish: why the model stopped, in chat's words, on the chunk that says so. text: of a whole reply; its words
    are counted only where no report says what it used. made: what can be counted in it beside words, such as pictures.
    data: bytes of what is no JSON, such as sound. around: of an event of a stream, one object for all that say the same
    beside their choices, which alone are then among `members`; None where nobody has looked. See `whole_members`.
    """

    members: dict[str, msgspec.Raw]
    pieces: int = 0
    usage: msgspec.Raw | None = None
    timings: msgspec.Raw | None = None
    finish: str = ""
    text: str = ""
    made: Usage | None = None
    data: bytes = b""
    around: Mapping[str, msgspec.Raw] | None = None


class Like(msgspec.Struct, frozen=True):
    """An event that others are like, one object for all of them: they say the same but for the JSON string `word`."""

    chunk: Chunk
    word: bytes


PassOn = Callable[[Like, bytes], bool]  # of an event that is like another, and its own word; see `Call`


def whole_members(chunk: Chunk) -> dict[str, msgspec.Raw]:
    """All that a chunk says, in its order."""
    return chunk.members if chunk.around is None else {**chunk.around, **chunk.members}


class Provider(Protocol):
    """Sells tokens. Adapters are registered in the entry-point group `solvent.providers`."""

    @property
    def name(self) -> str:
        """The provider's name in the configuration."""
        ...

    @property
    def on_abort(self) -> OnAbort:
        """When nobody listens any more: read on to the usage report, or hang up because that ends the bill."""
        ...

    @property
    def speaks(self) -> Dialect:
        """Its dialect: that of the calls it takes, the chunks it yields and the usage it reports."""
        ...

    def stream(self, call: Call) -> AsyncGenerator[Chunk, None]:
        """Yield the answer as it comes; closing the generator hangs up.

        Raises Unavailable when the upstream cannot be reached, refuses, breaks off or falls silent, and
        Invalid when it finds the question itself at fault.
        """
        ...

    async def probe(self) -> tuple[str, ...]:
        """The upstream's own names of the models it serves now. Raises Unavailable when it does not answer."""
        ...

    async def close(self) -> None:
        """Let go of all connections."""
        ...


@runtime_checkable
class CountsTokens(Protocol):
    """What a provider may do beside: count a question's tokens without answering it, and free of charge."""

    async def count_tokens(self, call: Call) -> int:
        """How many tokens the model would read. Raises as `Provider.stream` does."""
        ...


class VideoTold(msgspec.Struct, frozen=True):
    """What a provider tells of a video. id: its own name of it. percent: how far it is. seconds: how long it is or will
    be, gone_us: when it is deleted there: 0 where that is not said. fault: why it failed, in the provider's words."""

    id: str
    state: Literal["queued", "in_progress", "completed", "failed"]
    percent: int = 0
    seconds: int = 0
    gone_us: int = 0
    fault: str = ""


class VideoBytes(msgspec.Struct, frozen=True):
    """A video, or a picture of it, as it comes. Close the parts to hang up."""

    media_type: str
    parts: AsyncGenerator[bytes, None]


class Videos(Protocol):
    """Makes videos, each a job that takes minutes. All raise as `Provider.stream` does."""

    async def begin(self, call: Call) -> VideoTold:
        """Have one made."""
        ...

    async def look(self, id: str) -> VideoTold | None:
        """How far it is; None where nothing is known of it."""
        ...

    async def open(self, id: str, variant: str) -> VideoBytes | None:
        """The video itself, or another variant of it such as its thumbnail; None where nothing is known of it."""
        ...

    async def delete(self, id: str) -> bool:
        """Delete it. Whether it was there."""
        ...


@runtime_checkable
class MakesVideos(Protocol):
    """What a provider may do beside: make videos. None where it does not as it is set up."""

    @property
    def videos(self) -> Videos | None:
        """How it is asked for them."""
        ...


class Settings(msgspec.Struct, frozen=True):
    """What the configuration says of one upstream. key: the secret itself, already looked up; may be empty.

    base_url: where it is; limit_field: what it calls the limit on output tokens: both as the adapter knows them where
    nothing is said. api_version: where its addresses have one. members: sent with every question. The longest
    it may take, connect_s: to be connected to; first_byte_s: to begin its answer; silence_s: to go on with it; total_s:
    for all of it. proxies: which proxy leads where, by the names of the environment's variables.
    rests: told for how many seconds our key there has nothing left of its rates. traced: headers that make what is
    asked now part of a trace; None where nothing is traced.
    """

    name: str
    base_url: str = ""
    key: str = ""
    on_abort: OnAbort = "drain"
    limit_field: str = ""
    api_version: str = ""
    connect_s: float = UPSTREAM_CONNECT_S_MAX
    first_byte_s: float = UPSTREAM_FIRST_BYTE_S_MAX
    silence_s: float = UPSTREAM_SILENCE_S_MAX
    total_s: float = ANSWER_S_MAX
    members: Mapping[str, object] = {}
    proxies: Mapping[str, str] = {}
    rests: Callable[[int], None] | None = None
    traced: Callable[[], Mapping[str, str]] | None = None

    def __repr__(self) -> str:
        return f"Settings({self.name!r}, {self.base_url!r})"


class OpenProvider(Protocol):
    """What an entry point in the group `solvent.providers` names: a function that makes a provider."""

    def __call__(self, settings: Settings) -> Provider:
        """Raises Invalid when the settings make no sense. Connects to nothing yet."""
        ...
