"""POST /v1/chat/completions: OpenAI's dialect in and out, with the answer's own id, and its charge at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import msgspec

from solvent.answering.answer import answer
from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.app import problems
from solvent.app.http import Headers, Receive, Send, read_body, respond, until_gone
from solvent.gateway.asking import read_question
from solvent.identity.caller import Caller
from solvent.providers.port import Chunk
from solvent.values.errors import SolventError
from solvent.values.ids import AnswerId
from solvent.values.limits import ANSWER_S_MAX, DRAIN_S_MAX
from solvent.values.money import plain
from solvent.values.usage import all_input_tokens, all_output_tokens

_encode = msgspec.json.encode
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_NULL = msgspec.Raw(b"null")
_NO_CHOICES = msgspec.Raw(b"[]")
_EVENT_STREAM = ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"),
                 (b"x-accel-buffering", b"no"))  # fmt: skip

Answering = AsyncGenerator[Opened | Chunk | Receipt, None]


async def chat_completions(caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send) -> None:
    """One request, from its body to the last byte. Raises SolventError only before the response began."""
    question, wants_usage = read_question(await read_body(receive), id, desk.now_us())
    answering: Answering = answer(question, caller, desk)
    try:
        if question.stream:
            await _stream(question, answering, receive, send, wants_usage=wants_usage)
        else:
            await _whole(question, answering, send)
    finally:
        await answering.aclose()


async def _whole(question: Question, answering: Answering, send: Send) -> None:
    body, headers = b"", list[tuple[bytes, bytes]]()
    async for step in answering:
        if isinstance(step, Chunk):
            if step.usage is not None:
                step.members["usage"] = _without_cost(step.usage)
            body = _render(step, question)
        elif isinstance(step, Opened):
            headers = _opening_headers(step)
        else:
            headers += [
                (b"x-solvent-charge", plain(step.charge).encode()),
                (b"x-solvent-currency", step.currency.encode()),
            ]
    await respond(send, 200, body, headers)


async def _stream(question: Question, answering: Answering, receive: Receive, send: Send, *, wants_usage: bool) -> None:
    teller = _Teller(question, send, wants_usage=wants_usage)
    try:
        async with asyncio.timeout(ANSWER_S_MAX + 60) as deadline:  # a client that stops reading holds nothing for ever
            departure = asyncio.get_running_loop().create_task(_shorten_when_gone(deadline, teller, receive))
            try:
                async for step in answering:
                    if departure.done():
                        return
                    await teller.tell(step)
            finally:
                departure.cancel()
    except SolventError as problem:
        if not teller.has_begun:
            raise
        await teller.tell_problem(problem)
    except TimeoutError:
        return


async def _shorten_when_gone(deadline: asyncio.Timeout, teller: _Teller, receive: Receive) -> None:
    """A silent upstream is not waited for on behalf of nobody."""
    await until_gone(receive)
    deadline.reschedule(asyncio.get_running_loop().time() + teller.patience_s)


class _Teller:
    """Tells one stream, event by event. The response begins with the first chunk, so that an upstream's
    refusal still gets its own status."""

    def __init__(self, question: Question, send: Send, *, wants_usage: bool) -> None:
        self._question = question
        self._send = send
        self._wants_usage = wants_usage
        self._headers: list[tuple[bytes, bytes]] = []
        self._last: dict[str, msgspec.Raw] = {}
        self._usage: msgspec.Raw | None = None
        self.has_begun = False
        self.patience_s = 0.0  # with the upstream, once the client is gone

    async def tell(self, step: Opened | Chunk | Receipt) -> None:
        """Pass one step on to the client."""
        if isinstance(step, Chunk):
            await self._tell_chunk(step)
        elif isinstance(step, Opened):
            self._headers = _opening_headers(step)
            self.patience_s = DRAIN_S_MAX if step.route.provider.on_abort == "drain" else 0.0
        else:
            await self._tell_end(step)

    async def tell_problem(self, problem: SolventError) -> None:
        """After the status has gone out an error is an event, and [DONE] never comes."""
        problems.note(problem, self._question.id)
        await self._event(_encode(problems.body(problem)))
        await self._send({"type": "http.response.body", "body": b""})

    async def _tell_chunk(self, chunk: Chunk) -> None:
        if not self.has_begun:
            await self._begin()
        if chunk.usage is not None:
            self._usage = _without_cost(chunk.usage)
        self._last = chunk.members
        choices = chunk.members.get("choices")
        if chunk.usage is not None and (choices is None or len(bytes(choices)) < 5):
            return  # the usage event proper: it is told at the end, with the charge
        if self._wants_usage:
            chunk.members["usage"] = _NULL
        await self._event(_render(chunk, self._question))

    async def _tell_end(self, receipt: Receipt) -> None:
        if not self.has_begun:
            await self._begin()
        if self._wants_usage:
            usage = self._usage
            if usage is None:
                read, written = all_input_tokens(receipt.usage), all_output_tokens(receipt.usage)
                report = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
                usage = msgspec.Raw(_encode(report))
            bill = {"answer": receipt.id, "charge": plain(receipt.charge), "currency": receipt.currency}
            members = {**self._last, "choices": _NO_CHOICES, "usage": usage, "solvent": msgspec.Raw(_encode(bill))}
            await self._event(_render(Chunk(members), self._question))
        await self._send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    async def _begin(self) -> None:
        self.has_begun = True
        headers: Headers = [*_EVENT_STREAM, *self._headers]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def _event(self, payload: bytes) -> None:
        event = b"data: " + payload + b"\n\n"
        await self._send({"type": "http.response.body", "body": event, "more_body": True})


def _opening_headers(opened: Opened) -> list[tuple[bytes, bytes]]:
    headers = [(b"x-request-id", opened.question.id.encode())]
    asked = opened.question.output_tokens_asked
    if opened.output_tokens_max < (asked or opened.route.output_tokens_max):
        headers.append((b"x-solvent-output-tokens-max", str(opened.output_tokens_max).encode()))
    return headers


def _without_cost(usage: msgspec.Raw) -> msgspec.Raw:
    """Some upstreams report what they charge us beside the tokens; that never leaves the house."""
    if b"cost" not in bytes(usage):
        return usage
    try:
        members = _decode_members(usage)
    except msgspec.DecodeError:
        return _NULL
    return msgspec.Raw(_encode({name: value for name, value in members.items() if "cost" not in name.lower()}))


def _render(chunk: Chunk, question: Question) -> bytes:
    """The upstream's own object, under our id and the name the model is sold by."""
    members: dict[str, object] = dict(chunk.members)
    members.pop("provider", None)  # who answered behind a reseller is not the customer's business
    members["id"] = question.id
    members["model"] = question.model
    return _encode(members)
