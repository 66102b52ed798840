"""The client leaves while the settlement is on its way to the disk: the answer is booked, and known to be."""

from __future__ import annotations

import asyncio

import pytest
from tests.answering.desks import USAGE, Scripted, Shop, reported, until
from tests.answering.stories import TEXT, WALLET, ask, story
from tests.db.opened import Place

from solvent.db.engine import WRITE
from solvent.identity.caller import Caller
from solvent.ledger.account import wallet


def test_who_leaves_during_the_last_commit_leaves_a_booked_answer_behind(place: Place) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        await ask(shop, caller)  # so that the next question needs no lease
        engine = place.engine()
        lock = engine.connect().execution_options(**WRITE)
        turn = lock.begin()  # the disk is slow: the settlement cannot be written yet
        asking = asyncio.create_task(ask(shop, caller))
        await until(lambda: len(provider.calls) == 2 and shop.desk.under_way == 0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert len(shop.told) == 1
        turn.rollback()
        lock.close()
        engine.dispose()
        await until(lambda: len(shop.told) == 2)
        assert caller.customer is not None
        charges = sum(receipt.charge_grains for receipt in shop.told)
        assert await shop.left(wallet(caller.customer.id)) == WALLET - charges

    provider = Scripted([[*TEXT, reported(USAGE)]], "cancel")
    for receipt in story(place, provider, tell):
        assert (receipt.outcome, receipt.charge_grains > 0) == ("answered", True)
