"""Answer one question: open, hold, ask, meter, settle. Two short writes around a stream.

The hold is queued before the upstream is asked; the settlement is on the disk before the answer is
acknowledged. Whoever leaves early, the hold ends: the rest of the answer is then finished in the
background, read to its usage report or hung up on, as its provider bills.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from solvent.answering import store
from solvent.answering.alarms import alarms_after
from solvent.answering.desk import Desk
from solvent.answering.elsewhere import asked_elsewhere
from solvent.answering.find_funds import find_funds
from solvent.answering.guard_case import guard_case
from solvent.answering.opening import open_answer, take_case
from solvent.answering.question import Question
from solvent.answering.receipt import Outcome, Receipt
from solvent.answering.settlement import Ending, Opened, Settlement, Tried, settle
from solvent.answering.sold import beside_words, input_tokens_most
from solvent.answering.take_turn import take_turn
from solvent.audit import alarm_store
from solvent.bridging.bridged import bridged
from solvent.db.port import Entry
from solvent.engines.port import Effort, Seat
from solvent.guarding.guard_reply import Asked, guard_reply
from solvent.identity.caller import Caller
from solvent.ledger import pot_store
from solvent.ledger import store as ledger_store
from solvent.margin import store as margin_store
from solvent.metering.dialect import reader
from solvent.metering.meter import Meter
from solvent.providers.port import Call, Chunk
from solvent.routing.retry import is_upstreams, pause_s
from solvent.values.errors import SolventError, Unavailable
from solvent.values.instant import US_PER_S
from solvent.values.limits import ANSWER_S_MAX, SLOW_LANE_S
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
_REPORTS = {"images": "images", "edits": "images", "transcriptions": "transcriptions"}


async def answer(question: Question, caller: Caller, desk: Desk) -> AsyncGenerator[Opened | Chunk | Receipt, None]:
    """Yields what was opened, then the chunks, then the receipt once it is on the books. What was opened comes again
    when an upstream failed before its first byte and the question goes to another one.

    Raises Refused or Invalid before anything is asked; Unavailable or Invalid when the upstream fails, after
    the receipt of that failure is on the books. An abandoned generator settles by itself.
    """
    case = take_case(question, caller, desk)
    if desk.guards:
        case = await guard_case(case, desk)
    opened = open_answer(case, desk, settle_for_less=False)
    if not isinstance(opened, Opened):
        opened = await find_funds(case, desk)
    running = _begin(opened, desk)
    try:
        while True:
            if running.opened.route.limit is not None:
                await running.take_turn()
            yield running.opened
            try:
                async for chunk in await running.ask():
                    running.count(chunk)
                    yield chunk
                break
            except SolventError as fault:
                if not await running.turns_elsewhere(fault):
                    raise running.as_told(fault) from None
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
    entries: list[Entry] = [(ledger_store.append, hold) for hold in opened.holds]
    entries += [
        (pot_store.shift_leases, (hold.debit, hold.currency, desk.holder, -hold.grains)) for hold in opened.holds
    ]
    try:
        desk.database.append_later(entries)
    except Unavailable:
        _settle_purses(opened, [0] * len(opened.holds))
        for entered in opened.entered:
            entered.pace.leave(entered.rule, entered.tokens, 0, entered.share)
        raise
    return _Running(opened, desk)


def _settle_purses(opened: Opened, spent: Sequence[int]) -> None:
    for draw, part in zip(opened.draws, spent, strict=True):
        opened.funds.purse(draw.pot).settle(draw.grains, part)


def _leave(opened: Opened, receipt: Receipt) -> None:
    """What the answer used counts at every pace, and what it brought in and cost, where the customer stands."""
    used = all_input_tokens(receipt.usage) + all_output_tokens(receipt.usage)
    for entered in opened.entered:
        entered.pace.leave(entered.rule, entered.tokens, used, entered.share)
    if opened.turn is not None:
        opened.turn.pace.leave(opened.turn.rule, opened.turn.tokens, used, opened.turn.share)
    if opened.funds.standing is not None:
        opened.funds.standing.add(receipt.charge_grains - receipt.granted_grains, receipt.cost_grains)


def _what_ends(opened: Opened, settlement: Settlement, holder: str) -> list[Entry]:
    """The second write: the holds end, their leases get the rest back, and everything that is known is journaled."""
    entries: list[Entry] = [(ledger_store.append, transfer) for transfer in settlement.transfers]
    entries += [
        (pot_store.shift_leases, (hold.debit, hold.currency, holder, hold.grains - spent))
        for hold, spent in zip(opened.holds, settlement.bill.spent, strict=True)
    ]
    entries += [(store.append, settlement.receipt), (margin_store.add, settlement.margin)]
    alarms = alarms_after(opened, settlement.receipt)
    return [*entries, *((alarm_store.raise_alarms, alarm) for alarm in alarms)] if alarms else entries


class _Running:
    """One answer under way, from its hold to its settlement."""

    __slots__ = (
        "_asked_us",
        "_desk",
        "_era",
        "_fault",
        "_finish",
        "_first_token_us",
        "_has_begun",
        "_latest_us",
        "_meter",
        "_seat",
        "_stream",
        "_tried",
        "_usage_report",
        "opened",
    )

    def __init__(self, opened: Opened, desk: Desk) -> None:
        self.opened = opened
        self._desk = desk
        self._meter = _meter_of(opened)
        self._tried: list[Tried] = []
        self._fault: SolventError | None = None  # of the upstream that was asked last
        self._seat: Seat | None = None
        self._stream: AsyncGenerator[Chunk, None] | None = None
        self._first_token_us = -1
        self._asked_us = 0
        self._has_begun = False  # from its first byte on it is told, and so never asked again
        self._finish = ""
        self._usage_report = ""
        self._latest_us = opened.question.received_us + int(ANSWER_S_MAX) * US_PER_S
        self._era = desk.era
        self._era.under_way += 1
        desk.retries.earn()

    async def take_turn(self) -> None:
        """Where our key may be asked only so fast: perhaps with another key, perhaps after a short wait."""
        self.opened = await take_turn(self.opened, [one.route for one in self._tried], self._desk)
        self._meter = _meter_of(self.opened)

    async def ask(self) -> AsyncGenerator[Chunk, None]:
        """Take a seat where the model runs here, and ask; in the slow lane, after a while."""
        opened = self.opened
        if opened.is_slow and not self._tried:
            await asyncio.sleep(SLOW_LANE_S)
        self._asked_us = self._desk.now_us()
        opened.route.health.ask(self._asked_us)
        if opened.route.engine is not None:
            self._seat = await opened.route.engine.sit()
        question = opened.question
        call = Call(
            opened.route.upstream, question.members, question.stream, opened.output_tokens_each, question.task,
            question.files,
        )  # fmt: skip
        provider = opened.route.provider
        if provider.speaks == question.dialect:
            self._stream = provider.stream(call)
        else:
            self._stream = bridged(provider, call, question.dialect, question.received_us // US_PER_S)
        if question.guarded is not None and question.guarded.after:
            self._stream = guard_reply(self._stream, _asked(opened), question.guarded)
        self._meter.left_unanswered = True
        return self._stream

    async def turns_elsewhere(self, fault: SolventError) -> bool:
        """Whether an attempt that failed before its first byte is followed by another, which is then to be asked.

        A failure counts against its upstream either way.
        """
        opened, desk = self.opened, self._desk
        if not is_upstreams(fault.code):
            return False
        opened.route.health.fail(fault.code, desk.now_us(), fault.retry_after_s)
        self._fault = fault
        if self._has_begun:
            return False
        again = asked_elsewhere(opened, [one.route for one in self._tried], fault, desk)
        if again is None:
            return False
        self.outcome_of(fault)  # whether it may have to be paid for
        spent = _spent(await self._let_go())
        self._tried.append(Tried(opened.route, opened.prices, fault.code, self._meter.measure(spent)))
        self.opened, self._meter = again, _meter_of(again)
        is_same = again.route.health is opened.route.health
        await asyncio.sleep(pause_s(len(self._tried), desk.entropy(), is_same=is_same))
        return True

    def as_told(self, fault: SolventError) -> SolventError:
        """What cannot be said to the upstream that was to take over is no fault of the question: the first one's is."""
        return self._fault if fault.code == "not_bridged" and self._fault is not None else fault

    async def _let_go(self) -> Effort | None:
        """Of the stream and the seat; what the engine spent, if it was one."""
        if self._stream is not None:
            await self._stream.aclose()
        effort = self._seat.leave() if self._seat is not None else None
        self._stream = self._seat = None
        return effort

    def count(self, chunk: Chunk) -> None:
        """Meter one chunk. Raises Unavailable when the answer has taken too long."""
        if not self._has_begun:
            self._has_begun = True
            self.opened.route.health.succeed(self._desk.now_us() - self._asked_us)
        self._meter.add(chunk.pieces, chunk.usage, chunk.timings, chunk.text)
        if chunk.made is not None:
            self._meter.count(chunk.made)
        tier = chunk.members.get("service_tier")
        if tier is not None:
            self._meter.served_at(tier)
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
        self._meter.break_off()
        if fault.code == "answer_overdue":
            return "overdue"
        if not self._meter.pieces and (fault.code in _NEVER_TAKEN or _was_refused(fault)):
            self._meter.left_unanswered = False
        if fault.code in ("guard_blocked", "guard_failed") and _is_free(self.opened.question):
            return "failed"
        return "broken" if self._meter.pieces else "failed"

    async def see_off(self) -> None:
        """The client is gone: reach the usage report if the provider bills on, else hang up; then settle."""
        try:
            if self._stream is not None and self.opened.route.provider.on_abort == "drain":
                async with asyncio.timeout(self.opened.route.drain_s):
                    await self._drain(self._stream)
        except (TimeoutError, SolventError, asyncio.CancelledError):
            pass  # what is known by now is settled below, also when the process is about to end
        await self.end("abandoned")

    async def _drain(self, stream: AsyncGenerator[Chunk, None]) -> None:
        drained = 0
        async for chunk in stream:
            self.count(chunk)
            drained += sum(len(bytes(member)) for member in chunk.members.values()) + len(chunk.data)
            if drained > self.opened.route.drain_bytes or self._meter.is_complete:
                return

    async def end(self, outcome: Outcome, fault: SolventError | None = None) -> Receipt:
        """The second write: returns when the receipt and its transfers are on the disk.

        Raises Unavailable when they cannot be written; then nothing is charged, and the hold expires.
        """
        effort = await self._let_go()
        desk, opened = self._desk, self.opened
        now_us = desk.now_us()
        ending = Ending(
            outcome, now_us, self._finish, fault.code if fault else "", self._first_token_us,
            bool(effort and effort.estimated), self._usage_report, tuple(self._tried),
        )  # fmt: skip
        settlement = settle(opened, self._meter.measure(_spent(effort)), ending, desk.day(now_us))
        receipt = settlement.receipt
        _settle_purses(opened, settlement.bill.spent)
        _leave(opened, receipt)
        self._era.under_way -= 1
        try:
            booked = desk.database.append(_what_ends(opened, settlement, desk.holder))
        except Unavailable:
            self._take_back(settlement)
            raise

        def known(done: asyncio.Future[None]) -> None:
            if done.exception() is None:
                desk.tell(receipt, settlement.margin[1])
            else:
                self._take_back(settlement)

        booked.add_done_callback(known)
        await asyncio.shield(booked)  # who leaves now leaves a booked answer behind, not a half-known one
        return receipt

    def _take_back(self, settlement: Settlement) -> None:
        """The holds are still open on the books, so what they hold is not spare; it returns when they expire."""
        for draw, spent in zip(self.opened.draws, settlement.bill.spent, strict=True):
            self.opened.funds.purse(draw.pot).forfeit(draw.grains - spent)


def _meter_of(opened: Opened) -> Meter:
    question, route = opened.question, opened.route
    read = reader(route.provider.name, _REPORTS.get(question.task, route.provider.speaks))
    read_most, beside = input_tokens_most(question, route), beside_words(question, route)
    return Meter(read_most, opened.output_tokens_max, read, beside, question.sure)


def _asked(opened: Opened) -> Asked:
    question = opened.question
    is_json = any(b'"json_' in bytes(question.members.get(name, b"")) for name in ("response_format", "output_config"))
    return Asked(question.dialect, question.stream, is_json, opened.route.provider.on_abort == "drain")


def _is_free(question: Question) -> bool:
    return question.guarded is not None and question.guarded.acts.is_free


def _spent(effort: Effort | None) -> Usage | None:
    return Usage(engine_us=effort.engine_us, energy_uj=effort.energy_uj) if effort else None


def _was_refused(fault: SolventError) -> bool:
    return isinstance(fault, Unavailable) and fault.upstream_status is not None and fault.upstream_status != 200
