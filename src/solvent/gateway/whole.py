"""Telling an answer that comes whole, once it is on the books: embeddings, pictures."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.app.http import TEXT, Send, respond
from solvent.gateway.begun import begun
from solvent.gateway.telling import Answering, charge_headers, opening_headers, without_cost
from solvent.identity.caller import Caller
from solvent.providers.port import Chunk

Members = dict[str, msgspec.Raw]
# What the client is told, of the provider's members and its usage report, and of the receipt: JSON, or a text.
BodyOf = Callable[[Members, msgspec.Raw | None, Receipt], dict[str, object] | str]

_encode = msgspec.json.encode


async def tell_whole(question: Question, caller: Caller, desk: Desk, send: Send, body_of: BodyOf) -> None:
    """Ask, and respond. Raises SolventError only before the response began."""
    members: Members = {}
    headers: list[tuple[bytes, bytes]] = []
    usage: msgspec.Raw | None = None
    answering: Answering = begun(question, caller, desk)
    try:
        async for step in answering:
            if isinstance(step, Opened):
                headers = opening_headers(step)
            elif isinstance(step, Chunk):
                members, usage = step.members, step.usage
            else:
                told = None if usage is None else without_cost(usage)
                body = body_of(members, told, step)
                headers += charge_headers(step)
                if isinstance(body, str):
                    await respond(send, 200, body.encode(), headers, TEXT)
                else:
                    await respond(send, 200, _encode(body), headers)
    finally:
        await answering.aclose()
