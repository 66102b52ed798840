"""Leases in use: several processes, clients who leave, pots that expire, books that fail: no money is lost sight of.

Each test has one process or two at the same books; `tending` is what the service does twice a second.
"""

from __future__ import annotations

import asyncio
import threading

import msgspec
import pytest
from tests.answering.desks import QUOTE_GRAINS, ZERO, Scripted, Shop, reported, said
from tests.answering.leasing import (
    CHARGE,
    FREE,
    IDLE_US,
    PAID,
    PLENTY,
    alone,
    free,
    id_of,
    leased,
    looks,
    one_answer,
    refusal,
    tending,
)
from tests.answering.stories import ask
from tests.db.opened import Place

from solvent.answering.tend_leases import tend_leases
from solvent.identity.caller import Caller
from solvent.ledger import pot_store
from solvent.ledger.account import allowance, grant_account, wallet
from solvent.ledger.call_in_leases import call_in_leases
from solvent.ledger.pot import Pot
from solvent.ledger.unit import ANSWERS
from solvent.values.errors import Refused
from solvent.values.instant import NEVER_US, US_PER_S
from solvent.values.limits import LEASE_QUESTIONS


def test_a_first_question_leases_enough_for_many(place: Place) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        for n in range(LEASE_QUESTIONS // 2):
            await one_answer(shop, caller)
            assert shop.desk.funds_of(id_of(caller)).looks == 1, n
        [lease] = (await leased(shop)).values()
        assert lease == LEASE_QUESTIONS * QUOTE_GRAINS - LEASE_QUESTIONS // 2 * CHARGE

    alone(place, Scripted([PAID]), PLENTY, tell)


def test_whoever_looked_is_not_refused_when_others_are_quicker_to_take_what_was_found(place: Place) -> None:
    """What one lease is enough for is set aside by others before the one who looked goes on; the wallet has plenty."""

    async def tell(shop: Shop, caller: Caller) -> None:
        taken = 0
        looking = asyncio.create_task(ask(shop, caller))
        while not looking.done():
            while (purse := shop.purse(caller)).spare >= QUOTE_GRAINS and taken < LEASE_QUESTIONS:
                purse.hold(QUOTE_GRAINS)
                taken += 1
            await asyncio.sleep(0)
        await looking
        assert taken == LEASE_QUESTIONS
        for _ in range(taken):
            purse.settle(QUOTE_GRAINS, 0)
        assert shop.told[-1].outcome == "answered"

    alone(place, Scripted([PAID]), 1_000 * QUOTE_GRAINS, tell)


def test_an_idle_lease_is_given_back_and_nothing_is_remembered(place: Place) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        await one_answer(shop, caller)
        await shop.quiet()
        await tend_leases(shop.desk, 0)
        assert shop.desk.funds
        shop.clock.at_us += IDLE_US
        await tend_leases(shop.desk, 0)
        assert (shop.desk.funds, await leased(shop)) == ({}, {})
        assert await free(shop, wallet(id_of(caller))) == PLENTY - CHARGE
        await one_answer(shop, caller)

    alone(place, Scripted([PAID]), PLENTY, tell)


def test_before_a_process_ends_it_gives_back_every_lease(place: Place) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        other = await shop.customer("b", PLENTY)
        await one_answer(shop, caller)
        await one_answer(shop, other)
        await tend_leases(shop.desk, 0, all_of_them=True)
        assert await leased(shop) == {}

    alone(place, Scripted([PAID]), PLENTY, tell)


def test_a_client_who_leaves_while_the_database_is_asked_takes_no_lease_away(place: Place) -> None:
    """What was leased for nobody is still this process's to promise, down to the last grain."""

    async def tell(shop: Shop, caller: Caller) -> None:
        for _ in range(20):
            asking = asyncio.create_task(ask(shop, caller))
            await looks(shop)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert shop.desk.looking == 0
            assert shop.purse(caller).spare == 3 * QUOTE_GRAINS
            shop.clock.at_us += IDLE_US
            await tend_leases(shop.desk, 0)
            assert await leased(shop) == {}
        for _ in range(3):
            await one_answer(shop, caller)

    alone(place, Scripted([FREE]), 3 * QUOTE_GRAINS, tell)


def test_a_lease_that_is_just_being_taken_is_not_given_back_from_under_it(place: Place) -> None:
    """The purse was idle and is given back while somebody asks the database for more of it."""

    async def tell(shop: Shop, caller: Caller) -> None:
        for _ in range(15):
            await one_answer(shop, caller)
            purse = shop.purse(caller)
            purse.spare, rest = 7, purse.spare - 7  # too little for another question, and long idle
            await shop.desk.database.write(
                lambda c, rest=rest: pot_store.lessen_leases(  # type: ignore[misc]
                    c, [(wallet(id_of(caller)), "KRW", shop.desk.holder, -rest)]
                )
            )
            shop.clock.at_us += IDLE_US
            asking = asyncio.create_task(one_answer(shop, caller))
            await looks(shop)
            await tend_leases(shop.desk, 0)
            assert (await asking).outcome == "answered"
            await shop.quiet()
            account = wallet(id_of(caller))
            assert (await leased(shop))[shop.desk.holder, account] == shop.purse(caller).spare > 0

    alone(place, Scripted([FREE]), PLENTY, tell)


@pytest.mark.parametrize("is_wanted", [False, True])
def test_a_lease_that_a_look_relies_on_is_not_given_back_unseen(place: Place, *, is_wanted: bool) -> None:
    """The purse has enough, so the database is asked for no more of it; it is idle, or others want it, meanwhile."""

    async def tell(shop: Shop, caller: Caller) -> None:
        await one_answer(shop, caller)
        await shop.quiet()
        seen = await tend_leases(shop.desk, 0)
        shop.desk.funds_of(id_of(caller)).forget()  # as when something was heard to have changed
        shop.clock.at_us += 0 if is_wanted else IDLE_US
        if is_wanted:
            account = wallet(id_of(caller))
            await shop.desk.database.write(lambda c: pot_store.recall(c, account, "KRW", "proc_other"))
        gate, write = threading.Event(), shop.desk.database.write
        busy = asyncio.create_task(write(lambda _: gate.wait(20)))  # the books are slow
        asking = asyncio.create_task(one_answer(shop, caller))
        await looks(shop)
        giving = asyncio.create_task(tend_leases(shop.desk, seen))
        await asyncio.sleep(0.2)
        gate.set()
        assert (await asking).outcome == "answered"
        await asyncio.gather(busy, giving)

    alone(place, Scripted([PAID]), PLENTY, tell)


def test_what_changes_while_the_database_is_asked_is_not_overlooked(place: Place) -> None:
    """A gift that comes in between is spent first, though the pots were read before it came."""

    async def tell(shop: Shop, caller: Caller) -> None:
        funds = shop.desk.funds_of(id_of(caller))
        asking = asyncio.create_task(one_answer(shop, caller))
        await looks(shop)
        funds.forget()  # as `tend_leases` does when it hears of the gift
        gift = Pot(grant_account(id_of(caller), "g"), "KRW", id_of(caller), "grant", "", 0, NEVER_US)
        await shop.fill(gift, QUOTE_GRAINS, "expense:grants")
        first = await asking
        second = await one_answer(shop, caller)
        assert {first.source, second.source} <= {"grant", "grant wallet", "wallet"}
        assert second.source != "wallet" or first.source != "wallet"

    alone(place, Scripted([PAID]), PLENTY, tell)


def test_a_pot_that_expired_is_given_back_too(place: Place) -> None:
    """Or what is left of it could never be booked as expired while this process lives."""

    async def tell(shop: Shop, caller: Caller) -> None:
        account = allowance(id_of(caller), "p")
        ends_us = shop.clock.at_us + 60 * US_PER_S
        await shop.fill(Pot(account, ANSWERS, id_of(caller), "allowance", "", 0, ends_us), 100)
        assert (await one_answer(shop, caller)).source == "allowance"
        shop.clock.at_us = ends_us
        assert (await one_answer(shop, caller)).source == "wallet"
        async with tending(shop):
            assert await call_in_leases(account, ANSWERS, shop.desk.database)
        assert await free(shop, account, ANSWERS) == 99

    alone(place, Scripted([PAID]), PLENTY, tell)


def test_those_who_ask_at_once_share_one_look(place: Place) -> None:
    """Sixty-four at once with money for five: the database is asked once or twice, not sixty-four times."""

    async def tell(shop: Shop, caller: Caller) -> None:
        funds = shop.desk.funds_of(id_of(caller))
        outcomes = await asyncio.gather(*(ask(shop, caller) for _ in range(64)), return_exceptions=True)
        refused = [outcome.code for outcome in outcomes if isinstance(outcome, Refused)]
        assert refused == ["balance_held"] * 59
        assert funds.looks <= 3

    alone(place, Scripted([[said(), 0.2, reported(ZERO)]]), 5 * QUOTE_GRAINS, tell)


def test_a_refusal_is_never_older_than_the_question(place: Place) -> None:
    """Money that came in before the question is found, though others were refused a moment ago."""

    async def tell(shop: Shop, caller: Caller) -> None:
        for n in range(5):
            assert (await refusal(shop, caller)).code == "wallet_empty" if n == 0 else "request_exceeds_balance"
            await shop.fill(
                Pot(wallet(id_of(caller)), "KRW", id_of(caller), "wallet", "", 0, NEVER_US),
                QUOTE_GRAINS,
                "expense:grants",
            )
            shop.desk.funds_of(id_of(caller)).changes = 0  # nobody told this process
            await one_answer(shop, caller)

    alone(place, Scripted([[said(), reported(msgspec.Raw(b'{"prompt_tokens":500,"completion_tokens":100}'))]]), 0, tell)
