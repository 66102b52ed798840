"""One answer, every way it can end: the hold ends once, the charge is right, the cost is booked, the books agree."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, event, text
from tests.answering.desks import (
    COST,
    PRICE,
    QUOTE_GRAINS,
    READ_MOST,
    USAGE,
    WRITE_MOST,
    Scripted,
    Shop,
    Step,
    check_books,
    reported,
    said,
    shop,
)
from tests.answering.stories import (
    FAILED,
    KNOWN,
    LOST,
    NEVER_TAKEN,
    REPORTS,
    TEXT,
    WALLET,
    Answering,
    Steps,
    amounts,
    ask,
    ask_and_fail,
    name,
    story,
)
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.answering.store import newest
from solvent.identity.caller import Caller
from solvent.ledger.account import wallet
from solvent.pricing.rate_card import INPUT_FIELDS, OUTPUT_FIELDS
from solvent.pricing.rating import rate
from solvent.providers.port import Call, Chunk
from solvent.values.errors import Invalid, Refused, SolventError, Unavailable
from solvent.values.ids import KeyId
from solvent.values.instant import US_PER_S
from solvent.values.limits import ANSWER_S_MAX
from solvent.values.money import Money
from solvent.values.usage import Usage


def test_an_answer_is_opened_told_and_booked_before_it_is_over(place: Place) -> None:
    told: Steps = []

    async def tell(shop: Shop, caller: Caller) -> None:
        async for step in answer(shop.question(), caller, shop.desk):
            told.append(step)
            if isinstance(step, Receipt):  # on the disk before anybody is told of it
                [booked] = await shop.desk.database.read(partial(newest, count=9))
                assert booked.id == step.id

    provider = Scripted([[*TEXT, reported(USAGE)]])
    [receipt] = story(place, provider, tell)
    assert [type(step) for step in told] == [Opened, *[Chunk] * 6, Receipt]
    assert told[-1] == receipt
    assert (receipt.outcome, receipt.finish, receipt.fault, receipt.alarms) == ("answered", "stop", "", "")
    assert receipt.usage == KNOWN
    assert (receipt.charge_grains, receipt.cost_grains) == amounts(KNOWN)
    assert (receipt.usage_estimated, receipt.overrun_grains) == (0, 0)
    assert (receipt.price_card, receipt.cost_card) == (PRICE.version, COST.version)
    assert receipt.end_user == "user 한 명"
    assert receipt.usage_report == bytes(USAGE).decode()
    assert 0 < receipt.first_token_us <= receipt.total_us
    assert provider.calls[0].output_tokens_max == WRITE_MOST
    assert provider.closed == 1


@pytest.mark.parametrize("report", REPORTS)
def test_an_answer_is_charged_by_its_report_or_by_what_was_delivered(place: Place, report: str) -> None:
    steps, least, most, estimated, alarms = REPORTS[report]
    [receipt] = story(place, Scripted([[*TEXT, *steps]]), ask)
    assert receipt.outcome == "answered"
    assert receipt.charge_grains == amounts(least)[0]
    assert receipt.cost_grains == amounts(most)[1]
    assert (receipt.usage_estimated, receipt.alarms) == (estimated, alarms)


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("fault", [FAILED, *LOST], ids=name)
def test_an_answer_that_breaks_off_is_charged_by_its_report_or_by_what_was_delivered(
    place: Place, report: str, fault: SolventError
) -> None:
    steps, least, most, estimated, alarms = REPORTS[report]
    [receipt] = story(place, Scripted([[*TEXT, *steps, fault]]), ask_and_fail)
    assert (receipt.outcome, receipt.fault) == ("broken", fault.code)
    assert receipt.charge_grains == amounts(least)[0]
    assert receipt.cost_grains == amounts(most)[1]
    assert (receipt.usage_estimated, receipt.alarms) == (estimated, alarms)


@pytest.mark.parametrize("before", [[], [said(0)], [0.01]], ids=["at once", "after a first event", "after a silence"])
@pytest.mark.parametrize("fault", NEVER_TAKEN, ids=name)
def test_an_answer_that_failed_with_no_output_costs_nobody_anything(
    place: Place, before: list[Step], fault: SolventError
) -> None:
    [receipt] = story(place, Scripted([[*before, fault]]), ask_and_fail)
    assert (receipt.outcome, receipt.fault, receipt.charge_grains, receipt.cost_grains) == ("failed", fault.code, 0, 0)


@pytest.mark.parametrize("fault", LOST, ids=name)
def test_a_question_that_was_taken_and_not_answered_is_our_cost_alone(place: Place, fault: SolventError) -> None:
    [receipt] = story(place, Scripted([[fault]]), ask_and_fail)
    assert (receipt.outcome, receipt.charge_grains, receipt.usage_estimated) == ("failed", 0, 1)
    assert receipt.cost_grains == rate(Usage(input_tokens=READ_MOST), COST).grains
    assert receipt.margin.grains < 0


def test_a_failure_that_was_reported_is_our_cost_alone(place: Place) -> None:
    [receipt] = story(place, Scripted([[reported(USAGE), FAILED]]), ask_and_fail)
    assert (receipt.outcome, receipt.charge_grains) == ("failed", 0)
    assert receipt.cost_grains == amounts(KNOWN)[1]


class Failing(Scripted):
    """Knows nothing of its failures once they are raised."""

    async def stream(self, call: Call) -> AsyncGenerator[Chunk, None]:
        """See `Provider.stream`."""
        for _ in (call,):
            raise Unavailable("upstream_failed", "it failed")
        yield Chunk({})


def test_an_answer_that_failed_is_let_go_of_at_once(place: Place) -> None:
    """Its fault's traceback knows the answer: if that knew its fault, both would wait for the garbage collector."""
    left: list[int] = []

    async def look(shop: Shop, caller: Caller) -> None:
        gc.collect()
        gc.disable()
        before = opened_now()
        try:
            with suppress(Unavailable):
                await ask(shop, caller)
            for _ in range(200):  # the writer's thread may still have it in its hands
                left.append(opened_now() - before)
                if left[-1] <= 0:
                    break
                await asyncio.sleep(0.01)
        finally:
            gc.enable()

    story(place, Failing([]), look)
    assert left[-1] <= 0


def opened_now() -> int:
    """How many answers there are in memory, others' too that earlier tests have left."""
    return sum(isinstance(one, Opened) for one in gc.get_objects())


def test_an_answer_without_words_and_without_a_report_is_not_known_to_be_free(place: Place) -> None:
    """Silence is not a report: the question was read, and somebody will bill us for it."""
    [receipt] = story(place, Scripted([[said(0), said(0, "stop")]]), ask)
    assert (receipt.outcome, receipt.charge_grains, receipt.usage_estimated) == ("answered", 0, 1)
    assert receipt.cost_grains == rate(Usage(input_tokens=READ_MOST), COST).grains


@pytest.mark.parametrize("words", [True, False])
def test_an_answer_that_takes_too_long_is_ended_and_charged_for_what_it_gave(place: Place, words: bool) -> None:
    provider = Scripted([[said(1), said(int(words)), said(1)] if words else [said(0), said(0), said(0)]])

    async def tell(shop: Shop, caller: Caller) -> None:
        answering: Answering = answer(shop.question(), caller, shop.desk)
        await anext(answering)
        await anext(answering)
        shop.clock.at_us += int(ANSWER_S_MAX) * US_PER_S
        with pytest.raises(Unavailable) as caught:
            await anext(answering)
        assert caught.value.code == "answer_overdue"

    [receipt] = story(place, provider, tell)
    pieces = 2 if words else 0
    assert (receipt.outcome, receipt.fault, receipt.usage_estimated) == ("overdue", "answer_overdue", 1)
    assert receipt.charge_grains == rate(Usage(output_tokens=pieces), PRICE).grains
    assert receipt.cost_grains == rate(Usage(input_tokens=READ_MOST, output_tokens=pieces), COST).grains
    assert provider.closed == 1


def test_more_than_was_held_is_the_houses_loss(place: Place) -> None:
    report = b'{"prompt_tokens":%d,"completion_tokens":9999}' % READ_MOST
    [receipt] = story(place, Scripted([[*TEXT, reported(msgspec.Raw(report))]]), ask)
    due = rate(Usage(input_tokens=READ_MOST, output_tokens=9_999), PRICE).grains
    assert receipt.charge_grains == QUOTE_GRAINS
    assert receipt.overrun_grains == due - QUOTE_GRAINS
    assert receipt.alarms == "overrun"


def test_refuses_before_spending(place: Place) -> None:
    provider = Scripted([TEXT])

    async def tell(shop: Shop, caller: Caller) -> None:
        poor = await shop.customer("poor", 0)
        short = await shop.customer("short", 100)
        operator = Caller(KeyId("key_op"), "owner")
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

    assert story(place, provider, tell) == []
    assert provider.calls == []


def test_a_wallet_that_affords_less_is_answered_for_less(place: Place) -> None:
    provider = Scripted([[*TEXT, reported(USAGE)]])

    async def tell(shop: Shop, _caller: Caller) -> None:
        input_grains = rate(Usage(input_tokens=READ_MOST), PRICE).grains
        each = rate(Usage(output_tokens=1), PRICE).grains
        short = await shop.customer("short", input_grains + 11 * each + each - 1)
        await ask(shop, short)

    [receipt] = _only(place, provider, tell)
    assert provider.calls[0].output_tokens_max == receipt.output_tokens_max == 11


def _only(place: Place, provider: Scripted, tell: Callable[[Shop, Caller], Awaitable[Any]]) -> list[Receipt]:
    async def run() -> list[Receipt]:
        async with shop(place, provider) as open_shop:
            await tell(open_shop, await open_shop.customer("a", WALLET))
            return await check_books(open_shop)

    return asyncio.run(run())


FULL = {
    "sqlite": "CREATE TRIGGER full BEFORE INSERT ON receipts BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    "postgresql": 'ALTER TABLE receipts ADD CONSTRAINT "full" CHECK (false) NOT VALID',
}
ROOM_AGAIN = {"sqlite": "DROP TRIGGER full", "postgresql": 'ALTER TABLE receipts DROP CONSTRAINT "full"'}


def test_books_that_cannot_be_written_charge_nothing_and_say_so(place: Place) -> None:
    async def run() -> None:
        async with shop(place, Scripted([[*TEXT, reported(USAGE)]])) as open_shop:
            caller = await open_shop.customer("a", WALLET)
            assert caller.customer is not None
            await open_shop.desk.database.write(lambda c: c.execute(text(FULL[c.dialect.name])))
            with pytest.raises(Unavailable) as caught:
                await ask(open_shop, caller)
            assert caught.value.code == "books_unavailable"
            assert open_shop.told == []
            assert await open_shop.left(wallet(caller.customer.id)) == WALLET
            assert open_shop.desk.under_way == 0
            await open_shop.desk.database.write(lambda c: c.execute(text(ROOM_AGAIN[c.dialect.name])))
            assert isinstance((await ask(open_shop, caller))[-1], Receipt)

    asyncio.run(run())


def test_a_provider_with_a_defect_still_gets_its_hold_ended(place: Place) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        with pytest.raises(ZeroDivisionError):
            await ask(shop, caller)

    [receipt] = story(place, Scripted([[*TEXT[:3], ZeroDivisionError("a defect")]]), tell)
    assert receipt.charge_grains == rate(Usage(output_tokens=2), PRICE).grains


def test_an_answer_costs_what_its_provider_says_it_was_served_at(place: Place) -> None:
    """Whatever was asked: a project there may be set to priority. What we have no such price for stays plain."""
    twice = {field: 2 * (getattr(COST, field) or 0) for field in (*INPUT_FIELDS, *OUTPUT_FIELDS)}
    dear = msgspec.structs.replace(COST, variant="priority", **twice)
    text_at = [
        Chunk({**step.members, "service_tier": msgspec.Raw(b'"priority"')}, step.pieces)
        for step in TEXT
        if isinstance(step, Chunk)
    ]

    async def run() -> list[Receipt]:
        cost = msgspec.structs.replace(COST, tariffs=(dear,))
        async with shop(place, Scripted([[*text_at, reported(USAGE)]]), cost=cost) as open_shop:
            await ask(open_shop, await open_shop.customer("a", WALLET))
            return await check_books(open_shop)

    [receipt] = asyncio.run(run())
    charge, cost = amounts(KNOWN)
    assert (receipt.charge_grains, receipt.cost_grains) == (charge, 2 * cost)
    assert (receipt.price_card, receipt.cost_card) == (PRICE.version, f"{COST.version}+priority")
    assert receipt.alarms == ""


def test_money_is_named_in_the_currency_of_the_desk(place: Place) -> None:
    [receipt] = story(place, Scripted([[*TEXT, reported(USAGE)]]), ask)
    assert receipt.charge == Money(receipt.charge_grains, "KRW")
    assert receipt.margin == receipt.charge - receipt.cost


def test_the_first_answer_on_new_books_takes_no_more_statements_than_any_other(place: Place) -> None:
    """Nothing is kept of the days before it, so nothing of them has to be looked through or thrown away."""
    counts: list[int] = []

    async def tell(shop: Shop, caller: Caller) -> None:
        for _ in range(2):
            seen: list[str] = []

            def count(_c: object, _cursor: object, statement: str, *_rest: object, seen: list[str] = seen) -> None:
                seen.append(statement)

            event.listen(Engine, "before_cursor_execute", count)
            try:
                await ask(shop, caller)
            finally:
                event.remove(Engine, "before_cursor_execute", count)
            counts.append(len(seen))

    story(place, Scripted([[*TEXT, reported(USAGE)]]), tell)
    assert max(counts) < 100, counts
