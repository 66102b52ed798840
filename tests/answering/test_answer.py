"""One answer, every way it can end: the hold ends once, the charge is right, the cost is booked, the books agree."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from tests.answering.desks import (
    COST,
    NONSENSE,
    PRICE,
    QUOTE_GRAINS,
    READ_MOST,
    USAGE,
    WRITE_MOST,
    ZERO,
    Scripted,
    Shop,
    Step,
    check_books,
    reported,
    said,
    shop,
    until,
)

from solvent.answering import answer as answer_module
from solvent.answering.answer import answer
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.answering.store import newest
from solvent.engines.port import Effort
from solvent.identity.caller import Caller
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.providers.port import Chunk, OnAbort
from solvent.values.errors import Invalid, Refused, SolventError, Unavailable
from solvent.values.ids import KeyId
from solvent.values.instant import US_PER_S
from solvent.values.limits import ANSWER_S_MAX
from solvent.values.money import Money
from solvent.values.usage import Usage

KNOWN = Usage(input_tokens=60, cached_input_tokens=40, output_tokens=7, reasoning_tokens=2)
TEXT: list[Step] = [said(0), said(), said(), said(), said(1, "stop")]
WALLET = 10 * QUOTE_GRAINS
FAILED = Unavailable("upstream_failed", "it failed", upstream_status=500)
TIMEOUT = Unavailable("upstream_timeout", "it fell silent")
CUT_OFF = Unavailable("upstream_cut_off", "it broke off")
BROKE = Unavailable("upstream_failed", "it failed in the middle of its answer")
GARBAGE = Unavailable("upstream_garbage", "it cannot be understood", upstream_status=200)
UNREACHABLE = Unavailable("upstream_unreachable", "nobody there")
LOST = [TIMEOUT, CUT_OFF, BROKE, GARBAGE]  # somebody may have read the question, and will bill us
NEVER_TAKEN = [FAILED, UNREACHABLE, Invalid("upstream_refused", "no"), Unavailable("upstream_busy", "later")]
SOON_S = 20.0

Answering = AsyncGenerator[Opened | Chunk | Receipt, None]
Steps = list[Opened | Chunk | Receipt]


def name(fault: SolventError) -> str:
    """What pytest calls a fault."""
    return f"{fault.code} {getattr(fault, 'upstream_status', '')}"


def story(
    tmp_path: Path, provider: Scripted, tell: Callable[[Shop, Caller], Awaitable[Any]], **kinds: Any
) -> list[Receipt]:
    """Tell a story in a shop where one customer has money, then look at the books."""

    async def run() -> list[Receipt]:
        async with shop(tmp_path, provider, **kinds) as open_shop:
            caller = await open_shop.customer("a", WALLET)
            await asyncio.wait_for(tell(open_shop, caller), SOON_S)
            receipts = await check_books(open_shop)
            spent = sum(receipt.charge_grains for receipt in receipts)
            assert caller.customer is not None
            assert open_shop.desk.purse(caller.customer.id).available == WALLET - spent
            return receipts

    return asyncio.run(run())


async def ask(shop: Shop, caller: Caller) -> Steps:
    return [step async for step in answer(shop.question(), caller, shop.desk)]


async def ask_and_fail(shop: Shop, caller: Caller) -> SolventError:
    with pytest.raises(SolventError) as caught:
        await ask(shop, caller)
    return caught.value


def leave_after(steps: int) -> Callable[[Shop, Caller], Awaitable[None]]:
    """The client reads so many steps (the first says what was opened) and hangs up."""

    async def tell(shop: Shop, caller: Caller) -> None:
        answering: Answering = answer(shop.question(), caller, shop.desk)
        for _ in range(steps):
            await anext(answering)
        await answering.aclose()

    return tell


def amounts(usage: Usage) -> tuple[int, int]:
    return rate(usage, PRICE).grains, rate(usage, COST).grains


def test_an_answer_is_opened_told_and_booked_before_it_is_over(tmp_path: Path) -> None:
    told: Steps = []

    async def tell(shop: Shop, caller: Caller) -> None:
        async for step in answer(shop.question(), caller, shop.desk):
            told.append(step)
            if isinstance(step, Receipt):  # on the disk before anybody is told of it
                assert await shop.desk.database.read(partial(newest, count=9)) == [step]

    provider = Scripted([[*TEXT, reported(USAGE)]])
    [receipt] = story(tmp_path, provider, tell)
    assert [type(step) for step in told] == [Opened, *[Chunk] * 6, Receipt]
    assert told[-1] == receipt
    assert (receipt.outcome, receipt.finish, receipt.fault, receipt.alarms) == ("answered", "stop", "", "")
    assert receipt.usage == KNOWN
    assert (receipt.charge_grains, receipt.cost_grains) == amounts(KNOWN)
    assert (receipt.usage_estimated, receipt.overrun_grains) == (0, 0)
    assert (receipt.price_card, receipt.cost_card) == (PRICE.version, COST.version)
    assert receipt.end_user == "user 한 \x00 명"
    assert receipt.usage_report == bytes(USAGE).decode()
    assert 0 < receipt.first_token_us <= receipt.total_us
    assert provider.calls[0].output_tokens_max == WRITE_MOST
    assert provider.closed == 1


# What the customer pays and what we book, for each kind of report: (least used, most used, estimated, alarms).
REPORTS: dict[str, tuple[list[Step], Usage, Usage, int, str]] = {
    "known": ([reported(USAGE)], KNOWN, KNOWN, 0, ""),
    "unknown": ([], Usage(output_tokens=4), Usage(input_tokens=READ_MOST, output_tokens=4), 1, ""),
    "zero": ([reported(ZERO)], Usage(), Usage(), 0, ""),
    "nonsense": (
        [reported(NONSENSE)],
        Usage(output_tokens=4),
        Usage(input_tokens=READ_MOST, output_tokens=4),
        1,
        "bad_usage",
    ),
}


@pytest.mark.parametrize("report", REPORTS)
def test_an_answer_is_charged_by_its_report_or_by_what_was_delivered(tmp_path: Path, report: str) -> None:
    steps, least, most, estimated, alarms = REPORTS[report]
    [receipt] = story(tmp_path, Scripted([[*TEXT, *steps]]), ask)
    assert receipt.outcome == "answered"
    assert receipt.charge_grains == amounts(least)[0]
    assert receipt.cost_grains == amounts(most)[1]
    assert (receipt.usage_estimated, receipt.alarms) == (estimated, alarms)


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("fault", [FAILED, *LOST], ids=name)
def test_an_answer_that_breaks_off_is_charged_by_its_report_or_by_what_was_delivered(
    tmp_path: Path, report: str, fault: SolventError
) -> None:
    steps, least, most, estimated, alarms = REPORTS[report]
    [receipt] = story(tmp_path, Scripted([[*TEXT, *steps, fault]]), ask_and_fail)
    assert (receipt.outcome, receipt.fault) == ("broken", fault.code)
    assert receipt.charge_grains == amounts(least)[0]
    assert receipt.cost_grains == amounts(most)[1]
    assert (receipt.usage_estimated, receipt.alarms) == (estimated, alarms)


@pytest.mark.parametrize("before", [[], [said(0)], [0.01]], ids=["at once", "after a first event", "after a silence"])
@pytest.mark.parametrize("fault", NEVER_TAKEN, ids=name)
def test_an_answer_that_failed_with_no_output_costs_nobody_anything(
    tmp_path: Path, before: list[Step], fault: SolventError
) -> None:
    [receipt] = story(tmp_path, Scripted([[*before, fault]]), ask_and_fail)
    assert (receipt.outcome, receipt.fault, receipt.charge_grains, receipt.cost_grains) == ("failed", fault.code, 0, 0)


@pytest.mark.parametrize("fault", LOST, ids=name)
def test_a_question_that_was_taken_and_not_answered_is_our_cost_alone(tmp_path: Path, fault: SolventError) -> None:
    [receipt] = story(tmp_path, Scripted([[fault]]), ask_and_fail)
    assert (receipt.outcome, receipt.charge_grains, receipt.usage_estimated) == ("failed", 0, 1)
    assert receipt.cost_grains == rate(Usage(input_tokens=READ_MOST), COST).grains
    assert receipt.margin.grains < 0


def test_a_failure_that_was_reported_is_our_cost_alone(tmp_path: Path) -> None:
    [receipt] = story(tmp_path, Scripted([[reported(USAGE), FAILED]]), ask_and_fail)
    assert (receipt.outcome, receipt.charge_grains) == ("failed", 0)
    assert receipt.cost_grains == amounts(KNOWN)[1]


def test_an_answer_without_words_and_without_a_report_is_not_known_to_be_free(tmp_path: Path) -> None:
    """Silence is not a report: the question was read, and somebody will bill us for it."""
    [receipt] = story(tmp_path, Scripted([[said(0), said(0, "stop")]]), ask)
    assert (receipt.outcome, receipt.charge_grains, receipt.usage_estimated) == ("answered", 0, 1)
    assert receipt.cost_grains == rate(Usage(input_tokens=READ_MOST), COST).grains


# When the client leaves: how many steps it has read, and how many pieces of text were delivered by then.
DEPARTURES = {"before the first chunk": (1, 0), "at the first event": (2, 0), "at the first word": (3, 1),
              "in the middle": (4, 2), "after the last word": (6, 4)}  # fmt: skip


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("departure", DEPARTURES)
def test_an_abandoned_answer_is_read_to_its_report_where_its_provider_bills_on(
    tmp_path: Path, departure: str, report: str
) -> None:
    steps, least, most, estimated, alarms = REPORTS[report]
    provider = Scripted([[*TEXT, *steps]], "drain")
    [receipt] = story(tmp_path, provider, leave_after(DEPARTURES[departure][0]))
    assert receipt.outcome == "abandoned"
    if departure == "before the first chunk" and not provider.calls:
        assert (receipt.charge_grains, receipt.cost_grains) == (0, 0)  # nobody was asked yet
        return
    assert receipt.charge_grains == amounts(least)[0]
    assert receipt.cost_grains == amounts(most)[1]
    assert (receipt.usage_estimated, receipt.alarms) == (estimated, alarms)
    assert provider.steps_played == len(TEXT) + len(steps)


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("departure", DEPARTURES)
def test_an_abandoned_answer_is_hung_up_on_where_that_ends_the_bill(
    tmp_path: Path, departure: str, report: str
) -> None:
    read, pieces = DEPARTURES[departure]
    provider = Scripted([[*TEXT, *REPORTS[report][0]]], "cancel")
    [receipt] = story(tmp_path, provider, leave_after(read))
    assert receipt.outcome == "abandoned"
    assert receipt.charge_grains == rate(Usage(output_tokens=pieces), PRICE).grains
    if pieces:
        assert receipt.usage_estimated == 1
        assert receipt.cost_grains == rate(Usage(input_tokens=READ_MOST, output_tokens=pieces), COST).grains
    assert provider.closed == len(provider.calls)
    assert provider.steps_played == read - 1


@pytest.mark.parametrize("on_abort", ["drain", "cancel"])
def test_an_answer_left_after_its_report_is_charged_by_it(tmp_path: Path, on_abort: OnAbort) -> None:
    provider = Scripted([[*TEXT, reported(USAGE), said(0)]], on_abort)
    [receipt] = story(tmp_path, provider, leave_after(7))
    assert (receipt.outcome, receipt.charge_grains, receipt.cost_grains) == ("abandoned", *amounts(KNOWN))
    assert provider.closed == 1


@pytest.mark.parametrize("on_abort", ["drain", "cancel"])
def test_leaving_at_the_receipt_changes_nothing(tmp_path: Path, on_abort: OnAbort) -> None:
    [receipt] = story(tmp_path, Scripted([[*TEXT, reported(USAGE)]], on_abort), leave_after(8))
    assert (receipt.outcome, receipt.charge_grains) == ("answered", amounts(KNOWN)[0])


@pytest.mark.parametrize("fault", [TIMEOUT, CUT_OFF, FAILED], ids=name)
def test_an_upstream_that_fails_while_it_is_drained_still_gets_its_hold_ended(
    tmp_path: Path, fault: SolventError
) -> None:
    [receipt] = story(tmp_path, Scripted([[*TEXT[:3], fault]], "drain"), leave_after(3))
    assert (receipt.outcome, receipt.usage_estimated) == ("abandoned", 1)
    assert receipt.charge_grains == rate(Usage(output_tokens=2), PRICE).grains


@pytest.mark.parametrize("fault", LOST, ids=name)
def test_a_question_taken_then_lost_while_it_is_drained_is_our_cost(tmp_path: Path, fault: SolventError) -> None:
    """As when the client had stayed: the upstream took the question and never said what it cost."""
    [receipt] = story(tmp_path, Scripted([[said(0), fault]], "drain"), leave_after(2))
    assert (receipt.outcome, receipt.charge_grains, receipt.usage_estimated) == ("abandoned", 0, 1)
    assert receipt.cost_grains == rate(Usage(input_tokens=READ_MOST), COST).grains


def test_draining_ends_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_module, "DRAIN_S_MAX", 0.05)
    provider = Scripted([[*TEXT[:3], 3_600.0, reported(USAGE)]], "drain")
    [receipt] = story(tmp_path, provider, leave_after(3))
    assert (receipt.outcome, receipt.usage_estimated) == ("abandoned", 1)
    assert receipt.charge_grains == rate(Usage(output_tokens=2), PRICE).grains
    assert provider.closed == 1


def test_draining_ends_after_so_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_module, "DRAIN_BYTES_MAX", 20)  # each chunk has two bytes
    provider = Scripted([[said() for _ in range(1_000)]], "drain")
    [receipt] = story(tmp_path, provider, leave_after(2))
    assert provider.steps_played == 12
    assert receipt.output_tokens == 12


@pytest.mark.parametrize("on_abort", ["drain", "cancel"])
@pytest.mark.parametrize("silent_after", range(4))
def test_a_cancelled_request_ends_its_hold_too(tmp_path: Path, on_abort: OnAbort, silent_after: int) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        task = asyncio.create_task(ask(shop, caller))
        await until(lambda: provider.steps_played >= silent_after and bool(provider.calls))
        await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    provider = Scripted([[*TEXT[:silent_after], 3_600.0, reported(USAGE)]], on_abort)
    [receipt] = story(tmp_path, provider, tell)
    assert receipt.outcome == "abandoned"
    assert receipt.charge_grains == rate(Usage(output_tokens=max(0, silent_after - 1)), PRICE).grains
    assert provider.closed == 1


def test_a_question_cut_off_while_it_is_being_answered_may_have_been_read(tmp_path: Path) -> None:
    """The provider bills on, we were cancelled before it said a word: what it read is our cost, as an estimate."""

    async def tell(shop: Shop, caller: Caller) -> None:
        task = asyncio.create_task(ask(shop, caller))
        await until(lambda: bool(provider.calls))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    provider = Scripted([[3_600.0]], "drain")
    [receipt] = story(tmp_path, provider, tell)
    assert (receipt.outcome, receipt.charge_grains, receipt.usage_estimated) == ("abandoned", 0, 1)
    assert receipt.cost_grains == rate(Usage(input_tokens=READ_MOST), COST).grains


def test_a_drain_that_is_cut_short_at_the_end_of_the_process_is_settled(tmp_path: Path) -> None:
    """`Background.all_done` cancels what takes too long; the hold must not outlive the process."""

    async def tell(shop: Shop, caller: Caller) -> None:
        await leave_after(3)(shop, caller)
        await asyncio.sleep(0.01)
        await shop.background.all_done(0.05)
        assert shop.desk.under_way == 0

    [receipt] = story(tmp_path, Scripted([[*TEXT[:3], 3_600.0]], "drain"), tell)
    assert (receipt.outcome, receipt.usage_estimated) == ("abandoned", 1)


def test_a_forgotten_generator_settles_by_itself(tmp_path: Path) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        answering: Answering = answer(shop.question(), caller, shop.desk)
        await anext(answering)
        await anext(answering)
        del answering
        await asyncio.sleep(0.01)

    [receipt] = story(tmp_path, Scripted([[*TEXT, reported(USAGE)]], "drain"), tell)
    assert (receipt.outcome, receipt.charge_grains) == ("abandoned", amounts(KNOWN)[0])


def test_an_answer_nobody_began_to_read_was_never_opened(tmp_path: Path) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        await answer(shop.question(), caller, shop.desk).aclose()

    assert story(tmp_path, Scripted([TEXT]), tell) == []


@pytest.mark.parametrize("words", [True, False])
def test_an_answer_that_takes_too_long_is_ended_and_charged_for_what_it_gave(tmp_path: Path, words: bool) -> None:
    provider = Scripted([[said(1), said(int(words)), said(1)] if words else [said(0), said(0), said(0)]])

    async def tell(shop: Shop, caller: Caller) -> None:
        answering: Answering = answer(shop.question(), caller, shop.desk)
        await anext(answering)
        await anext(answering)
        shop.clock.at_us += int(ANSWER_S_MAX) * US_PER_S
        with pytest.raises(Unavailable) as caught:
            await anext(answering)
        assert caught.value.code == "answer_overdue"

    [receipt] = story(tmp_path, provider, tell)
    pieces = 2 if words else 0
    assert (receipt.outcome, receipt.fault, receipt.usage_estimated) == ("overdue", "answer_overdue", 1)
    assert receipt.charge_grains == rate(Usage(output_tokens=pieces), PRICE).grains
    assert receipt.cost_grains == rate(Usage(input_tokens=READ_MOST, output_tokens=pieces), COST).grains
    assert provider.closed == 1


def test_more_than_was_held_is_the_houses_loss(tmp_path: Path) -> None:
    report = b'{"prompt_tokens":%d,"completion_tokens":9999}' % READ_MOST
    [receipt] = story(tmp_path, Scripted([[*TEXT, reported(msgspec.Raw(report))]]), ask)
    due = rate(Usage(input_tokens=READ_MOST, output_tokens=9_999), PRICE).grains
    assert receipt.charge_grains == QUOTE_GRAINS
    assert receipt.overrun_grains == due - QUOTE_GRAINS
    assert receipt.alarms == "overrun"


def test_refuses_before_spending(tmp_path: Path) -> None:
    provider = Scripted([TEXT])

    async def tell(shop: Shop, caller: Caller) -> None:
        poor = await shop.customer("poor", 0)
        short = await shop.customer("short", 100)
        operator = Caller(KeyId("key_op"), "operator")
        for who, code in (
            (poor, "wallet_empty"),
            (short, "request_exceeds_balance"),
            (operator, "customer_key_needed"),
        ):
            with pytest.raises(Refused) as caught:
                await ask(shop, who)
            assert caught.value.code == code
        with pytest.raises(Invalid) as unknown:
            await anext(answer(shop.question(model="x" * 500), caller, shop.desk))
        assert unknown.value.code == "model_not_found"
        assert len(unknown.value.message) < 250

    assert story(tmp_path, provider, tell) == []
    assert provider.calls == []


def test_a_wallet_that_affords_less_is_answered_for_less(tmp_path: Path) -> None:
    provider = Scripted([[*TEXT, reported(USAGE)]])

    async def tell(shop: Shop, _caller: Caller) -> None:
        input_grains = rate(Usage(input_tokens=READ_MOST), PRICE).grains
        each = rate(Usage(output_tokens=1), PRICE).grains
        short = await shop.customer("short", input_grains + 11 * each + each - 1)
        await ask(shop, short)

    [receipt] = _only(tmp_path, provider, tell)
    assert provider.calls[0].output_tokens_max == receipt.output_tokens_max == 11


def _only(tmp_path: Path, provider: Scripted, tell: Callable[[Shop, Caller], Awaitable[Any]]) -> list[Receipt]:
    async def run() -> list[Receipt]:
        async with shop(tmp_path, provider) as open_shop:
            await tell(open_shop, await open_shop.customer("a", WALLET))
            return await check_books(open_shop)

    return asyncio.run(run())


class Seat:
    """A seat in the engine below."""

    def __init__(self, engine: OneSeat) -> None:
        self._engine = engine
        self.left = 0

    def leave(self) -> Effort:
        """See `engines.port.Seat`."""
        self.left += 1
        self._engine.free.release()
        return Effort(2_500_000, 40_000_000, estimated=True)


class OneSeat:
    """An engine with one seat that takes two and a half seconds and forty joules for anything."""

    base_url = "http://127.0.0.1:1/v1"
    members: dict[str, object] = {}  # noqa: RUF012  # as the port has it

    def __init__(self, *, busy: bool = False) -> None:
        self.free = asyncio.Semaphore(1)
        self.seats: list[Seat] = []
        self._busy = busy

    async def sit(self) -> Seat:
        """See `engines.port.Engine`."""
        if self._busy:
            raise Unavailable("engine_busy", "later", retry_after_s=5)
        await self.free.acquire()
        self.seats.append(Seat(self))
        return self.seats[-1]

    def close(self) -> None:
        """See `engines.port.Engine`."""


ENGINE_COST = RateCard("hours", "KRW", 0, "test", engine_hour_picos=500 * 10**12, kilowatt_hour_picos=150 * 10**12)


@pytest.mark.parametrize(
    ("script", "steps", "outcome"),
    [
        ([*TEXT, reported(USAGE)], 99, "answered"),
        ([*TEXT[:2], FAILED], 99, "broken"),
        ([FAILED], 99, "failed"),
        (TEXT, 3, "abandoned"),
    ],
)
def test_an_engines_seat_is_left_once_and_its_effort_is_booked(
    tmp_path: Path, script: list[Step], steps: int, outcome: str
) -> None:
    engine = OneSeat()

    async def tell(shop: Shop, caller: Caller) -> None:
        answering: Answering = answer(shop.question(), caller, shop.desk)
        try:
            for _ in range(steps):
                await anext(answering)
        except (StopAsyncIteration, SolventError):
            pass
        await answering.aclose()

    [receipt] = story(tmp_path, Scripted([script], "cancel"), tell, engine=engine, cost=ENGINE_COST)
    assert receipt.outcome == outcome
    assert [seat.left for seat in engine.seats] == [1]
    assert (receipt.engine_us, receipt.energy_uj, receipt.energy_estimated) == (2_500_000, 40_000_000, 1)
    effort = Usage(engine_us=2_500_000, energy_uj=40_000_000)
    assert receipt.cost_grains == rate(effort, ENGINE_COST).grains > 0
    assert outcome != "failed" or receipt.charge_grains == 0


def test_whoever_leaves_while_waiting_for_a_seat_is_charged_nothing(tmp_path: Path) -> None:
    engine, provider = OneSeat(), Scripted([TEXT], "cancel")

    async def tell(shop: Shop, caller: Caller) -> None:
        await engine.free.acquire()  # somebody else sits there
        task = asyncio.create_task(ask(shop, caller))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    [receipt] = story(tmp_path, provider, tell, engine=engine, cost=ENGINE_COST)
    assert (receipt.outcome, receipt.charge_grains, receipt.cost_grains) == ("abandoned", 0, 0)
    assert (engine.seats, provider.calls) == ([], [])


def test_a_full_engine_turns_away_without_cost(tmp_path: Path) -> None:
    [receipt] = story(tmp_path, Scripted([TEXT]), ask_and_fail, engine=OneSeat(busy=True), cost=ENGINE_COST)
    assert (receipt.outcome, receipt.fault, receipt.charge_grains, receipt.cost_grains) == (
        "failed",
        "engine_busy",
        0,
        0,
    )


def test_a_price_per_answer_is_not_owed_to_a_provider_nobody_asked(tmp_path: Path) -> None:
    by_answer = RateCard("by answer", "KRW", 0, "test", answer_picos=30 * 10**12)
    [receipt] = story(tmp_path, Scripted([TEXT]), leave_after(1), cost=by_answer)
    assert (receipt.outcome, receipt.charge_grains, receipt.cost_grains) == ("abandoned", 0, 0)


FULL = "CREATE TRIGGER full BEFORE INSERT ON receipts BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"


def test_books_that_cannot_be_written_charge_nothing_and_say_so(tmp_path: Path) -> None:
    async def run() -> None:
        async with shop(tmp_path, Scripted([[*TEXT, reported(USAGE)]])) as open_shop:
            caller = await open_shop.customer("a", WALLET)
            assert caller.customer is not None
            await open_shop.desk.database.write(lambda c: c.execute(text(FULL)))
            with pytest.raises(Unavailable) as caught:
                await ask(open_shop, caller)
            assert caught.value.code == "books_unavailable"
            assert open_shop.told == []
            purse = open_shop.desk.purse(caller.customer.id)
            assert (purse.posted, purse.held, open_shop.desk.under_way) == (WALLET, 0, 0)
            await open_shop.desk.database.write(lambda c: c.execute(text("DROP TRIGGER full")))
            assert isinstance((await ask(open_shop, caller))[-1], Receipt)

    asyncio.run(run())


def test_a_provider_with_a_defect_still_gets_its_hold_ended(tmp_path: Path) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        with pytest.raises(ZeroDivisionError):
            await ask(shop, caller)

    [receipt] = story(tmp_path, Scripted([[*TEXT[:3], ZeroDivisionError("a defect")]]), tell)
    assert receipt.charge_grains == rate(Usage(output_tokens=2), PRICE).grains


def test_money_is_named_in_the_currency_of_the_desk(tmp_path: Path) -> None:
    [receipt] = story(tmp_path, Scripted([[*TEXT, reported(USAGE)]]), ask)
    assert receipt.charge == Money(receipt.charge_grains, "KRW")
    assert receipt.margin == receipt.charge - receipt.cost
