"""POST /v1/responses: OpenAI's newer dialect in and out, asked on as chat, under the answer's own id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.keep_response import keep_response
from solvent.answering.kept_response import KeptResponse
from solvent.answering.question import Question
from solvent.answering.recall_conversation import recall_conversation
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.app import problems
from solvent.app.http import Receive, Send, read_body, respond
from solvent.bridging.responses_reply import Event, ResponsesReply, response_frame
from solvent.bridging.responses_request import Asked, items_of, not_served
from solvent.gateway.asking_responses import question_of, read_responses
from solvent.gateway.begun import begun
from solvent.gateway.telling import Answering, Teller, bill, charge_headers, opening_headers, tell_stream
from solvent.gateway.usage_reports import responses_report
from solvent.identity.caller import Caller, demand_wallet, off_log
from solvent.providers.port import Chunk
from solvent.values.errors import Invalid, SolventError
from solvent.values.ids import AnswerId
from solvent.values.instant import US_PER_S

# What chat calls a member that has another name here.
_NAMES: Final = {"messages": "input", "messages.tool_calls.arguments": "input", "response_format": "text.format"}

Keep = Callable[[AnswerId, Sequence[Event]], Awaitable[bool]]

_encode = msgspec.json.encode


async def responses(caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send) -> None:
    """One request, from its body to the last byte. Raises SolventError only before the response began."""
    body = await read_body(receive)
    received_us = desk.now_us()
    asked, members = read_responses(body)
    before = await _before(asked, caller, desk)
    if asked.store is False:
        caller = off_log(caller)
    question = question_of(asked, len(body), before, id, received_us)
    reply = ResponsesReply(response_frame(id, question.model, received_us // US_PER_S, members))
    answering: Answering = begun(question, caller, desk)
    keep = partial(_kept, asked, caller, desk)
    try:
        if question.stream:
            await tell_stream(_Teller(question, send, reply, keep), answering, receive)
        else:
            await _whole(reply, keep, answering, send)
    except Invalid as wrong:
        raise _in_their_words(wrong) from None
    finally:
        await answering.aclose()


async def _before(asked: Asked, caller: Caller, desk: Desk) -> list[str]:
    """The items of the conversation that it goes on from."""
    if not asked.previous_response_id:
        return []
    if not desk.keep_responses_us:
        raise not_served("previous_response_id", "responses are not kept here; send the whole conversation as input")
    customer = demand_wallet(caller).id
    return await recall_conversation(asked.previous_response_id, customer, desk.database, desk.now_us())


async def _kept(asked: Asked, caller: Caller, desk: Desk, id: AnswerId, output: Sequence[Event]) -> bool:
    """Keep an answer that is on the books, where the operator keeps any and the client did not say no."""
    if not desk.keep_responses_us or asked.store is False:
        return False
    said = [item for item in output if item["type"] == "message" or _is_whole_call(item)]
    items = _encode([*items_of(asked), *said]).decode()
    until_us = desk.now_us() + desk.keep_responses_us
    kept = KeptResponse(id, demand_wallet(caller).id, asked.previous_response_id or "", until_us, items)
    return await keep_response(kept, desk.database)


def _is_whole_call(item: Event) -> bool:
    """A call that was cut short is answered by nobody, and no model goes on from it."""
    return item["type"] == "function_call" and item["status"] == "completed"


async def _closing(reply: ResponsesReply, keep: Keep, receipt: Receipt) -> Event:
    """What a response says only at its end: what was used, what it came to, and whether it is kept."""
    is_kept = await keep(receipt.id, reply.output)
    return {"usage": responses_report(receipt.usage), "solvent": bill(receipt), "store": is_kept}


async def _whole(reply: ResponsesReply, keep: Keep, answering: Answering, send: Send) -> None:
    headers, closing = list[tuple[bytes, bytes]](), Event()
    async for step in answering:
        if isinstance(step, Chunk):
            reply.hear(step)
        elif isinstance(step, Opened):
            headers = opening_headers(step)
        else:
            headers += charge_headers(step)
            closing = await _closing(reply, keep, step)
    await respond(send, 200, _encode(reply.response(closing)), headers)


class _Teller(Teller):
    """Typed events. How it ended and what it used is told once it is on the books."""

    def __init__(self, question: Question, send: Send, reply: ResponsesReply, keep: Keep) -> None:
        super().__init__(question, send)
        self._reply = reply
        self._keep = keep
        self._has_told = False

    def _told(self, chunk: Chunk) -> bytes:
        return b"".join(map(_rendered, [*self._beginning(), *self._reply.feed(chunk)]))

    async def _tell_end(self, receipt: Receipt) -> None:
        events = [*self._beginning(), *self._reply.end()]
        closing = await _closing(self._reply, self._keep, receipt)
        await self._events([*events, self._reply.last(closing)])
        await self._last()

    async def _tell_error(self, problem: SolventError) -> None:
        error: Any = problems.body(problem)["error"]
        await self._events([*self._beginning(), *self._reply.failed(error)])

    def _beginning(self) -> list[Event]:
        told, self._has_told = self._has_told, True
        return [] if told else self._reply.begin()

    async def _events(self, events: list[Event]) -> None:
        if events:
            await self.write(b"".join(map(_rendered, events)))


def _rendered(event: Event) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (str(event["type"]).encode(), _encode(event))


def _in_their_words(wrong: Invalid) -> Invalid:
    """What is at fault in a question that was asked on as chat, by the name it was sent under."""
    name = _NAMES.get(wrong.param or "")
    return Invalid(wrong.code, wrong.message.replace(wrong.param or "", name, 1), param=name) if name else wrong
