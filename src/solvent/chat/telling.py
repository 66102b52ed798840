"""Tells an answer to a page as it comes: begun, then pieces of text, then the turn as it is kept, with its receipt.

It is asked as any client's question is, over the gateway's own surface; only that no HTTP lies between.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.responses import Response

from solvent.answering.desk import Desk
from solvent.app import problems
from solvent.app.http import Message
from solvent.app.http import Receive as Hear
from solvent.app.http import Send as Say
from solvent.identity.caller import Caller
from solvent.talking.begin_turn import Begun
from solvent.talking.end_turn import end_turn
from solvent.talking.turn import State
from solvent.values.errors import NotFound, SolventError
from solvent.values.ids import AnswerId

log = logging.getLogger("solvent.chat")

# Asks, and answers in OpenAI's words: the body comes from the first callable, the events go to the second. The last is
# the service that the answer counts for.
Surface = Callable[[Caller, Desk, AnswerId, Hear, Say, str], Awaitable[None]]
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]  # fmt: skip
_encode = msgspec.json.encode


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None


class _Fault(msgspec.Struct):
    code: str | None = None


class _Event(msgspec.Struct):
    choices: list[_Choice] | None = None
    error: _Fault | None = None


_decode = msgspec.json.Decoder(_Event).decode


class Telling(Response):
    """The response to one question. way: how it is to be answered, such as quick. begun: what a page is told first;
    ended: what it is told last."""

    def __init__(
        self, turn: Begun, caller: Caller, desk: Desk, surface: Surface, way: str, begun: Any,
        ended: Callable[[], Awaitable[Any]],
    ) -> None:  # fmt: skip
        super().__init__()
        self._turn = turn.turn
        self._body = _encode({
            "model": turn.turn.model, "messages": turn.context.messages, "stream": True,
        })  # fmt: skip
        self._caller, self._desk, self._surface = caller, desk, surface
        self._service = f"chat/{way}"
        self._begun, self._ended = begun, ended

    async def __call__(self, _scope: Any, receive: Hear, send: Say) -> None:
        """Ask, tell, and keep what was told, whoever leaves meanwhile."""
        heard = _Heard(self._body, receive, send)
        state: State = "stopped"
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await heard.tell("begun", self._begun)
            await self._ask(heard)
            state = "failed" if heard.fault else "answered" if heard.is_whole else "stopped"
        finally:
            # In a task of its own: whoever is cancelled here keeps what was told all the same.
            ending = end_turn(self._turn.id, "".join(heard.texts), state, heard.fault, self._desk.database)
            await asyncio.shield(asyncio.ensure_future(ending))
        try:
            await heard.tell("ended", await self._ended())
        except NotFound:  # deleted meanwhile, as in another window
            await heard.tell("gone", None)
        await send({"type": "http.response.body", "body": b""})

    async def _ask(self, heard: _Heard) -> None:
        id = self._turn.receipt
        try:
            await self._surface(self._caller, self._desk, id, heard.receive, heard.send, self._service)
        except SolventError as problem:
            problems.note(problem, id)
            heard.fault = problem.code
        except Exception:
            log.exception("answer %s broke", id)
            heard.fault = "internal_error"


class _Heard:
    """Between a surface and a page: sends one body whole, then says when the page is gone; passes on what it hears."""

    def __init__(self, body: bytes, receive: Hear, send: Say) -> None:
        self._body: bytes | None = body
        self._receive, self._send = receive, send
        self._rest = b""
        self.texts: list[str] = []
        self.fault = ""
        self.is_whole = False

    async def receive(self) -> Message:
        body, self._body = self._body, None
        if body is not None:
            return {"type": "http.request", "body": body, "more_body": False}
        return await self._receive()

    async def send(self, message: Message) -> None:
        if message["type"] != "http.response.body":
            return
        *events, self._rest = (self._rest + message.get("body", b"")).split(b"\n\n")
        for event in events:
            await self._hear(event.removeprefix(b"data: "))

    async def tell(self, name: str, told: Any) -> None:
        body = b"event: %b\ndata: %b\n\n" % (name.encode(), _encode(told))
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def _hear(self, data: bytes) -> None:
        if data == b"[DONE]":
            self.is_whole = True
            return
        try:
            event = _decode(data)
        except msgspec.DecodeError:  # an upstream's odd words: nothing that could be shown
            return
        if event.error is not None:
            self.fault = event.error.code or "internal_error"
        text = "".join(choice.delta.content or "" for choice in event.choices or () if choice.delta is not None)
        if text:
            self.texts.append(text)
            await self.tell("text", text)
