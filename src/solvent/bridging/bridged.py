"""Ask a provider in the dialect it speaks, and hear its answer in the dialect that was asked in."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from solvent.bridging.chat_reply import ChatReply
from solvent.bridging.chat_request import chat_request
from solvent.bridging.messages_reply import MessagesReply
from solvent.bridging.messages_request import messages_request
from solvent.providers.port import Call, Chunk, Provider


async def bridged(provider: Provider, call: Call, at_s: int) -> AsyncGenerator[Chunk, None]:
    """`provider.stream(call)` where the call is in the other dialect than the provider speaks.

    at_s: the second it is asked at. Usage reports stay as the provider makes them. Raises also
    Invalid("not_bridged") for what cannot be said, before anything is asked.
    """
    reply: ChatReply | MessagesReply
    if provider.speaks == "messages":
        members, reply = messages_request(call.members, call.output_tokens_max), ChatReply(at_s)
    else:
        members, reply = chat_request(call.members), MessagesReply()
    call = msgspec.structs.replace(call, members=members)
    async with aclosing(provider.stream(call)) as stream:
        async for chunk in stream:
            for heard in reply.feed(chunk) if call.stream else [reply.whole(chunk)]:
                yield heard
    for heard in reply.end() if call.stream else ():
        yield heard
