"""Answer one question: open, hold, ask, meter, settle. Two short writes around a stream.

The hold is set aside before the upstream is asked; the settlement is on the disk before the answer is
acknowledged. Whoever leaves early, the hold ends: the rest of the answer is then finished in the
background, read to its usage report or hung up on, as its provider bills.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from functools import partial
from typing import Final

from solvent.answering import store
from solvent.answering.alarms import alarms_after
from solvent.answering.attempt import Attempt, Race, bytes_of, given_up, meter_of, outcome_after, spent_by, take_in
from solvent.answering.desk import Desk
from solvent.answering.elsewhere import alternatives, asked_elsewhere, enter, leave_turn
from solvent.answering.find_funds import find_funds
from solvent.answering.fold_store import fold_once
from solvent.answering.guard_case import guard_case
from solvent.answering.hedge import hedge
from solvent.answering.holds import holds_of
from solvent.answering.leaving import give_back, leave, settle_purses
from solvent.answering.opening import open_answer, take_case
from solvent.answering.question import Question
from solvent.answering.receipt import Outcome, Receipt
from solvent.answering.settlement import Ending, Opened, Settlement, Tried, settle
from solvent.answering.take_turn import take_turn
from solvent.audit import alarm_store
from solvent.bridging.bridged import bridged
from solvent.db.port import Entry, Kept
from solvent.engines.port import Effort, Seat
from solvent.guarding.guard_reply import Asked, guard_reply
from solvent.guarding.rule import NO_RULES
from solvent.identity.caller import Caller
from solvent.ledger import pot_store
from solvent.ledger import store as ledger_store
from solvent.providers.port import Call, Chunk, Like, PassOn
from solvent.routing.hedging import Hedging
from solvent.routing.retry import TRIES_MAX, is_upstreams, pause_s
from solvent.values.errors import SolventError, Unavailable
from solvent.values.instant import US_PER_S
from solvent.values.limits import ANSWER_S_MAX, SLOW_LANE_S

_ANSWER_US_MAX: Final = int(ANSWER_S_MAX) * US_PER_S


async def answer(
    question: Question, caller: Caller, desk: Desk, push: PassOn | None = None
) -> AsyncGenerator[Opened | Chunk | Receipt, None]:
    """Yields what was opened, then the chunks, then the receipt once it is on the books. What was opened comes again
    when an upstream failed before its first byte and another is asked. push: may tell a chunk at once, unyielded.

    Raises Refused or Invalid before anything is asked; Unavailable or Invalid when the upstream fails, after
    the receipt of that failure is on the books. An abandoned generator settles by itself.
    """
    case = take_case(question, caller, desk)
    if desk.guards is not NO_RULES:
        case = await guard_case(case, desk)
    opened = open_answer(case, desk, settle_for_less=False)
    if not isinstance(opened, Opened):
        opened = await find_funds(case, desk)
    running = _begin(opened, desk, push)
    try:
        while True:
            if running.opened.route.limit is not None:
                await running.take_turn()
            yield running.opened
            try:
                waits = running.opened.is_slow or running.opened.route.engine is not None
                async for chunk in await running.ask_in_turn() if waits else running.ask():
                    if running.race is not None and running.is_overtaken():
                        yield running.opened
                    running.count(chunk)
                    yield chunk
                running.stream = None  # it has come to its end: nothing of it is left to close
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


def _begin(opened: Opened, desk: Desk, push: PassOn | None) -> _Running:
    """The first write: the hold, if the answer takes a while. Nobody waits for the disk here: a hold that a crash loses
    has charged nothing. Raises Unavailable when the books take no more; then nothing is set aside."""
    try:
        kept = desk.database.keep_back(partial(_what_begins, opened, desk.holder))
    except Unavailable:
        give_back(opened)
        raise
    return _Running(opened, desk, push, kept)


def _what_begins(opened: Opened, holder: str) -> list[Entry]:
    """The holds are set aside on the books, out of their leases."""
    return pot_store.set_aside(holds_of(opened.question, opened.draws, holder), holder)


def _what_ends(opened: Opened, settlement: Settlement, holder: str, *, was_held: bool) -> list[Entry]:
    """The holds end, their leases get the rest back, and everything that is known is journaled.

    was_held: whether the holds were written; if not, what they come to is taken out of the leases at once.
    """
    entries: list[Entry] = []
    for row in settlement.transfers:  # plain loops: a list made of each takes three times as long
        entries.append((ledger_store.append, row))  # noqa: PERF401
    spent = settlement.bill.spent
    for n, draw in enumerate(opened.draws):
        left = draw.grains - spent[n] if was_held else -spent[n]
        entries.append((pot_store.shift_leases, (draw.pot.account, draw.pot.unit, holder, left)))
    entries.append((store.append, settlement.receipt))
    for alarm in alarms_after(opened, settlement.receipt):
        entries.append((alarm_store.raise_alarms, alarm))  # noqa: PERF401
    return entries


class _Running:
    """One answer under way, from its hold to its settlement."""

    __slots__ = (
        "_asked_us", "_desk", "_era", "_fault", "_finish", "_first_token_us", "_has_begun", "_has_hedged", "_kept",
        "_latest_us", "_meter", "_push", "_seat", "_tried", "_usage_report", "opened", "race", "stream",
    )  # fmt: skip

    def __init__(self, opened: Opened, desk: Desk, push: PassOn | None, kept: Kept) -> None:
        self.opened = opened
        self._push = push
        self._kept = kept
        self.race: Race | None = None
        self._has_hedged = False
        self._desk = desk
        self._meter = meter_of(opened)
        self._tried: list[Tried] = []
        self._fault: SolventError | None = None  # of the upstream that was asked last
        self._seat: Seat | None = None
        self.stream: AsyncGenerator[Chunk, None] | None = None
        self._first_token_us = -1
        self._asked_us = 0
        self._has_begun = False  # from its first byte on it is told, and so never asked again
        self._finish = ""
        self._usage_report = ""
        self._latest_us = opened.question.received_us + _ANSWER_US_MAX
        self._era = desk.era
        self._era.under_way += 1
        desk.retries.earn()

    async def take_turn(self) -> None:
        """Where our key may be asked only so fast: perhaps with another key, perhaps after a short wait."""
        self.opened = await take_turn(self.opened, [one.route for one in self._tried], self._desk)
        self._meter = meter_of(self.opened)

    async def ask_in_turn(self) -> AsyncGenerator[Chunk, None]:
        """Take a seat where the model runs here, and ask; in the slow lane, after a while."""
        opened = self.opened
        if opened.is_slow and not self._tried:
            await asyncio.sleep(SLOW_LANE_S)
        self._asked_us = self._desk.now_us()
        opened.route.health.ask(self._asked_us)
        if opened.route.engine is not None:
            self._seat = await opened.route.engine.sit()
            if not opened.question.stream or (opened.question.guarded is not None and opened.question.guarded.after):
                self._seat.begin("presence")  # it comes whole, or late: nobody sees when it has read the question
        return self._ask()

    def ask(self) -> AsyncGenerator[Chunk, None]:
        """Ask; nothing is sent before the first chunk is waited for."""
        self._asked_us = self._desk.now_us()
        self.opened.route.health.ask(self._asked_us)
        return self._ask()

    def _ask(self) -> AsyncGenerator[Chunk, None]:
        opened = self.opened
        route, guarded = opened.route, opened.question.guarded
        is_direct = self._push is not None and route.hedging is None and not (guarded is not None and guarded.after)
        stream = _asked_of(opened, self._pass_on if is_direct else None)
        if route.hedging is not None:
            stream = self._hedged(route.hedging, stream)
        if guarded is not None and guarded.after:
            stream = guard_reply(stream, _asked(opened), guarded)
        self.stream = stream
        self._meter.left_unanswered = True
        return stream

    def _hedged(self, hedging: Hedging, stream: AsyncGenerator[Chunk, None]) -> AsyncGenerator[Chunk, None]:
        """The stream, which may become another upstream's before it begins: once an answer, and no whole one's."""
        opened = self.opened
        if self._has_hedged or hedging.wait_us is None or opened.route.engine is not None or not opened.question.stream:
            return stream
        self._has_hedged = True
        self.race = Race(Attempt(opened, stream, self._meter, self._asked_us))
        return hedge(self.race, hedging.wait_us / US_PER_S, self._ask_another)

    async def _ask_another(self) -> Attempt | None:
        """Ask the next upstream too; None without one that may be asked now, or without a try in the budget."""
        desk = self._desk
        choices = alternatives(self.opened, [one.route for one in self._tried], desk)
        for choice in choices if len(self._tried) + 2 <= TRIES_MAX else ():
            other = enter(choice, desk) if choice.route.engine is None else None
            if isinstance(other, Opened):
                if not desk.retries.spend():
                    leave_turn(other, 0)
                    return None
                now_us = desk.now_us()
                other.route.health.ask(now_us)
                attempt = Attempt(other, _asked_of(other), meter_of(other), now_us)
                attempt.meter.left_unanswered = True
                return attempt
        return None

    def is_overtaken(self) -> bool:
        """Whether the answer comes from another upstream than the one that was told. From now on that one is meant."""
        leader = self.race.leader if self.race is not None else None
        if leader is None or leader.opened is self.opened:
            return False
        self.opened, self._meter, self._asked_us = leader.opened, leader.meter, leader.asked_us
        return True

    def _end_race(self) -> None:
        """Go on with whoever leads, and book those that were asked too; their streams are over."""
        self.is_overtaken()
        race, self.race = self.race, None
        for attempt in race.others if race is not None else ():
            self._fault = attempt.fault or self._fault
            self._tried.append(given_up(attempt, self._desk.now_us()))

    async def turns_elsewhere(self, fault: SolventError) -> bool:
        """Whether an attempt that failed before its first byte is followed by another, which is then to be asked.

        A failure counts against its upstream either way.
        """
        if self.race is not None and not self._has_begun:
            self._end_race()
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
        spent = spent_by(await self._let_go())
        self._tried.append(Tried(opened.route, opened.prices, fault.code, self._meter.measure(spent)))
        self.opened, self._meter = again, meter_of(again)
        is_same = again.route.health is opened.route.health
        await asyncio.sleep(pause_s(len(self._tried), desk.entropy(), is_same=is_same))
        return True

    def as_told(self, fault: SolventError) -> SolventError:
        """What cannot be said to the upstream that was to take over is no fault of the question: the first one's is."""
        return self._fault if fault.code == "not_bridged" and self._fault is not None else fault

    async def _let_go(self) -> Effort | None:
        """Of the stream and the seat; what the engine spent, if it was one."""
        if self.stream is not None:
            await self.stream.aclose()
        if self.race is not None:
            self._end_race()
        effort = self._seat.leave() if self._seat is not None else None
        self.stream = self._seat = None
        return effort

    def count(self, chunk: Chunk) -> None:
        """Meter one chunk. Raises Unavailable when the answer has taken too long."""
        now_us = self._desk.now_us()
        if not self._has_begun:
            self._has_begun = True
            route, latency_us = self.opened.route, now_us - self._asked_us
            route.health.succeed(latency_us)
            if route.hedging is not None and self.opened.question.stream:
                route.hedging.hear(latency_us)
        take_in(self._meter, chunk)
        if chunk.pieces and self._first_token_us < 0:
            self._first_token_us = now_us - self.opened.question.received_us
            if self._seat is not None:
                self._seat.begin()
        if chunk.finish:
            self._finish = chunk.finish
        if chunk.usage is not None:
            self._usage_report = str(chunk.usage, "utf-8", "replace")[:2000]
        if now_us > self._latest_us:
            message = f"the answer took longer than {ANSWER_S_MAX:.0f} s and was ended; ask for less of it"
            raise Unavailable("answer_overdue", message)

    def _pass_on(self, like: Like, word: bytes) -> bool:
        """Tell and meter an event at once, where it is like one that was counted and there is time for it."""
        if self._push is None or self._desk.now_us() > self._latest_us or not self._push(like, word):
            return False
        self._meter.pieces += 1
        return True

    def outcome_of(self, fault: SolventError) -> Outcome:
        """What to call an ending by an error."""
        return outcome_after(fault, self._meter, self.opened.question.guarded)

    async def see_off(self) -> None:
        """The client is gone: reach the usage report if the provider bills on, else hang up; then settle."""
        self._push = None
        # Whatever ends it, what is known by now is settled below, also when the process is about to end.
        with suppress(TimeoutError, SolventError, asyncio.CancelledError):
            if self.stream is not None and self.opened.route.provider.on_abort == "drain":
                async with asyncio.timeout(self.opened.route.drain_s):
                    await self._drain(self.stream)
        await self.end("abandoned")

    async def _drain(self, stream: AsyncGenerator[Chunk, None]) -> None:
        drained = 0
        async for chunk in stream:
            self.count(chunk)
            drained += bytes_of(chunk)
            if drained > self.opened.route.drain_bytes or self._meter.is_complete:
                return

    async def end(self, outcome: Outcome, fault: SolventError | None = None) -> Receipt:
        """The second write: returns when the receipt and its transfers are on the disk.

        Raises Unavailable when they cannot be written; then nothing is charged, and the hold expires.
        """
        effort = await self._let_go()
        self._fault = None  # whose traceback would hold this answer, for the garbage collector to find
        desk, opened = self._desk, self.opened
        now_us = desk.now_us()
        ending = Ending(
            outcome, now_us, self._finish, fault.code if fault else "", self._first_token_us,
            effort is not None and effort.estimated, self._usage_report, tuple(self._tried),
            effort.level if effort is not None else "",
        )  # fmt: skip
        was_held = not self._kept.take_back()
        settlement = settle(opened, self._meter.measure(spent_by(effort)), ending, was_held=was_held)
        receipt = settlement.receipt
        settle_purses(opened, settlement.bill.spent)
        leave(opened, receipt)
        self._era.under_way -= 1
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def known(failure: Exception | None) -> None:
            # Who has left by now leaves a booked answer behind, not a half-known one.
            if failure is None:
                desk.tell(receipt)
            elif was_held:
                self._take_back(settlement)
            if waiting.done():
                return
            if failure is None:
                waiting.set_result(None)
            else:
                waiting.set_exception(failure)

        try:
            if desk.folds():
                desk.database.append_later([(fold_once, None)])
            desk.database.append_then(_what_ends(opened, settlement, desk.holder, was_held=was_held), known)
        except Unavailable:
            if was_held:
                self._take_back(settlement)
            raise
        await waiting
        return receipt

    def _take_back(self, settlement: Settlement) -> None:
        """The holds are still open on the books, so what they hold is not spare; it returns when they expire."""
        for draw, spent in zip(self.opened.draws, settlement.bill.spent, strict=True):
            self.opened.funds.purse(draw.pot).forfeit(draw.grains - spent)


def _asked_of(opened: Opened, pass_on: PassOn | None = None) -> AsyncGenerator[Chunk, None]:
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


def _asked(opened: Opened) -> Asked:
    question = opened.question
    is_json = any(b'"json_' in bytes(question.members.get(name, b"")) for name in ("response_format", "output_config"))
    return Asked(question.dialect, question.stream, is_json, opened.route.provider.on_abort == "drain")
