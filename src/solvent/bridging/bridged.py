"""Ask a provider in the dialect it speaks, and hear its answer in the dialect that was asked in.

Chat is in the middle: what is asked in messages of a provider that speaks Gemini or Converse goes by way of chat.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing

import msgspec

from solvent.bridging.chat_reply import ChatReply
from solvent.bridging.chat_request import chat_request
from solvent.bridging.converse_reply import ConverseReply
from solvent.bridging.converse_request import converse_request
from solvent.bridging.gemini_reply import GeminiReply
from solvent.bridging.gemini_request import gemini_request
from solvent.bridging.messages_reply import MessagesReply
from solvent.bridging.messages_request import messages_request
from solvent.providers.port import Call, Chunk, Dialect, Provider

Reply = ChatReply | ConverseReply | GeminiReply | MessagesReply


async def bridged(provider: Provider, call: Call, asked_in: Dialect, at_s: int) -> AsyncGenerator[Chunk, None]:
    """`provider.stream(call)` where the call is in another dialect than the provider speaks.

    at_s: the second it is asked at. Usage reports stay as the provider makes them. Raises also
    Invalid("not_bridged") for what cannot be said, before anything is asked.
    """
    members, replies = call.members, list[Reply]()  # what the provider says goes through the replies in order
    if asked_in == "messages":
        members = chat_request(members)
        replies.append(MessagesReply())
    if provider.speaks == "messages":
        members = messages_request(members, call.output_tokens_max)
        replies.insert(0, ChatReply(at_s))
    elif provider.speaks == "gemini":
        members = gemini_request(members, call.output_tokens_max)
        replies.insert(0, GeminiReply(at_s))
    elif provider.speaks == "converse":
        members = converse_request(members)
        replies.insert(0, ConverseReply(at_s))
    call = msgspec.structs.replace(call, members=members)
    async with aclosing(provider.stream(call)) as stream:
        async for chunk in stream:
            for heard in _fed(replies, [chunk]) if call.stream else [_whole(replies, chunk)]:
                yield heard
    for heard in _ended(replies) if call.stream else ():
        yield heard


def _fed(replies: Sequence[Reply], chunks: Iterable[Chunk]) -> list[Chunk]:
    for reply in replies:
        chunks = [made for chunk in chunks for made in reply.feed(chunk)]
    return list(chunks)


def _whole(replies: Sequence[Reply], chunk: Chunk) -> Chunk:
    for reply in replies:
        chunk = reply.whole(chunk)
    return chunk


def _ended(replies: Sequence[Reply]) -> list[Chunk]:
    """The last words of each, heard by those after it."""
    chunks: list[Chunk] = []
    for reply in replies:
        chunks = [*_fed([reply], chunks), *reply.end()]
    return chunks
