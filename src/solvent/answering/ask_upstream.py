"""Ask an upstream a question, in the words it knows."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from solvent.answering.settlement import Opened
from solvent.bridging.bridged import bridged
from solvent.providers.port import Call, Chunk, PassOn
from solvent.values.instant import US_PER_S


async def ask_upstream(opened: Opened, pass_on: PassOn | None = None) -> AsyncGenerator[Chunk, None]:
    """What it will say, in the words that it was asked in; nothing is sent before the first chunk is waited for.

    pass_on: see `Call`; not asked of what is told in other words than it came in.
    """
    question, provider = opened.question, opened.route.provider
    call = Call(
        opened.route.upstream, question.members, question.stream, opened.output_tokens_each, question.task,
        question.files, pass_on if provider.speaks == question.dialect else None,
    )  # fmt: skip
    if provider.speaks == question.dialect:
        return provider.stream(call)
    return bridged(provider, call, question.dialect, question.received_us // US_PER_S)
