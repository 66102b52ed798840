"""POST /v1/messages: Anthropic's dialect in and out, with the answer's own id, and its charge at the end."""

from __future__ import annotations

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.app import problems
from solvent.app.http import Receive, Send, read_body, respond
from solvent.gateway.asking_messages import read_messages
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
from solvent.gateway.usage_reports import messages_report
from solvent.identity.caller import Caller
from solvent.providers.port import Chunk
from solvent.values.errors import SolventError
from solvent.values.ids import AnswerId
from solvent.values.usage import Usage

_encode = msgspec.json.encode
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_NOTHING_YET = msgspec.Raw(_encode(messages_report(Usage())))


async def messages(caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send) -> None:
    """One request, from its body to the last byte. Raises SolventError only before the response began."""
    question = read_messages(await read_body(receive), id, desk.now_us())
    teller = _Teller(question, send) if question.stream else None
    answering: Answering = begun(question, caller, desk, None if teller is None else teller.push)
    try:
        if teller is not None:
            await tell_stream(teller, answering, receive)
        else:
            await _whole(question, answering, send)
    finally:
        await answering.aclose()


async def _whole(question: Question, answering: Answering, send: Send) -> None:
    members, usage = dict[str, msgspec.Raw](), None
    headers, as_asked = list[tuple[bytes, bytes]](), True
    async for step in answering:
        if isinstance(step, Chunk):
            members, usage = step.members, step.usage
        elif isinstance(step, Opened):
            headers, as_asked = [*_named_headers(question), *opening_headers(step)], speaks_as_asked(step)
        else:
            headers += charge_headers(step)
            usage = _usage(usage if as_asked else None, step)
    await respond(send, 200, _encode(_named(members, question) | {"usage": usage}), headers)


class _Teller(Teller):
    """Anthropic's events. Why it ended and what it used is told once it is on the books."""

    def __init__(self, question: Question, send: Send) -> None:
        super().__init__(question, send, _named_headers(question))
        self._ending: dict[str, msgspec.Raw] = {}

    def _told(self, chunk: Chunk) -> bytes:
        kind = msgspec.json.decode(chunk.members["type"], type=str)
        if kind == "message_delta":
            self._ending = chunk.members
        elif kind == "message_start":
            message = _named(_decode_members(chunk.members["message"]), self._question)
            return _event(kind, {"type": kind, "message": {"usage": _NOTHING_YET} | message})
        elif kind != "message_stop":
            return _event(kind, chunk.members)
        return b""

    async def _tell_end(self, receipt: Receipt) -> None:
        usage = _usage(self._usage, receipt)
        await self.write(_event("message_delta", {**self._ending, "type": "message_delta", "usage": usage}))
        await self.write(_event("message_stop", {"type": "message_stop", "solvent": bill(receipt)}))
        await self._last()

    async def _tell_error(self, problem: SolventError) -> None:
        await self.write(_event("error", problems.messages_body(problem, self._question.id)))


def _event(kind: str, members: object) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), _encode(members))


def _named_headers(question: Question) -> list[tuple[bytes, bytes]]:
    return [(b"request-id", question.id.encode())]


def _usage(report: msgspec.Raw | None, receipt: Receipt) -> msgspec.Raw:
    return msgspec.Raw(_encode(messages_report(receipt.usage))) if report is None else without_cost(report)


def _named(upstreams: dict[str, msgspec.Raw], question: Question) -> dict[str, object]:
    """The upstream's own message, under our id and the name the model is sold by."""
    return {**upstreams, "id": question.id, "model": question.model}
