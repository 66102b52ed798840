"""What an upstream is asked for an answer that was opened."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from solvent.answering.settlement import Opened
from solvent.bridging.bridged import bridged
from solvent.providers.port import Call, Chunk, PassOn
from solvent.values.instant import US_PER_S


def asked_of(opened: Opened, pass_on: PassOn | None = None) -> AsyncGenerator[Chunk, None]:
    """What an upstream says, in the words that it was asked in. pass_on: see `Call`; not of what is told in others."""
    question, provider = opened.question, opened.route.provider
    is_spoken = provider.speaks == question.dialect
    call = Call(
        opened.route.upstream, question.members, question.stream, opened.output_tokens_max // question.choices,
        question.task, question.files, pass_on if is_spoken else None,
    )  # fmt: skip
    if is_spoken:
        return provider.stream(call)
    return bridged(provider, call, question.dialect, question.received_us // US_PER_S)
