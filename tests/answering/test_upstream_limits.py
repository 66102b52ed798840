"""Each key at an upstream is asked no faster than it may be: the next one is, or the question waits a little."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from tests.answering.desks import USAGE, Scripted, Shop, reported, said, until
from tests.answering.stories import ask, ask_and_fail, story
from tests.answering.test_elsewhere import BUSY, WHOLE, calls, other
from tests.db.opened import Place

from solvent.billing.limits import RateRule
from solvent.billing.pace import Pace
from solvent.identity.caller import Caller
from solvent.values.errors import Unavailable

ONE_A_MINUTE = RateRule("key", requests_per_minute=1)
ONE_AT_ONCE = RateRule("key", at_once=1)
SLOW = [said(), 0.2, *WHOLE[1:]]


def limited(limit: RateRule, *scripts: Any, name: str = "other") -> Any:
    """One more upstream, whose key is limited."""
    return msgspec.structs.replace(other(*scripts, name=name), limit=limit)


def test_a_key_at_its_limit_is_skipped_and_nobody_hears_of_it(place: Place) -> None:
    second, third = limited(ONE_A_MINUTE, WHOLE, name="b"), limited(ONE_A_MINUTE, WHOLE, name="c")

    async def tell(shop: Shop, caller: Caller) -> None:
        for _ in range(3):
            await ask(shop, caller)

    receipts = story(place, Scripted([WHOLE]), tell, others=[second, third], limit=ONE_A_MINUTE)
    assert sorted(receipt.provider for receipt in receipts) == ["b", "c", "scripted"]
    assert {(receipt.outcome, receipt.tries, receipt.lost_grains) for receipt in receipts} == {("answered", "", 0)}


def test_all_keys_at_their_limits_are_told_with_when_to_come_back_and_no_upstream_suffers(place: Place) -> None:
    first, second = Scripted([WHOLE]), limited(ONE_A_MINUTE, WHOLE)

    async def tell(shop: Shop, caller: Caller) -> None:
        for _ in range(2):
            await ask(shop, caller)
        fault = await ask_and_fail(shop, caller)
        assert isinstance(fault, Unavailable)
        assert (fault.code, 50 < (fault.retry_after_s or 0) <= 60) == ("upstream_busy", True)
        shop.clock.at_us += 61 * 10**6
        await ask(shop, caller)  # and the first is asked again at once: it was never shut

    receipts = story(place, first, tell, others=[second], limit=ONE_A_MINUTE)
    assert (len(first.calls), calls(second)) == (2, 1)
    [refused] = [receipt for receipt in receipts if receipt.outcome == "failed"]
    assert (refused.fault, refused.charge_grains, refused.cost_grains) == ("upstream_busy", 0, 0)


def test_a_question_waits_a_little_for_a_place(place: Place) -> None:
    first = Scripted([SLOW])

    async def tell(shop: Shop, caller: Caller) -> None:
        await asyncio.gather(*(ask(shop, caller) for _ in range(3)))

    receipts = story(place, first, tell, limit=ONE_AT_ONCE)
    assert [receipt.outcome for receipt in receipts] == ["answered"] * 3


def test_tokens_that_were_not_used_may_be_asked_for_again(place: Place) -> None:
    """Each may come to 600 tokens and uses 109: two fit into a minute of 720, were they asked one after the other."""
    first = Scripted([[*WHOLE[:-1], reported(USAGE)]])

    async def tell(shop: Shop, caller: Caller) -> None:
        await ask(shop, caller)
        await ask(shop, caller)
        await ask_and_fail(shop, caller)

    story(place, first, tell, limit=RateRule("key", tokens_per_minute=720))
    assert len(first.calls) == 2


def test_a_failed_try_gives_its_place_back_and_takes_one_elsewhere(place: Place) -> None:
    pace = Pace()
    second = limited(ONE_AT_ONCE, WHOLE)

    async def tell(shop: Shop, caller: Caller) -> None:
        await ask(shop, caller)

    [receipt] = story(place, Scripted([[BUSY]]), tell, others=[second], limit=ONE_AT_ONCE, pace=pace)
    assert (receipt.provider, receipt.tries) == ("other", "scripted:upstream_busy")
    assert pace.is_idle
    assert second.pace.is_idle


@pytest.mark.parametrize("when", ["waiting", "answering"])
def test_who_leaves_gives_the_place_back(place: Place, when: str) -> None:
    pace = Pace()

    async def tell(shop: Shop, caller: Caller) -> None:
        asking = [asyncio.create_task(ask(shop, caller)) for _ in range(2)]
        await until(lambda: first.steps_played > 0)
        await asyncio.sleep(0.02)
        leaver = asking[when == "waiting"]
        leaver.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await shop.quiet()
        assert pace.is_idle

    first = Scripted([SLOW], "cancel")
    receipts = story(place, first, tell, limit=ONE_AT_ONCE, pace=pace)
    assert sorted(receipt.outcome for receipt in receipts) == ["abandoned", "answered"]
    [left] = [receipt for receipt in receipts if receipt.outcome == "abandoned"]
    assert (left.cost_grains == 0) == (when == "waiting")
