"""A question asked again under its `Idempotency-Key` is not asked twice: what is told is told again, and charged once.

What this process remembers of it, for a day and so many bytes; what all of them know is on the books (`asked_again`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Final

from solvent.app.http import Message, Receive, Scope, Send, headers_of, until_gone
from solvent.identity.caller import Caller
from solvent.values.errors import Conflict
from solvent.values.instant import DAY_US
from solvent.values.limits import REPEAT_BYTES_MAX, REPEAT_GRACE_S, REPEATS_BYTES_MAX

REPLAYED: Final = (b"idempotent-replayed", b"true")
_NAME: Final = b"idempotency-key"

Key = tuple[str, bytes]
# Answers one request, from its body to the last byte; errors are told and never raised.
Answer = Callable[[Receive, Send], Coroutine[None, None, None]]
Start = Callable[[Coroutine[None, None, None]], None]


class Telling:
    """One response, as it is told to whoever asks for it.

    It goes on while anybody listens, and for grace_s after the last one left, who may come back.
    """

    def __init__(self, fingerprint: bytes, asked_us: int, grace_s: float = REPEAT_GRACE_S) -> None:
        self.fingerprint = fingerprint
        self._grace_s = grace_s
        self.asked_us = asked_us
        self.size = 0
        self.is_done = False
        self._messages: list[Message] = []
        self._news = asyncio.Event()
        self._listeners = 0
        self._is_left = asyncio.Event()

    @property
    def is_whole(self) -> bool:
        """Whether it can be told again: an answer, and to its end."""
        if not (self.is_done and self._messages) or self._messages[-1].get("more_body"):
            return False
        return self._messages[0].get("status") == 200

    @property
    def response(self) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """What was told: status, headers and body."""
        head = self._messages[0]
        return head["status"], list(head["headers"]), b"".join(part.get("body", b"") for part in self._messages)

    async def run(self, body: bytes, answer: Answer) -> None:
        """Answer, and keep what is told."""
        given: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if given:
                return given.pop()
            await self._is_left.wait()
            return {"type": "http.disconnect"}

        try:
            await answer(receive, self._hear)
        finally:
            self.is_done = True
            self._tell_news()

    async def _hear(self, message: Message) -> None:
        self._messages.append(message)
        self.size += len(message.get("body", b""))
        self._tell_news()

    def _tell_news(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def listen(self, send: Send, receive: Receive) -> None:
        """Tell all of it, what was told before too. Returns when it is told or this client has left."""
        at, is_repeat = 0, self._listeners > 0 or bool(self._messages)
        self._listeners += 1
        gone = asyncio.ensure_future(until_gone(receive))
        try:
            while not gone.done():
                news = self._news
                while at < len(self._messages):
                    await send(_marked(self._messages[at]) if is_repeat and not at else self._messages[at])
                    at += 1
                if self.is_done:
                    return
                if news is self._news:
                    waiting = asyncio.ensure_future(news.wait())
                    await asyncio.wait((gone, waiting), return_when=asyncio.FIRST_COMPLETED)
                    waiting.cancel()
        finally:
            gone.cancel()
            self._listeners -= 1
            asyncio.get_running_loop().call_later(self._grace_s, self._look_whether_left)

    def _look_whether_left(self) -> None:
        if not self._listeners:
            self._is_left.set()


class Repeats:
    """What was told under idempotency keys lately, the oldest first."""

    def __init__(self) -> None:
        self._known: dict[Key, Telling] = {}

    def take(self, caller: Caller, given: bytes, fingerprint: bytes, now_us: int) -> tuple[Telling, bool]:
        """The telling of a key, and whether it is new. Raises Conflict where the key was used for another request."""
        key = (caller.key, given)
        known = self._known.get(key)
        if known is not None and now_us - known.asked_us < DAY_US and not (known.is_done and not known.is_whole):
            if known.fingerprint != fingerprint:
                message = "this idempotency key was used before, for another request; use a new one"
                raise Conflict("idempotency_key_conflict", message, param="Idempotency-Key")
            return known, False
        self._known.pop(key, None)
        made = self._known[key] = Telling(fingerprint, now_us)
        return made, True

    def forget_some(self, now_us: int) -> None:
        """Let go of what is over: failures, what is too long or old, and the oldest beyond all bytes there may be."""
        over = [
            key
            for key, one in self._known.items()
            if one.is_done and (not one.is_whole or one.size > REPEAT_BYTES_MAX or now_us - one.asked_us >= DAY_US)
        ]
        for key in over:
            del self._known[key]
        size = sum(one.size for one in self._known.values())
        for key, one in list(self._known.items()):
            if size <= REPEATS_BYTES_MAX:
                return
            if one.is_done:
                size -= one.size
                del self._known[key]


def is_repeatable(scope: Scope) -> bool:
    """Whether a request carries a key."""
    return _NAME in headers_of(scope)


def _marked(message: Message) -> Message:
    """The head of a response that is told again."""
    headers = message["headers"]
    return message if REPLAYED in headers else {**message, "headers": [*headers, REPLAYED]}
