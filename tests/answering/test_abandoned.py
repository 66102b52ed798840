"""The client leaves, at every moment: the answer is read to its report or hung up on, and settled by itself."""

from __future__ import annotations

import asyncio

import pytest
from tests.answering.desks import (
    COST,
    PRICE,
    READ_MOST,
    USAGE,
    Scripted,
    Shop,
    reported,
    said,
    until,
)
from tests.answering.stories import (
    CUT_OFF,
    FAILED,
    KNOWN,
    LOST,
    REPORTS,
    TEXT,
    TIMEOUT,
    Answering,
    amounts,
    ask,
    leave_after,
    name,
    story,
)
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.identity.caller import Caller
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.providers.port import OnAbort
from solvent.values.errors import SolventError
from solvent.values.usage import Usage

# When the client leaves: how many steps it has read, and how many pieces of text were delivered by then.
DEPARTURES = {"before the first chunk": (1, 0), "at the first event": (2, 0), "at the first word": (3, 1),
              "in the middle": (4, 2), "after the last word": (6, 4)}  # fmt: skip


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("departure", DEPARTURES)
def test_an_abandoned_answer_is_read_to_its_report_where_its_provider_bills_on(
    place: Place, departure: str, report: str
) -> None:
    steps, least, most, estimated, alarms = REPORTS[report]
    provider = Scripted([[*TEXT, *steps]], "drain")
    [receipt] = story(place, provider, leave_after(DEPARTURES[departure][0]))
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
def test_an_abandoned_answer_is_hung_up_on_where_that_ends_the_bill(place: Place, departure: str, report: str) -> None:
    read, pieces = DEPARTURES[departure]
    provider = Scripted([[*TEXT, *REPORTS[report][0]]], "cancel")
    [receipt] = story(place, provider, leave_after(read))
    assert receipt.outcome == "abandoned"
    assert receipt.charge_grains == rate(Usage(output_tokens=pieces), PRICE).grains
    if pieces:
        assert receipt.usage_estimated == 1
        assert receipt.cost_grains == rate(Usage(input_tokens=READ_MOST, output_tokens=pieces), COST).grains
    assert provider.closed == len(provider.calls)
    assert provider.steps_played == read - 1


@pytest.mark.parametrize("on_abort", ["drain", "cancel"])
def test_an_answer_left_after_its_report_is_charged_by_it(place: Place, on_abort: OnAbort) -> None:
    provider = Scripted([[*TEXT, reported(USAGE), said(0)]], on_abort)
    [receipt] = story(place, provider, leave_after(7))
    assert (receipt.outcome, receipt.charge_grains, receipt.cost_grains) == ("abandoned", *amounts(KNOWN))
    assert provider.closed == 1


@pytest.mark.parametrize("on_abort", ["drain", "cancel"])
def test_leaving_at_the_receipt_changes_nothing(place: Place, on_abort: OnAbort) -> None:
    [receipt] = story(place, Scripted([[*TEXT, reported(USAGE)]], on_abort), leave_after(8))
    assert (receipt.outcome, receipt.charge_grains) == ("answered", amounts(KNOWN)[0])


@pytest.mark.parametrize("fault", [TIMEOUT, CUT_OFF, FAILED], ids=name)
def test_an_upstream_that_fails_while_it_is_drained_still_gets_its_hold_ended(
    place: Place, fault: SolventError
) -> None:
    [receipt] = story(place, Scripted([[*TEXT[:3], fault]], "drain"), leave_after(3))
    assert (receipt.outcome, receipt.usage_estimated) == ("abandoned", 1)
    assert receipt.charge_grains == rate(Usage(output_tokens=2), PRICE).grains


@pytest.mark.parametrize("fault", LOST, ids=name)
def test_a_question_taken_then_lost_while_it_is_drained_is_our_cost(place: Place, fault: SolventError) -> None:
    """As when the client had stayed: the upstream took the question and never said what it cost."""
    [receipt] = story(place, Scripted([[said(0), fault]], "drain"), leave_after(2))
    assert (receipt.outcome, receipt.charge_grains, receipt.usage_estimated) == ("abandoned", 0, 1)
    assert receipt.cost_grains == rate(Usage(input_tokens=READ_MOST), COST).grains


def test_draining_ends_after_a_while(place: Place) -> None:
    provider = Scripted([[*TEXT[:3], 3_600.0, reported(USAGE)]], "drain")
    [receipt] = story(place, provider, leave_after(3), drain_s=0.05)
    assert (receipt.outcome, receipt.usage_estimated) == ("abandoned", 1)
    assert receipt.charge_grains == rate(Usage(output_tokens=2), PRICE).grains
    assert provider.closed == 1


def test_draining_ends_after_so_many_bytes(place: Place) -> None:
    provider = Scripted([[said() for _ in range(1_000)]], "drain")
    [receipt] = story(place, provider, leave_after(2), drain_bytes=20)  # each chunk has two bytes
    assert provider.steps_played == 12
    assert receipt.output_tokens == 12


@pytest.mark.parametrize("on_abort", ["drain", "cancel"])
@pytest.mark.parametrize("silent_after", range(4))
def test_a_cancelled_request_ends_its_hold_too(place: Place, on_abort: OnAbort, silent_after: int) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        task = asyncio.create_task(ask(shop, caller))
        await until(lambda: provider.steps_played >= silent_after and bool(provider.calls))
        await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    provider = Scripted([[*TEXT[:silent_after], 3_600.0, reported(USAGE)]], on_abort)
    [receipt] = story(place, provider, tell)
    assert receipt.outcome == "abandoned"
    assert receipt.charge_grains == rate(Usage(output_tokens=max(0, silent_after - 1)), PRICE).grains
    assert provider.closed == 1


def test_a_question_cut_off_while_it_is_being_answered_may_have_been_read(place: Place) -> None:
    """The provider bills on, we were cancelled before it said a word: what it read is our cost, as an estimate."""

    async def tell(shop: Shop, caller: Caller) -> None:
        task = asyncio.create_task(ask(shop, caller))
        await until(lambda: bool(provider.calls))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    provider = Scripted([[3_600.0]], "drain")
    [receipt] = story(place, provider, tell)
    assert (receipt.outcome, receipt.charge_grains, receipt.usage_estimated) == ("abandoned", 0, 1)
    assert receipt.cost_grains == rate(Usage(input_tokens=READ_MOST), COST).grains


def test_a_drain_that_is_cut_short_at_the_end_of_the_process_is_settled(place: Place) -> None:
    """`Background.all_done` cancels what takes too long; the hold must not outlive the process."""

    async def tell(shop: Shop, caller: Caller) -> None:
        await leave_after(3)(shop, caller)
        await asyncio.sleep(0.01)
        await shop.background.all_done(0.05)
        assert shop.desk.under_way == 0

    [receipt] = story(place, Scripted([[*TEXT[:3], 3_600.0]], "drain"), tell)
    assert (receipt.outcome, receipt.usage_estimated) == ("abandoned", 1)


def test_a_forgotten_generator_settles_by_itself(place: Place) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        answering: Answering = answer(shop.question(), caller, shop.desk)
        await anext(answering)
        await anext(answering)
        del answering
        await asyncio.sleep(0.01)

    [receipt] = story(place, Scripted([[*TEXT, reported(USAGE)]], "drain"), tell)
    assert (receipt.outcome, receipt.charge_grains) == ("abandoned", amounts(KNOWN)[0])


def test_an_answer_nobody_began_to_read_was_never_opened(place: Place) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        await answer(shop.question(), caller, shop.desk).aclose()

    assert story(place, Scripted([TEXT]), tell) == []


def test_a_price_per_answer_is_not_owed_to_a_provider_nobody_asked(place: Place) -> None:
    by_answer = RateCard("by answer", "KRW", 0, "test", answer_picos=30 * 10**12)
    [receipt] = story(place, Scripted([TEXT]), leave_after(1), cost=by_answer)
    assert (receipt.outcome, receipt.charge_grains, receipt.cost_grains) == ("abandoned", 0, 0)
