"""Answers questions that carry an `Idempotency-Key` once, however often and whichever process they are asked.

Whoever asks this process again while it remembers hears it from memory; the books know of it for all the others.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from hashlib import sha256

import msgspec

from solvent.answering.claim_repeat import claim_repeat
from solvent.answering.end_repeat import end_repeat
from solvent.answering.repeat import Claim
from solvent.app.build import App
from solvent.app.http import Receive, Scope, Send, header, idempotency_key, read_body
from solvent.gateway.repeats import REPLAYED, Repeats, Telling
from solvent.identity.caller import Caller
from solvent.values.errors import Unavailable
from solvent.values.ids import AnswerId

log = logging.getLogger("solvent.gateway")

Ask = Callable[[Receive, Send], Awaitable[None]]  # raises what is wrong
Tell = Callable[[Ask, Receive, Send], Coroutine[None, None, None]]  # asks, and tells what is wrong


class _Whole(msgspec.Struct, frozen=True, array_like=True):
    """A response as it is kept."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


_read_whole = msgspec.msgpack.Decoder(_Whole)


class AskedAgain:
    """What one process knows of such questions."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._repeats = Repeats()

    async def once(
        self, scope: Scope, caller: Caller, id: AnswerId, ask: Ask, tell: Tell, receive: Receive, send: Send
    ) -> None:
        """Answer, or tell again what it was answered.

        Raises Invalid for a key that is none, Conflict for one that was used for another request, and ClientGone.
        """
        given = idempotency_key(scope).encode()
        body = await read_body(receive)
        now_us = self._app.desk.now_us()
        said = _without_boundary(header(scope, b"content-type"), body)
        fingerprint = sha256(b"\0".join((scope["path"].encode(), caller.user.encode(), said))).digest()
        telling, is_new = self._repeats.take(caller, given, fingerprint, now_us)
        if is_new:
            self._repeats.forget_some(now_us)
            claim = Claim(caller.key, given.decode(), fingerprint, self._app.desk.holder, id, now_us)
            self._app.background.start(self._answer(telling, claim, body, ask, tell))
        await telling.listen(send, receive)

    async def _answer(self, telling: Telling, claim: Claim, body: bytes, ask: Ask, tell: Tell) -> None:
        is_ours = False

        async def claim_and_ask(receive: Receive, send: Send) -> None:
            nonlocal is_ours
            told = await claim_repeat(claim, self._app.database, self._app.presence.is_alive)
            if told is not None:
                await _tell_again(_read_whole.decode(told), send)
                return
            is_ours = True
            await ask(receive, send)

        await telling.run(body, partial(tell, claim_and_ask))
        if not is_ours:
            return
        told = msgspec.msgpack.encode(_Whole(*telling.response)) if telling.is_whole else None
        try:
            await end_repeat(claim, told, self._app.database)
        except Unavailable as wrong:  # others are told that it is under way or was answered: never charged twice
            about = {"request_id": claim.answer}
            log.warning("answer %s cannot be kept for whoever asks again: %s", claim.answer, wrong.message, extra=about)


def _without_boundary(content_type: bytes, body: bytes) -> bytes:
    """What a body says, without the line between the parts of a form: clients make up another one each time."""
    boundary = content_type.partition(b"boundary=")[2].split(b";")[0].strip(b' "')
    return body.replace(boundary, b"") if boundary else body


async def _tell_again(whole: _Whole, send: Send) -> None:
    headers = [*whole.headers, REPLAYED]
    await send({"type": "http.response.start", "status": whole.status, "headers": headers, "body": whole.body})
