"""One upstream that is asked for an answer, or several at once: the first to begin is the one that answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from solvent.answering.settlement import Opened
from solvent.answering.sold import beside_words, input_tokens_most
from solvent.metering.dialect import reader
from solvent.metering.meter import Meter
from solvent.providers.port import Chunk, whole_members
from solvent.values.errors import SolventError, Unavailable

# The question never reached a model, so nobody will bill us for it.
_NEVER_TAKEN = {
    "upstream_refused",
    "upstream_unreachable",
    "upstream_busy",
    "engine_busy",
    "request_invalid",
    "not_bridged",
}

# The API whose words the usage is reported in, where that is not what the provider speaks.
_REPORTS = {"images": "images", "edits": "images", "transcriptions": "transcriptions", "rerank": "rerank"}


class Attempt:
    """One upstream that was asked. fault: why it came to nothing, if it did."""

    __slots__ = ("asked_us", "fault", "meter", "opened", "stream")

    def __init__(self, opened: Opened, stream: AsyncGenerator[Chunk, None], meter: Meter, asked_us: int) -> None:
        self.opened = opened
        self.stream = stream
        self.meter = meter
        self.asked_us = asked_us
        self.fault: SolventError | None = None


class Race:
    """attempts: in the order in which they were asked. leader: who answers, or is the last that may."""

    __slots__ = ("attempts", "leader")

    def __init__(self, first: Attempt) -> None:
        self.attempts = [first]
        self.leader = first

    @property
    def others(self) -> list[Attempt]:
        """All but the leader."""
        return [attempt for attempt in self.attempts if attempt is not self.leader]


def meter_of(opened: Opened) -> Meter:
    """What counts an answer from where it is asked."""
    question, route = opened.question, opened.route
    read = reader(route.provider.name, _REPORTS.get(question.task, route.provider.speaks))
    read_most, beside = input_tokens_most(question, route), beside_words(question, route)
    return Meter(read_most, opened.output_tokens_max, read, beside, question.sure)


def take_in(meter: Meter, chunk: Chunk) -> None:
    """Meter one chunk of an answer, whether or not anybody listens to it."""
    if chunk.around is not None and not chunk.text:  # what it says beside its choices was said before
        meter.pieces += chunk.pieces
        return
    meter.add(chunk.pieces, chunk.usage, chunk.timings, chunk.text)
    if chunk.made is not None:
        meter.count(chunk.made)
    tier = chunk.members.get("service_tier")
    if tier is not None and tier is not meter.tier:
        meter.served_at(tier)


def bytes_of(chunk: Chunk) -> int:
    """What a chunk weighs, for whoever reads on only so far."""
    return sum(len(bytes(member)) for member in whole_members(chunk).values()) + len(chunk.data)


def is_free(fault: SolventError) -> bool:
    """Whether an upstream that failed before it had said anything cannot bill us for it."""
    refused = isinstance(fault, Unavailable) and fault.upstream_status is not None and fault.upstream_status != 200
    return refused or fault.code in _NEVER_TAKEN
