"""The client leaves while the settlement is on its way to the disk: the answer is booked, and known to be."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from tests.answering.desks import USAGE, Scripted, Shop, reported, until
from tests.answering.stories import TEXT, WALLET, ask, story

from solvent.db.engine import FILE_NAME
from solvent.identity.caller import Caller
from solvent.ledger.account import wallet


def test_who_leaves_during_the_last_commit_leaves_a_booked_answer_behind(tmp_path: Path) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        lock = sqlite3.connect(f"{tmp_path}/{FILE_NAME}", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")  # the disk is slow: the settlement cannot be written yet
        asking = asyncio.create_task(ask(shop, caller))
        await until(lambda: bool(provider.calls) and shop.desk.under_way == 0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert shop.told == []
        lock.execute("ROLLBACK")
        lock.close()
        await until(lambda: bool(shop.told))
        assert caller.customer is not None
        [told] = shop.told
        assert await shop.left(wallet(caller.customer.id)) == WALLET - told.charge_grains

    provider = Scripted([[*TEXT, reported(USAGE)]], "cancel")
    [receipt] = story(tmp_path, provider, tell)
    assert (receipt.outcome, receipt.charge_grains > 0) == ("answered", True)
