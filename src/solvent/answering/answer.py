"""Answer one question: open, hold, ask, meter, settle. Two short writes around a stream.

The hold is queued before the upstream is asked; the settlement is on the disk before the answer is
acknowledged. Whoever leaves early, the hold ends: the rest of the answer is then finished in the
background, read to its usage report or hung up on, as its provider bills.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from solvent.answering import store
from solvent.answering.desk import Desk
from solvent.answering.opening import open_answer
from solvent.answering.question import Question
from solvent.answering.receipt import Outcome, Receipt
from solvent.answering.settlement import Ending, Opened, settle
from solvent.engines.port import Seat
from solvent.identity.caller import Caller
from solvent.ledger import store as ledger_store
from solvent.margin import store as margin_store
from solvent.metering.meter import Meter
from solvent.providers.port import Call, Chunk
from solvent.values.errors import SolventError, Unavailable
from solvent.values.instant import US_PER_S
from solvent.values.limits import ANSWER_S_MAX, DRAIN_BYTES_MAX, DRAIN_S_MAX
from solvent.values.usage import Usage

# The question never reached a model, so nobody will bill us for it.
_NEVER_TAKEN = {"upstream_refused", "upstream_unreachable", "upstream_busy", "engine_busy", "request_invalid"}


async def answer(question: Question, caller: Caller, desk: Desk) -> AsyncGenerator[Opened | Chunk | Receipt, None]:
    """Yields what was opened, then the chunks, then the receipt once it is on the books.

    Raises Refused or Invalid before anything is asked; Unavailable or Invalid when the upstream fails, after
    the receipt of that failure is on the books. An abandoned generator settles by itself.
    """
    running = _begin(open_answer(question, caller, desk), desk)
    try:
        yield running.opened
        async for chunk in await running.ask():
            running.count(chunk)
            yield chunk
    except SolventError as fault:
        await running.end(running.outcome_of(fault), fault)
        raise
    except BaseException:  # the client left, the process is about to end, or we have a bug: the hold ends all the same
        desk.take_over(running.see_off())
        raise
    yield await running.end("answered")


def _begin(opened: Opened, desk: Desk) -> _Running:
    """The first write: queue the hold. Nobody waits for the disk here: a hold that a crash loses has charged
    nothing. Raises Unavailable when the books take no more; then nothing is set aside."""
    try:
        desk.database.append_later([(ledger_store.append, opened.hold)])
    except Unavailable:
        desk.purse(opened.customer.id).settle(opened.hold.grains, 0)
        raise
    return _Running(opened, desk)


class _Running:
    """One answer under way, from its hold to its settlement."""

    __slots__ = (
        "_desk",
        "_finish",
        "_first_token_us",
        "_latest_us",
        "_meter",
        "_seat",
        "_stream",
        "_usage_report",
        "opened",
    )

    def __init__(self, opened: Opened, desk: Desk) -> None:
        self.opened = opened
        self._desk = desk
        self._meter = Meter(opened.question.input_tokens_most, opened.output_tokens_max)
        self._seat: Seat | None = None
        self._stream: AsyncGenerator[Chunk, None] | None = None
        self._first_token_us = -1
        self._finish = ""
        self._usage_report = ""
        self._latest_us = opened.question.received_us + int(ANSWER_S_MAX) * US_PER_S
        desk.under_way += 1

    async def ask(self) -> AsyncGenerator[Chunk, None]:
        """Take a seat where the model runs here, and ask."""
        opened = self.opened
        if opened.route.engine is not None:
            self._seat = await opened.route.engine.sit()
        question = opened.question
        call = Call(opened.route.upstream, question.members, question.stream, opened.output_tokens_max)
        self._stream = opened.route.provider.stream(call)
        self._meter.left_unanswered = True
        return self._stream

    def count(self, chunk: Chunk) -> None:
        """Meter one chunk. Raises Unavailable when the answer has taken too long."""
        self._meter.add(chunk.pieces, chunk.usage, chunk.timings, chunk.text)
        now_us = self._desk.now_us()
        if chunk.pieces and self._first_token_us < 0:
            self._first_token_us = now_us - self.opened.question.received_us
        if chunk.finish:
            self._finish = chunk.finish
        if chunk.usage is not None:
            self._usage_report = bytes(chunk.usage)[:2000].decode("utf-8", "replace")
        if now_us > self._latest_us:
            message = f"the answer took longer than {ANSWER_S_MAX:.0f} s and was ended; ask for less of it"
            raise Unavailable("answer_overdue", message)

    def outcome_of(self, fault: SolventError) -> Outcome:
        """What to call an ending by an error."""
        if fault.code == "answer_overdue":
            return "overdue"
        if not self._meter.pieces and (fault.code in _NEVER_TAKEN or _was_refused(fault)):
            self._meter.left_unanswered = False
        return "broken" if self._meter.pieces else "failed"

    async def see_off(self) -> None:
        """The client is gone: reach the usage report if the provider bills on, else hang up; then settle."""
        try:
            if self._stream is not None and self.opened.route.provider.on_abort == "drain":
                async with asyncio.timeout(DRAIN_S_MAX):
                    await self._drain(self._stream)
        except (TimeoutError, SolventError, asyncio.CancelledError):
            pass  # what is known by now is settled below, also when the process is about to end
        await self.end("abandoned")

    async def _drain(self, stream: AsyncGenerator[Chunk, None]) -> None:
        drained = 0
        async for chunk in stream:
            self.count(chunk)
            drained += sum(len(bytes(member)) for member in chunk.members.values())
            if drained > DRAIN_BYTES_MAX or self._meter.is_complete:
                return

    async def end(self, outcome: Outcome, fault: SolventError | None = None) -> Receipt:
        """The second write: returns when the receipt and its transfers are on the disk.

        Raises Unavailable when they cannot be written; then nothing is charged, and the hold expires.
        """
        if self._stream is not None:
            await self._stream.aclose()
        effort = self._seat.leave() if self._seat is not None else None
        desk, opened = self._desk, self.opened
        engine = Usage(engine_us=effort.engine_us, energy_uj=effort.energy_uj) if effort else None
        now_us = desk.now_us()
        ending = Ending(
            outcome, now_us, self._finish, fault.code if fault else "", self._first_token_us,
            bool(effort and effort.estimated), self._usage_report,
        )  # fmt: skip
        settlement = settle(opened, self._meter.measure(engine), ending, desk.day(now_us))
        receipt = settlement.receipt
        purse = desk.purse(opened.customer.id)
        purse.settle(opened.hold.grains, receipt.charge_grains)
        desk.under_way -= 1
        try:
            booked = desk.database.append(
                [
                    *((ledger_store.append, transfer) for transfer in settlement.transfers),
                    (store.append, receipt),
                    (margin_store.add, settlement.margin),
                ]
            )
        except Unavailable:
            purse.add(receipt.charge_grains)
            raise

        def known(done: asyncio.Future[None]) -> None:
            if done.exception() is None:
                desk.tell(receipt, settlement.margin[1])
            else:
                purse.add(receipt.charge_grains)

        booked.add_done_callback(known)
        await asyncio.shield(booked)  # who leaves now leaves a booked answer behind, not a half-known one
        return receipt


def _was_refused(fault: SolventError) -> bool:
    return isinstance(fault, Unavailable) and fault.upstream_status is not None and fault.upstream_status != 200
