"""One upstream that is asked for an answer, or several at once: the first to begin is the one that answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from solvent.answering.elsewhere import leave_turn
from solvent.answering.receipt import Outcome
from solvent.answering.settlement import OUTRUN, Opened, Tried
from solvent.answering.sold import beside_words, input_tokens_most
from solvent.engines.port import Effort
from solvent.guarding.rule import Guarded
from solvent.metering.dialect import reader
from solvent.metering.meter import Meter
from solvent.providers.port import Chunk, whole_members
from solvent.routing.retry import is_upstreams
from solvent.values.errors import SolventError, Unavailable
from solvent.values.usage import Usage, all_input_tokens, all_output_tokens

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


def given_up(attempt: Attempt, now_us: int) -> Tried:
    """What is booked of an attempt that another one was quicker than, or that failed beside it."""
    fault, meter = attempt.fault, attempt.meter
    if fault is not None:
        meter.left_unanswered = bool(meter.pieces) or not is_free(fault)
        if is_upstreams(fault.code):
            attempt.opened.route.health.fail(fault.code, now_us, fault.retry_after_s)
    measured = meter.measure()
    leave_turn(attempt.opened, all_input_tokens(measured.most) + all_output_tokens(measured.most))
    return Tried(attempt.opened.route, attempt.opened.prices, OUTRUN if fault is None else fault.code, measured)


def meter_of(opened: Opened) -> Meter:
    """What counts an answer from where it is asked."""
    question, route = opened.question, opened.route
    provider, task = route.provider, question.task
    read = reader(provider.name, provider.speaks if task == "chat" else _REPORTS.get(task, provider.speaks))
    read_most, beside = input_tokens_most(question, route), beside_words(question, route)
    return Meter(read_most, opened.output_tokens_max, read, beside, question.sure)


def spent_by(effort: Effort | None) -> Usage | None:
    """What an answer took of an engine of ours, if it did."""
    return Usage(engine_us=effort.engine_us, energy_uj=effort.energy_uj) if effort else None


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


def outcome_after(fault: SolventError, meter: Meter, guarded: Guarded | None) -> Outcome:
    """What to call an ending by an error; the meter hears whether it may have to be paid for."""
    meter.break_off()
    if fault.code == "answer_overdue":
        return "overdue"
    if not meter.pieces and is_free(fault):
        meter.left_unanswered = False
    if fault.code in ("guard_blocked", "guard_failed") and guarded is not None and guarded.acts.is_free:
        return "failed"
    return "broken" if meter.pieces else "failed"
