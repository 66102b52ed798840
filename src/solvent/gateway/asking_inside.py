"""Asks a surface from within, as a client would over HTTP: so a line of a batch is answered as any question is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from solvent.answering.desk import Desk
from solvent.app import problems
from solvent.app.batches import told
from solvent.app.http import Message, Receive, Send
from solvent.batching.asking import Told
from solvent.identity.caller import Caller
from solvent.values.errors import SolventError
from solvent.values.ids import AnswerId
from solvent.values.money import money

log = logging.getLogger("solvent.gateway")

Surface = Callable[[Caller, Desk, AnswerId, Receive, Send], Awaitable[None]]
_CHARGE: Final = b"x-solvent-charge"


async def ask_inside(surface: Surface, caller: Caller, desk: Desk, id: AnswerId, body: bytes, top_up_url: str) -> Told:
    """What the surface answers, and what it was charged; every problem is told as a client is told it."""
    heard = _Heard(body)
    try:
        await surface(caller, desk, id, heard.receive, heard.send)
    except SolventError as problem:
        problems.note(problem, id)
        return told(problem, top_up_url)
    except Exception:
        log.exception("answer %s broke", id)
        return told(problems.bug(id), top_up_url)
    charge = heard.headers.get(_CHARGE, b"0").decode()
    return Told(heard.status, bytes(heard.body), None, money(charge, desk.currency, "charge").grains)


class _Heard:
    """A client in memory: sends one body whole, and keeps what it hears."""

    def __init__(self, body: bytes) -> None:
        self._sent: bytes | None = body
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = bytearray()

    async def receive(self) -> Message:
        body, self._sent = self._sent, None
        if body is None:
            await asyncio.get_running_loop().create_future()  # it never hangs up
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        self.body += message.get("body", b"")
