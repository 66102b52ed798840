"""A customer is opened whole or not at all: the row, the key, the wallet and its money, and who did it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import event
from tests.db.opened import Place, opened
from tests.office.acts import NOW_US, SECRETS, act, callers_mark, on_sale, opening

from solvent.audit.store import changes_between
from solvent.identity import store as identity_store
from solvent.identity.caller import digest
from solvent.ledger.account import CUSTOMER_GRANTS, wallet
from solvent.ledger.pot_store import free, pots_of
from solvent.ledger.store import balances_of
from solvent.office.open_customer import open_customer
from solvent.values.errors import Conflict, Invalid
from solvent.values.money import Money

GIFT = Money(50_000_000_000, "KRW")
KIM = opening(name="  Kim \n", gift=GIFT)


def test_a_customer_can_call_and_has_what_they_were_given(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await on_sale(database)
            kim, is_new = await open_customer(KIM, act("a"), database, 1)
            assert (kim.customer.name, kim.customer.plan, kim.customer.state, is_new) == (
                "Kim",
                "plain",
                "active",
                True,
            )
            callers = await database.read(identity_store.callers)
            assert callers[digest(SECRETS[0].encode())].customer == kim.customer
            account = wallet(kim.customer.id)
            assert await database.read(lambda c: free(c, account, "KRW")) == GIFT.grains
            (pot,) = await database.read(lambda c: pots_of(c, kim.customer.id, NOW_US))
            assert (pot.account, pot.unit, pot.kind, pot.classes) == (account, "KRW", "wallet", "")
            given = await database.read(lambda c: balances_of(c, CUSTOMER_GRANTS))
            assert given[CUSTOMER_GRANTS, "KRW"].debits == GIFT.grains
            assert await callers_mark(database) == 2, "for the key, and for the plan"

    asyncio.run(live())


def test_the_same_request_again_opens_nobody_and_gives_nothing(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await on_sale(database)
            first, _ = await open_customer(KIM, act("a", "kim"), database, 1)
            other_secret = opening(1, gift=GIFT)
            again, is_new = await open_customer(other_secret, act("a", "kim", NOW_US + 9), database, 2)
            assert (again, is_new) == (first, False)
            with pytest.raises(Conflict) as caught:
                await open_customer(KIM, act("a", "lee"), database, 3)
            assert caught.value.code == "idempotency_key_conflict"
            assert len(await database.read(identity_store.all_customers)) == 1
            assert set(await database.read(identity_store.callers)) == {digest(SECRETS[0].encode())}
            assert await database.read(lambda c: free(c, wallet(first.customer.id), "KRW")) == GIFT.grains

    asyncio.run(live())


def test_a_crash_between_any_two_statements_leaves_nothing_or_all_of_it(place: Place) -> None:
    """The process dies at each statement in turn; what is found afterwards is a whole customer or none."""

    async def live(statements: int) -> int:
        async with place.opened() as database:
            await on_sale(database)
            seen: list[str] = []

            def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
                seen.append(statement)
                if len(seen) == statements:
                    raise RuntimeError("the power is gone")

            event.listen(database.engine, "before_cursor_execute", count)
            try:
                await open_customer(KIM, act("a"), database, 1)
            except RuntimeError:
                pass
            else:
                return len(seen)
            finally:
                event.remove(database.engine, "before_cursor_execute", count)
            assert await database.read(identity_store.all_customers) == []
            assert await database.read(identity_store.callers) == {}
            assert await database.read(balances_of) == {}
            assert await database.read(lambda c: changes_between(c, 0, NOW_US * 2, actor="key_owner")) == []
            assert await callers_mark(database) == 0
            return 0

    statements = 1
    while not asyncio.run(live(statements)):
        statements += 1
    assert statements > 10


def test_who_opened_whom_is_on_the_record_and_no_secret_is(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await on_sale(database)
            kim, _ = await open_customer(KIM, act("a"), database, 1)
            (change,) = await database.read(lambda c: changes_between(c, 0, NOW_US * 2, actor="key_owner"))
            assert (change.actor, change.key, change.action) == ("key_owner", "a", "customer.open")
            assert change.subject == kim.customer.id
            assert SECRETS[0].encode() not in change.result
            assert digest(SECRETS[0].encode()).hex().encode() not in change.result

    asyncio.run(live())


def test_no_secret_is_written_to_the_disk(tmp_path: Any) -> None:
    async def live() -> None:
        async with opened(tmp_path) as database:
            await on_sale(database)
            await open_customer(KIM, act("a"), database, 1)

    asyncio.run(live())
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert SECRETS[0].encode() not in written
    assert SECRETS[0].encode()[-48:-4] not in written
    assert digest(SECRETS[0].encode()) in written


@pytest.mark.parametrize("name", ["", " ", "\u3000", "x" * 121, "a\x00"])
def test_a_name_that_cannot_be_opens_nobody(place: Place, name: str) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await on_sale(database)
            with pytest.raises(Invalid) as caught:
                await open_customer(opening(name=name), act("a"), database, 1)
            assert caught.value.code == "bad_name"
            assert await database.read(identity_store.callers) == {}
            assert await callers_mark(database) == 0
            await open_customer(KIM, act("a"), database, 1)  # the key is not used up by what was refused

    asyncio.run(live())


def test_a_plan_that_costs_something_begins_with_an_invoice_or_waits_for_its_payment(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await on_sale(database)
            kim, _ = await open_customer(opening(plan="plus"), act("a"), database, 1)
            lee, _ = await open_customer(opening(1, plan="plus", pays="card"), act("b"), database, 2)
            assert (kim.customer.plan, kim.outcome.subscription.state) == ("plus", "active")
            assert (lee.customer.plan, lee.outcome.subscription.state) == ("", "waiting")
            assert kim.outcome.invoice
            assert not lee.outcome.invoice
            assert kim.outcome.due == lee.outcome.due == Money(29_000 * 10**7, "KRW")

    asyncio.run(live())


def test_a_plan_that_is_not_on_sale_opens_nobody(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await on_sale(database)
            with pytest.raises(Invalid) as caught:
                await open_customer(opening(plan="nobody's", gift=GIFT), act("a"), database, 1)
            assert (caught.value.code, caught.value.param) == ("unknown_plan", "plan")
            assert await database.read(identity_store.all_customers) == []
            assert await database.read(balances_of) == {}

    asyncio.run(live())
