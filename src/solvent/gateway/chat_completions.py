"""POST /v1/chat/completions: OpenAI's dialect in and out, with the answer's own id, and its charge at the end."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.app import problems
from solvent.app.http import Receive, Send, read_body, respond
from solvent.gateway.asking import read_question
from solvent.gateway.begun import begun
from solvent.gateway.telling import (
    Answering,
    Teller,
    bill,
    charge_headers,
    opening_headers,
    speaks_as_asked,
    tell_stream,
    without_cost,
)
from solvent.gateway.usage_reports import chat_report
from solvent.identity.caller import Caller
from solvent.providers.port import Chunk, whole_members
from solvent.values.errors import SolventError
from solvent.values.ids import AnswerId

_encode = msgspec.json.encode
_NULL = msgspec.Raw(b"null")
_NO_CHOICES = msgspec.Raw(b"[]")


async def chat_completions(
    caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send, service: str = ""
) -> None:
    """One request, from its body to the last byte. service: what it comes through, where that is not the API.

    Raises SolventError only before the response began.
    """
    question, wants_usage = read_question(await read_body(receive), id, desk.now_us())
    if service:
        question = msgspec.structs.replace(question, service=service)
    await tell_chat(question, caller, desk, receive, send, wants_usage=wants_usage)


def tell_chat(
    question: Question, caller: Caller, desk: Desk, receive: Receive, send: Send, *, wants_usage: bool
) -> Awaitable[None]:
    """Ask, and tell the answer in OpenAI's words, whole or as a stream. wants_usage: its usage event too."""
    if not question.stream:
        return _whole(question, begun(question, caller, desk), send)
    teller = _Teller(question, send, wants_usage=wants_usage)
    return _told(teller, begun(question, caller, desk, teller.push), receive)


async def _told(teller: Teller, answering: Answering, receive: Receive) -> None:
    try:
        await tell_stream(teller, answering, receive)
    finally:
        await answering.aclose()


async def _whole(question: Question, answering: Answering, send: Send) -> None:
    members: dict[str, msgspec.Raw] = {}
    headers: list[tuple[bytes, bytes]] = []
    usage, as_asked = None, True
    try:
        async for step in answering:
            if isinstance(step, Chunk):
                members, usage = step.members, step.usage
            elif isinstance(step, Opened):
                headers, as_asked = opening_headers(step), speaks_as_asked(step)
            else:
                headers += charge_headers(step)
                if not as_asked:
                    members["usage"] = msgspec.Raw(_encode(chat_report(step.usage)))
                elif usage is not None:
                    members["usage"] = without_cost(usage)
    finally:
        await answering.aclose()
    await respond(send, 200, _encode(_named(members, question)), headers)


class _Teller(Teller):
    """OpenAI's events. The usage event comes at the end, with the charge, for whoever asked for it."""

    def __init__(self, question: Question, send: Send, *, wants_usage: bool) -> None:
        super().__init__(question, send)
        self._wants_usage = wants_usage
        self._latest: Chunk | None = None
        self._around: Mapping[str, msgspec.Raw] | None = None
        self._before = self._after = b""  # of the choices, in the events that say the same around them

    def _told(self, chunk: Chunk) -> bytes:
        self._latest = chunk
        if chunk.around is not None:
            if chunk.around is not self._around:
                self._around = chunk.around
                self._before, self._after = self._cast(whole_members(chunk))
            return b"data: %b%b%b\n\n" % (self._before, chunk.members["choices"], self._after)
        if chunk.usage is not None:
            choices = chunk.members.get("choices")
            if choices is None or len(bytes(choices)) < 5:
                return b""  # the usage event proper: it is told at the end
        return _event(_encode(self._told_as(chunk.members)))

    def _told_as(self, upstreams: dict[str, msgspec.Raw]) -> dict[str, object]:
        members = _named(upstreams, self._question)
        return {**members, "usage": _NULL} if self._wants_usage else members

    def _cast(self, upstreams: dict[str, msgspec.Raw]) -> tuple[bytes, bytes]:
        """What an event is told as before and after its choices: these are all that differs from now on."""
        items = [*self._told_as(upstreams).items()]
        at = [name for name, _ in items].index("choices")
        before, after = _encode(dict(items[:at])), _encode(dict(items[at + 1 :]))
        comma = b"," if at else b""
        return b'%b%b"choices":' % (before[:-1], comma), b",%b" % after[1:] if len(items) > at + 1 else b"}"

    async def _tell_end(self, receipt: Receipt) -> None:
        if self._wants_usage:
            usage = self._usage
            if usage is None:
                usage = msgspec.Raw(_encode(chat_report(receipt.usage)))
            latest = whole_members(self._latest) if self._latest is not None else {}
            members = {**latest, "choices": _NO_CHOICES, "usage": usage,
                       "solvent": msgspec.Raw(_encode(bill(receipt)))}  # fmt: skip
            await self.write(_event(_encode(_named(members, self._question))))
        await self._last(b"data: [DONE]\n\n")

    async def _tell_error(self, problem: SolventError) -> None:
        await self.write(_event(_encode(problems.body(problem))))


def _event(payload: bytes) -> bytes:
    return b"data: %b\n\n" % payload


def _named(upstreams: dict[str, msgspec.Raw], question: Question) -> dict[str, object]:
    """The upstream's own object, under our id and the name the model is sold by."""
    members: dict[str, Any] = upstreams.copy()  # which is quicker than to make one of it that has lost its usage
    members.pop("provider", None)  # who answered behind a reseller is not the customer's business
    members["id"] = question.id
    members["model"] = question.model
    return members
