"""Two processes on the same books: leases are called in near the end, and pots keep their order."""

from __future__ import annotations

import asyncio
import time

import msgspec
import pytest
from tests.answering.desks import QUOTE_GRAINS, Scripted, Shop, reported, said
from tests.answering.leasing import (
    FREE,
    PAID,
    PLENTY,
    both,
    free,
    hold_open,
    id_of,
    one_answer,
    refusal,
    tending,
)
from tests.answering.stories import ask
from tests.db.opened import Place

from solvent.answering.tend_leases import tend_leases
from solvent.identity.caller import Caller
from solvent.ledger.account import allowance, grant_account, wallet
from solvent.ledger.call_in_leases import call_in_leases
from solvent.ledger.pot import Pot
from solvent.ledger.pot_store import touch_customers
from solvent.ledger.unit import ANSWERS
from solvent.values.errors import Refused
from solvent.values.instant import NEVER_US


def test_what_another_process_leases_is_called_in_near_the_end(place: Place) -> None:
    """All of the wallet is leased here; a question there is answered as soon as it is given back."""

    async def tell(one: Shop, other: Shop, caller: Caller) -> None:
        async with tending(one, other):
            await one_answer(one, caller)
            assert await free(one, wallet(id_of(caller))) == 0
            for _ in range(4):
                await one_answer(other, caller)
                await one_answer(one, caller)
        with pytest.raises(Refused):
            await ask(one, caller)

    whole = [said(), reported(msgspec.Raw(b'{"prompt_tokens":500,"completion_tokens":100}'))]
    both(place, Scripted([whole]), 9 * QUOTE_GRAINS, tell)


FOR_EVER = 10**6  # steps of waiting for others


def test_nobody_waits_for_what_is_set_aside_elsewhere(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process's answers are under way: that is a refusal at once, and says that waiting helps."""
    monkeypatch.setattr("solvent.answering.find_funds.LEASE_CALL_IN_STEPS", FOR_EVER)

    async def tell(one: Shop, other: Shop, caller: Caller) -> None:
        async with tending(one, other):
            answering = await hold_open(one, caller)
            assert (await asyncio.wait_for(refusal(other, caller), 60)).code == "balance_held"
            assert [step async for step in answering]
            await one.quiet()
            await one_answer(other, caller)

    both(place, Scripted([FREE]), QUOTE_GRAINS, tell)


def test_the_order_of_pots_holds_across_processes(place: Place) -> None:
    """What the plan includes is leased by the other process: it is called in before the wallet pays."""

    async def tell(one: Shop, other: Shop, caller: Caller) -> None:
        account = allowance(id_of(caller), "p")
        await one.fill(Pot(account, ANSWERS, id_of(caller), "allowance", "", 0, NEVER_US), 6)
        other.desk.funds_of(id_of(caller)).forget()
        async with tending(one, other):
            sources = [(await one_answer(shop, caller)).source for _ in range(4) for shop in (one, other)]
        assert sources == ["allowance"] * 6 + ["wallet"] * 2

    both(place, Scripted([PAID]), PLENTY, tell)


def test_a_process_that_does_not_answer_delays_but_does_not_stop_the_others(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hangs with all of the allowance leased: after a while the next pot pays, and then without waiting again."""
    monkeypatch.setattr("solvent.answering.find_funds.LEASE_CALL_IN_STEPS", 6)

    async def tell(one: Shop, other: Shop, caller: Caller) -> None:
        account = allowance(id_of(caller), "p")
        await one.fill(Pot(account, ANSWERS, id_of(caller), "allowance", "", 0, NEVER_US), 6)
        other.desk.funds_of(id_of(caller)).forget()
        await one_answer(one, caller)  # and never tends again
        began = time.monotonic()
        assert (await one_answer(other, caller)).source == "wallet"
        assert time.monotonic() - began >= 0.3
        monkeypatch.setattr("solvent.answering.find_funds.LEASE_CALL_IN_STEPS", FOR_EVER)
        assert (await asyncio.wait_for(one_answer(other, caller), 60)).source == "wallet"

    both(place, Scripted([PAID]), PLENTY, tell)


def test_money_can_be_called_in_and_taken_out_beside_the_answers(place: Place) -> None:
    """What is set aside stays; everything else comes back, from both processes."""

    async def tell(one: Shop, other: Shop, caller: Caller) -> None:
        account = wallet(id_of(caller))
        async with tending(one, other):
            await one_answer(other, caller)
            answering = await hold_open(one, caller)
            assert await free(one, account) < 39 * QUOTE_GRAINS
            assert await call_in_leases(account, "KRW", one.desk.database)
            await one.quiet()
            assert await free(one, account) == 39 * QUOTE_GRAINS
            assert [step async for step in answering]

    both(place, Scripted([FREE]), 40 * QUOTE_GRAINS, tell)


def test_another_process_is_heard_when_it_changes_the_pots(place: Place) -> None:
    """A gift or a plan that another process booked is used from here too, within one round of tending."""

    async def tell(one: Shop, other: Shop, caller: Caller) -> None:
        assert (await one_answer(one, caller)).source == "wallet"
        version = await tend_leases(one.desk, 0)
        assert (await one_answer(one, caller)).source == "wallet"
        gift = Pot(grant_account(id_of(caller), "g"), "KRW", id_of(caller), "grant", "", 0, NEVER_US)
        await other.fill(gift, 10 * QUOTE_GRAINS, "expense:grants")
        assert (await one_answer(one, caller)).source == "wallet"
        assert await tend_leases(one.desk, version) == version + 1
        assert (await one_answer(one, caller)).source == "grant"
        await other.desk.database.write(lambda c: touch_customers(c, [id_of(caller)]))
        assert await tend_leases(one.desk, version + 1) == version + 2
        assert not one.desk.funds_of(id_of(caller)).is_known((), one.clock())

    both(place, Scripted([PAID]), PLENTY, tell)
