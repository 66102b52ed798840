"""Telling a stream, whatever its dialect: begin with the first chunk, notice who left, end with the receipt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from typing import Final

import msgspec

from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.app import problems
from solvent.app.http import Began, Headers, Receive, Send, until_gone
from solvent.gateway.rate_headers import messages_rate_headers, rate_headers
from solvent.providers.port import Chunk, Like
from solvent.values.errors import SolventError
from solvent.values.limits import ANSWER_S_MAX
from solvent.values.money import plain

EVENT_STREAM: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.encode
_NULL = msgspec.Raw(b"null")

Step = Opened | Chunk | Receipt
Answering = AsyncGenerator[Step, None]


class Teller:
    """Tells one stream, event by event; how an event looks is the dialect's. The response begins with the first
    chunk, so that an upstream's refusal still gets its own status.

    has_begun: then an error is an event. patience_s: with the upstream, once the client is gone.
    """

    def __init__(self, question: Question, send: Send, headers: Headers = ()) -> None:
        self._question = question
        self._send = send
        self._named = list(headers)
        self._headers = self._named
        self._as_asked = True
        self._usage: msgspec.Raw | None = None
        self._push = send.push if isinstance(send, Began) else None
        self._like: Like | None = None
        self._ahead = self._behind = b""  # of the word, in what tells an event like that one
        self.has_begun = False
        self.patience_s = 0.0

    async def tell(self, step: Step) -> None:
        """Pass one step on to the client."""
        if isinstance(step, Opened):
            self._headers = [*self._named, *opening_headers(step)]  # anew where it is asked elsewhere
            self._as_asked = speaks_as_asked(step)
            self.patience_s = step.route.drain_s if step.route.provider.on_abort == "drain" else 0.0
            return
        if not self.has_begun and (isinstance(step, Receipt) or step.members):
            self.has_begun = True
            headers = [*EVENT_STREAM, *self._headers]
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        if isinstance(step, Receipt):
            await self._tell_end(step)
        elif events := self.events(step):
            await self.write(events)

    def events(self, chunk: Chunk) -> bytes:
        """What tells a chunk; nothing for one that only counts, or is told at the end."""
        if chunk.usage is not None and self._as_asked:
            self._usage = without_cost(chunk.usage)
        return self._told(chunk) if chunk.members else b""

    def push(self, like: Like, word: bytes) -> bool:
        """Tell an event at once that is like one that was told, where that is possible without waiting."""
        if like is not self._like:
            told = self._told(like.chunk)
            self._like = like
            self._ahead, _, self._behind = told.partition(like.word) if told.count(like.word) == 1 else (b"", b"", b"")
        if not self._ahead or not self.has_begun or self._push is None:
            return False
        return self._push(self._ahead + word + self._behind)

    def write(self, events: bytes) -> Awaitable[None]:
        """Send events, after which more will come."""
        return self._send({"type": "http.response.body", "body": events, "more_body": True})

    async def tell_problem(self, problem: SolventError) -> None:
        """After the status has gone out an error is an event, and the words that end a stream never come."""
        problems.note(problem, self._question.id)
        await self._tell_error(problem)
        await self._last()

    async def _last(self, event: bytes = b"") -> None:
        await self._send({"type": "http.response.body", "body": event})

    def _told(self, chunk: Chunk) -> bytes:
        """The events that tell a chunk; none for what is told at the end."""
        raise NotImplementedError

    async def _tell_end(self, receipt: Receipt) -> None:
        raise NotImplementedError

    async def _tell_error(self, problem: SolventError) -> None:
        raise NotImplementedError


async def tell_stream(teller: Teller, answering: Answering, receive: Receive) -> None:
    """Tell every step. Raises SolventError only before the response began."""
    try:
        async with asyncio.timeout(ANSWER_S_MAX + 60) as deadline:  # a client that stops reading holds nothing for ever
            departure = asyncio.get_running_loop().create_task(_shorten_when_gone(deadline, teller, receive))
            try:
                async for step in answering:
                    if departure.done():
                        return
                    if not teller.has_begun or not isinstance(step, Chunk):
                        await teller.tell(step)
                    elif events := teller.events(step):  # as nearly all are told, with as little as can be
                        await teller.write(events)
            finally:
                departure.cancel()
    except SolventError as problem:
        if not teller.has_begun:
            raise
        await teller.tell_problem(problem)
    except TimeoutError:
        return


async def _shorten_when_gone(deadline: asyncio.Timeout, teller: Teller, receive: Receive) -> None:
    """A silent upstream is not waited for on behalf of nobody."""
    await until_gone(receive)
    deadline.reschedule(asyncio.get_running_loop().time() + teller.patience_s)


def opening_headers(opened: Opened) -> list[tuple[bytes, bytes]]:
    """What is known when an answer begins."""
    headers = [(b"x-request-id", opened.question.id.encode())]
    asked = opened.question.output_tokens_asked
    if opened.output_tokens_each < (asked or opened.route.output_tokens_max):
        headers.append((b"x-solvent-output-tokens-max", str(opened.output_tokens_each).encode()))
    guarded = opened.question.guarded
    if guarded is not None and opened.question.stream:  # of a whole answer all is known at its end
        headers += guard_headers(guarded.acts.told())
    if opened.entered:
        headers += messages_rate_headers(opened) if opened.question.dialect == "messages" else rate_headers(opened)
    return headers


def charge_headers(receipt: Receipt) -> list[tuple[bytes, bytes]]:
    """What is known when an answer is on the books."""
    charge, currency = plain(receipt.charge).encode(), receipt.currency.encode()
    headers = [(b"x-solvent-charge", charge), (b"x-solvent-currency", currency)]
    return headers + guard_headers(receipt.guards) if receipt.guards else headers


def guard_headers(told: str) -> list[tuple[bytes, bytes]]:
    """What guards did, where they did something."""
    return [(b"x-solvent-guards", told.encode())] if told else []


def bill(receipt: Receipt) -> dict[str, str]:
    """What an answer came to, for the end of a stream."""
    told = {"answer": receipt.id, "charge": plain(receipt.charge), "currency": receipt.currency}
    return told | {"guards": receipt.guards} if receipt.guards else told


def speaks_as_asked(opened: Opened) -> bool:
    """Whether the provider's own reports can be told as they are."""
    return opened.route.provider.speaks == opened.question.dialect


def without_cost(usage: msgspec.Raw) -> msgspec.Raw:
    """Some upstreams report what they charge us beside the tokens; that never leaves the house."""
    if bytes(usage).find(b"cost") < 0:
        return usage
    try:
        members = _decode_members(usage)
    except msgspec.DecodeError:
        return _NULL
    return msgspec.Raw(_encode({name: value for name, value in members.items() if "cost" not in name.lower()}))
