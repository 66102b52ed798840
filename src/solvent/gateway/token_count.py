"""POST /v1/messages/count_tokens: how many tokens a question would be read as, before it is asked; free of charge."""

from __future__ import annotations

import msgspec

from solvent.answering.count_tokens import count_tokens
from solvent.answering.desk import Desk
from solvent.app.http import Receive, Send, read_body, respond
from solvent.gateway.asking_messages import read_for_count
from solvent.identity.caller import Caller
from solvent.values.ids import AnswerId


async def token_count(caller: Caller, desk: Desk, id: AnswerId, receive: Receive, send: Send) -> None:
    """One request. Says so where the number is our bound, for no provider has counted."""
    question = read_for_count(await read_body(receive), id, desk.now_us())
    count = await count_tokens(question, caller, desk)
    told: dict[str, object] = {"input_tokens": count.tokens}
    if not count.is_exact:
        told["solvent"] = {"is_upper_bound": True}
    await respond(send, 200, msgspec.json.encode(told), [(b"request-id", id.encode()), (b"x-request-id", id.encode())])
