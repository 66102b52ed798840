"""POST /v1/responses: OpenAI's newer dialect in and out, asked on as chat, under the answer's own id."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from solvent.answering.answer import answer
from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.app import problems
from solvent.app.http import Receive, Send, read_body, respond
from solvent.bridging.responses_reply import Event, ResponsesReply, response_frame
from solvent.gateway.asking_responses import read_responses
from solvent.gateway.telling import Answering, Teller, bill, charge_headers, opening_headers, tell_stream
from solvent.gateway.usage_reports import responses_report
from solvent.identity.caller import Caller
from solvent.providers.port import Chunk
from solvent.values.errors import Invalid, SolventError
from solvent.values.ids import AnswerId
from solvent.values.instant import US_PER_S

# What chat calls a member that has another name here.
_NAMES: Final = {"messages": "input", "messages.tool_calls.arguments": "input", "response_format": "text.format"}

_encode = msgspec.json.encode


async def responses(caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send) -> None:
    """One request, from its body to the last byte. Raises SolventError only before the response began."""
    question, members = read_responses(await read_body(receive), id, desk.now_us())
    reply = ResponsesReply(response_frame(id, question.model, question.received_us // US_PER_S, members))
    answering: Answering = answer(question, caller, desk)
    try:
        if question.stream:
            await tell_stream(_Teller(question, send, reply), answering, receive)
        else:
            await _whole(reply, answering, send)
    except Invalid as wrong:
        raise _in_their_words(wrong) from None
    finally:
        await answering.aclose()


async def _whole(reply: ResponsesReply, answering: Answering, send: Send) -> None:
    headers, closing = list[tuple[bytes, bytes]](), Event()
    async for step in answering:
        if isinstance(step, Chunk):
            reply.hear(step)
        elif isinstance(step, Opened):
            headers = opening_headers(step)
        else:
            headers += charge_headers(step)
            closing = _closing(step)
    await respond(send, 200, _encode(reply.response(closing)), headers)


class _Teller(Teller):
    """Typed events. How it ended and what it used is told once it is on the books."""

    def __init__(self, question: Question, send: Send, reply: ResponsesReply) -> None:
        super().__init__(question, send)
        self._reply = reply
        self._has_told = False

    async def _tell_chunk(self, chunk: Chunk) -> None:
        await self._events([*self._beginning(), *self._reply.feed(chunk)])

    async def _tell_end(self, receipt: Receipt) -> None:
        await self._events([*self._beginning(), *self._reply.end(), self._reply.last(_closing(receipt))])
        await self._last()

    async def _tell_error(self, problem: SolventError) -> None:
        error: Any = problems.body(problem)["error"]
        await self._events([*self._beginning(), *self._reply.failed(error)])

    def _beginning(self) -> list[Event]:
        told, self._has_told = self._has_told, True
        return [] if told else self._reply.begin()

    async def _events(self, events: list[Event]) -> None:
        if events:
            await self._write(b"".join(map(_rendered, events)))


def _rendered(event: Event) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (str(event["type"]).encode(), _encode(event))


def _closing(receipt: Receipt) -> Event:
    """What a response says at its end: what was used, and what it came to."""
    return {"usage": responses_report(receipt.usage), "solvent": bill(receipt)}


def _in_their_words(wrong: Invalid) -> Invalid:
    """What is at fault in a question that was asked on as chat, by the name it was sent under."""
    name = _NAMES.get(wrong.param or "")
    return Invalid(wrong.code, wrong.message.replace(wrong.param or "", name, 1), param=name) if name else wrong
