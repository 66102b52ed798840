"""A second upstream is asked where the first does not begin soon: one charge, whoever begins first, and all costs."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.answering.desks import COST, PRICE, READ_MOST, USAGE, Scripted, Shop, Step, reported, said, until
from tests.answering.stories import KNOWN, TEXT, WALLET, ask, ask_and_fail, leave_after, story
from tests.answering.test_elsewhere import BROKEN, DOWN, KEY, REFUSED, SILENT, WHOLE, calls, other
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.billing.limits import RateRule
from solvent.identity.caller import Caller
from solvent.ledger.account import lost_cost
from solvent.pricing.rating import rate
from solvent.providers.port import Chunk, OnAbort
from solvent.routing.hedging import Hedging
from solvent.values.errors import Unavailable
from solvent.values.usage import Usage

EXAMPLES = int(os.environ.get("SOLVENT_FUZZ_EXAMPLES", "20"))
SOON = 0.02
LATE: list[Step] = [0.3, *WHOLE]
NEVER: list[Step] = [3_600.0]
COST_GRAINS = rate(KNOWN, COST).grains
MOST_GRAINS = rate(Usage(input_tokens=READ_MOST), COST).grains


def hedged(place: Place, first: Scripted, *others: Any, tell: Any = ask) -> list[Receipt]:
    """A story where a second upstream is asked soon."""
    return story(place, first, tell, others=others, hedging=Hedging(int(SOON * 10**6)))


def test_the_second_answers_when_the_first_lets_it_wait(place: Place) -> None:
    first, second = Scripted([NEVER], "cancel"), other(WHOLE)
    steps: list[Any] = []

    async def tell(shop: Shop, caller: Caller) -> None:
        steps.extend(await ask(shop, caller))
        assert await shop.left(lost_cost("scripted")) == -MOST_GRAINS

    [receipt] = hedged(place, first, second, tell=tell)
    assert (receipt.outcome, receipt.provider, receipt.tries) == ("answered", "other", "scripted:outrun")
    assert receipt.charge_grains == rate(KNOWN, PRICE).grains, "the customer pays for one answer"
    assert (receipt.cost_grains, receipt.lost_grains) == (COST_GRAINS + MOST_GRAINS, MOST_GRAINS)
    assert first.closed == 1
    opened = [step.route.provider.name for step in steps if isinstance(step, Opened)]
    assert opened == ["scripted", "other"], "the door hears who answers before the first chunk"


def test_nobody_else_is_asked_when_the_first_begins_in_time(place: Place) -> None:
    second = other(WHOLE)
    [receipt] = hedged(place, Scripted([[*WHOLE[:1], 0.1, *WHOLE[1:]]]), second)
    assert (receipt.provider, receipt.tries, receipt.lost_grains, calls(second)) == ("scripted", "", 0, 0)


def test_the_first_may_still_win_and_the_second_is_booked(place: Place) -> None:
    second = other(NEVER)
    assert isinstance(second.provider, Scripted)
    [receipt] = hedged(place, Scripted([[0.06, *WHOLE]]), second)
    assert (receipt.provider, receipt.tries) == ("scripted", "other:outrun")
    assert (receipt.cost_grains, receipt.lost_grains) == (COST_GRAINS + MOST_GRAINS, MOST_GRAINS)
    assert second.provider.closed == 1


def test_one_that_is_read_to_its_report_costs_what_it_says(place: Place) -> None:
    """The loser has ended before the answer has."""
    first, second = Scripted([[0.25, *WHOLE]], "drain"), other([0.0, said(), 0.5, said(), reported(USAGE)])
    [receipt] = hedged(place, first, second)
    assert (receipt.provider, receipt.tries) == ("other", "scripted:outrun")
    assert receipt.lost_grains == COST_GRAINS


@pytest.mark.parametrize("fault", [DOWN, KEY, BROKEN], ids=lambda fault: fault.code)
def test_a_refused_second_costs_nothing_and_the_first_goes_on(place: Place, fault: Unavailable) -> None:
    [receipt] = hedged(place, Scripted([[0.06, *WHOLE]]), other([fault]))
    assert (receipt.provider, receipt.tries) == ("scripted", f"other:{fault.code}")
    assert (receipt.cost_grains, receipt.lost_grains) == (COST_GRAINS, 0)


def test_one_that_refuses_when_it_has_lost_costs_nothing(place: Place) -> None:
    [receipt] = hedged(place, Scripted([[0.06, BROKEN]]), other([0.0, said(), 0.3, said(), reported(USAGE)]))
    assert (receipt.provider, receipt.tries) == ("other", "scripted:upstream_failed")
    assert (receipt.cost_grains, receipt.lost_grains) == (COST_GRAINS, 0)


def test_a_first_that_fails_meanwhile_leaves_it_to_the_second(place: Place) -> None:
    [receipt] = hedged(place, Scripted([[0.04, SILENT]]), other([0.1, *WHOLE]))
    assert (receipt.outcome, receipt.provider, receipt.tries) == ("answered", "other", "scripted:upstream_timeout")
    assert receipt.lost_grains == MOST_GRAINS


def test_when_both_fail_a_third_is_asked_once_and_not_hedged_again(place: Place) -> None:
    third, fourth = other([0.1, *WHOLE], name="c"), other(WHOLE, name="d")
    [receipt] = hedged(place, Scripted([[0.04, DOWN]]), other([0.06, BROKEN], name="b"), third, fourth)
    assert (receipt.outcome, receipt.provider, calls(fourth)) == ("answered", "c", 0)
    assert receipt.tries == "scripted:upstream_unreachable b:upstream_failed"
    assert receipt.lost_grains == 0


def test_a_question_at_fault_is_told_and_not_carried_on(place: Place) -> None:
    third = other(WHOLE, name="c")

    async def tell(shop: Shop, caller: Caller) -> None:
        assert await ask_and_fail(shop, caller) is REFUSED

    [receipt] = hedged(place, Scripted([[0.06, REFUSED]]), other([0.0, KEY]), third, tell=tell)
    assert (receipt.outcome, receipt.charge_grains, receipt.cost_grains, calls(third)) == ("failed", 0, 0, 0)


def test_hedges_come_out_of_the_retry_budget(place: Place) -> None:
    first, second = Scripted([[0.06, *WHOLE]], "cancel"), other(NEVER)
    assert isinstance(second.provider, Scripted)

    async def tell(shop: Shop, caller: Caller) -> None:
        for _ in range(3):
            while shop.desk.retries.spend():
                pass
            await ask(shop, caller)

    for receipt in hedged(place, first, second, tell=tell):
        assert (receipt.provider, receipt.tries) == ("scripted", "")


def test_a_key_at_its_limit_is_not_asked_as_the_second(place: Place) -> None:
    full = msgspec.structs.replace(other(WHOLE, name="b"), limit=RateRule("key", at_once=1))
    full.pace.enter(full.limit, 1, 0)  # type: ignore[arg-type]
    free = msgspec.structs.replace(other(WHOLE, name="c"), limit=RateRule("key", at_once=1))
    [receipt] = hedged(place, Scripted([NEVER], "cancel"), full, free)
    assert (receipt.provider, calls(full)) == ("c", 0)
    assert free.pace.is_idle


@pytest.mark.parametrize("on_abort", ["drain", "cancel"])
@pytest.mark.parametrize("after_s", [0.0, 0.01, 0.05])
def test_whoever_leaves_while_both_are_asked_pays_nothing_and_both_are_booked(
    place: Place, on_abort: OnAbort, after_s: float
) -> None:
    first, second = Scripted([NEVER], on_abort), other(NEVER)
    assert isinstance(second.provider, Scripted)

    async def tell(shop: Shop, caller: Caller) -> None:
        asking = asyncio.create_task(ask(shop, caller))
        await until(lambda: bool(first.calls))
        await asyncio.sleep(after_s)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    [receipt] = hedged(place, first, second, tell=tell)
    assert (receipt.outcome, receipt.charge_grains) == ("abandoned", 0)
    assert receipt.cost_grains == MOST_GRAINS * (len(first.calls) + calls(second))
    assert first.closed == len(first.calls)
    assert second.provider.closed == calls(second)


@pytest.mark.parametrize("steps", range(2, 6))
def test_whoever_leaves_in_the_middle_is_seen_off_like_anybody(place: Place, steps: int) -> None:
    second = other([*TEXT, reported(USAGE)])
    [receipt] = hedged(place, Scripted([NEVER], "drain"), second, tell=leave_after(steps))
    assert (receipt.outcome, receipt.tries) == ("abandoned", "scripted:outrun")
    assert receipt.provider == "other"
    assert receipt.charge_grains == (rate(KNOWN, PRICE).grains if steps > 2 else receipt.charge_grains)


def test_who_leaves_when_only_the_second_is_left_has_both_booked(place: Place) -> None:
    first, second = Scripted([[0.04, SILENT]]), other(NEVER)

    async def tell(shop: Shop, caller: Caller) -> None:
        asking = asyncio.create_task(ask(shop, caller))
        await until(lambda: first.closed == 1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    [receipt] = hedged(place, first, second, tell=tell)
    assert (receipt.provider, receipt.tries) == ("other", "scripted:upstream_timeout")
    assert (receipt.charge_grains, receipt.cost_grains) == (0, 2 * MOST_GRAINS)


def test_a_whole_answer_is_not_hedged(place: Place) -> None:
    """Its first byte is its last: another one would cost as much again, and come no sooner."""
    second = other(WHOLE)

    async def tell(shop: Shop, caller: Caller) -> None:
        question = msgspec.structs.replace(shop.question(), stream=False)
        async for _ in answer(question, caller, shop.desk):
            pass

    [receipt] = hedged(place, Scripted([LATE]), second, tell=tell)
    assert (receipt.provider, calls(second)) == ("scripted", 0)


STEPS = st.lists(
    st.sampled_from([said(), said(0), reported(USAGE), 0.0, 0.015, 0.03, 0.05, SILENT, DOWN, BROKEN, REFUSED, KEY]),
    max_size=5,
)


@settings(deadline=None, max_examples=EXAMPLES)
@given(
    scripts=st.lists(STEPS, min_size=3, max_size=3),
    aborts=st.lists(st.sampled_from(["drain", "cancel"]), min_size=3, max_size=3),
    leaves=st.sampled_from([None, None, 1, 2, 3]),
    cut_s=st.sampled_from([None, None, 0.0, 0.025, 0.06]),
)
def test_whatever_wins_there_is_one_charge_and_every_cost(
    scripts: Any, aborts: Any, leaves: int | None, cut_s: float | None
) -> None:
    """`story` ends with books that are right: one receipt that can be rebuilt from its transfers, no open hold, and the
    wallet less exactly the charge."""
    first, second, third = (
        Scripted([script], abort, name=f"p{n}") for n, (script, abort) in enumerate(zip(scripts, aborts, strict=True))
    )
    routes = [msgspec.structs.replace(other(WHOLE), provider=provider) for provider in (second, third)]

    async def tell(shop: Shop, caller: Caller) -> None:
        answering = answer(shop.question(), caller, shop.desk)

        async def hear() -> None:
            heard = 0
            async for step in answering:
                heard += isinstance(step, Chunk)
                if heard == leaves:
                    await answering.aclose()
                    return

        asking = asyncio.create_task(hear())
        if cut_s is not None:
            await until(lambda: bool(first.calls))
            await asyncio.sleep(cut_s)
            asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    with TemporaryDirectory() as folder:
        receipts = hedged(Place(Path(folder)), first, *routes, tell=tell)
    assert len(receipts) <= 1
    for receipt in receipts:
        assert receipt.charge_grains <= WALLET
        assert len(receipt.tries.split()) <= 3
        asked = Counter([receipt.provider, *(one.partition(":")[0] for one in receipt.tries.split())])
        assert asked >= Counter({one.name: len(one.calls) for one in (first, second, third)}), "every call is booked"
    for provider in (first, second, third):
        assert provider.closed == len(provider.calls)
