"""A corrected price re-rates by new postings, on both databases: once, step by step, and never by editing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from msgspec.structs import astuple, replace
from sqlalchemy import Connection, delete, select
from tests.answering.desks import COST, PRICE, START_US, USAGE, Scripted, Shop, reported, said, shop
from tests.answering.stories import KNOWN
from tests.db.opened import Place

from solvent.answering import store as receipt_store
from solvent.answering.answer import answer
from solvent.answering.correct_prices import correct_prices
from solvent.answering.correction import Book, Correction
from solvent.answering.correction_store import Order, corrections, corrections_between, corrections_of
from solvent.answering.fold_store import fold
from solvent.answering.receipt import Receipt
from solvent.answering.receipt_store import Sought
from solvent.answering.tend_leases import tend_leases
from solvent.audit.act import Act, by_system
from solvent.audit.store import changes_between
from solvent.db.append import append_rows
from solvent.identity.caller import Caller
from solvent.ledger import store as ledger_store
from solvent.ledger.account import HOUSE_LOSS, REVENUE_ANSWERS, api_cost, api_payable, wallet
from solvent.ledger.transfer import posting
from solvent.ledger.verify_books import verify_books
from solvent.margin import facet_store
from solvent.margin import store as margin_store
from solvent.margin.facet import CORRECTED, FREE
from solvent.margin.line import total
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.values.errors import Conflict
from solvent.values.ids import AnswerId, TransferId, new_id
from solvent.values.limits import CORRECTIONS_AT_ONCE
from solvent.values.money import Money

DEAR = 10**9  # won enough for many answers
DAY = 20_781
CHEAPER = replace(PRICE, revision=2, input_picos=10**6, output_picos=10**6, reasoning_picos=10**6)
DEARER = replace(PRICE, revision=3, input_picos=5 * 10**6, output_picos=9 * 10**6)
COSTLIER = replace(COST, revision=2, input_picos=3 * 10**6)


def order(book: Book, *cards: RateCard, collect: bool = False, until_us: int = START_US + 10**12) -> Order:
    from_id, until_id = (AnswerId(new_id("ans", at_us, 0)) for at_us in (START_US - 10**9, until_us))
    return Order(book, cards[0].name, cards, from_id, until_id, DAY, collect)


def step(key: str) -> Act:
    return by_system(key, START_US + 10**10)


def run(place: Place, tell: Callable[[Shop], Awaitable[None]]) -> None:
    """A story in a shop whose every answer uses what is KNOWN; the books are right at its end."""

    async def live() -> None:
        async with shop(place, Scripted([[said(9, "stop"), reported(USAGE)]])) as made:
            await tell(made)
            await made.quiet()
            assert (await verify_books(made.desk.database)).problems == ()
            await made.desk.database.write(_margins_agree)

    asyncio.run(live())


def _margins_agree(connection: Connection) -> None:
    """The roll-ups are what receipts and corrections sum to."""
    names = ("charge_grains", "cost_grains", "granted_grains", "included_grains")
    sums = total(margin_store.lines(fold(connection), "model", 0, "KRW"), "KRW").sums
    receipts = receipt_store.newest(connection, 10**6)
    made = connection.execute(select(corrections)).all()
    for name in names:
        assert getattr(sums, name) == sum(getattr(one, name) for one in [*receipts, *made]), name
    assert sums.answers == len(receipts), "a correction is no answer"


async def asked(shop: Shop, caller: Caller, times: int = 1) -> list[Receipt]:
    """So many answers, given and booked."""
    for _ in range(times):
        async for _ in answer(shop.question(), caller, shop.desk):
            pass
    await shop.quiet()
    return await shop.desk.database.read(partial(receipt_store.newest, count=10**6))


def due(card: RateCard) -> int:
    return rate(KNOWN, card).grains


def test_a_corrected_cost_is_posted_beside_what_was_booked(place: Place) -> None:
    async def tell(shop: Shop) -> None:
        receipts = await asked(shop, await shop.customer("a", DEAR), 3)
        more = 3 * (due(COSTLIER) - due(COST))
        done = await correct_prices(order("cost", COST, COSTLIER), step("1"), shop.desk.database)
        assert (done.answers, done.corrected, done.cost_grains, done.charge_grains) == (3, 3, more, 0)
        assert await shop.left(api_cost("scripted")) == -3 * due(COSTLIER)
        assert await shop.left(api_payable("scripted")) == 3 * due(COSTLIER)
        assert await asked(shop, await shop.customer("b", DEAR), 0) == receipts, "nothing was edited"
        again = await correct_prices(order("cost", COST, COSTLIER), step("2"), shop.desk.database)
        assert (again.answers, again.corrected, again.cost_grains) == (3, 0, 0)

    run(place, tell)


def test_a_lower_price_gives_back_to_the_wallet(place: Place) -> None:
    async def tell(shop: Shop) -> None:
        caller = await shop.customer("a", DEAR)
        [receipt] = await asked(shop, caller)
        before = await shop.left(wallet(receipt.customer))
        done = await correct_prices(order("price", PRICE, CHEAPER), step("1"), shop.desk.database)
        back = due(PRICE) - due(CHEAPER)
        assert (done.corrected, done.charge_grains, done.overrun_grains) == (1, -back, 0)
        assert await shop.left(wallet(receipt.customer)) == before + back == DEAR - due(CHEAPER)
        assert await shop.left(REVENUE_ANSWERS) == due(CHEAPER)
        [kept] = await shop.desk.database.read(partial(corrections_of, answer=receipt.id))
        assert (kept.from_card, kept.card, kept.charge_grains) == (PRICE.version, CHEAPER.version, -back)
        changes = await shop.desk.database.read(lambda c: changes_between(c, 0, 2**60, subject="price"))
        assert {change.action for change in changes} == {"prices.correct"}
        await tend_leases(shop.desk, 0)
        assert (await asked(shop, caller))[0].charge_grains == due(PRICE), "the wallet goes on as it was"

    run(place, tell)


def test_a_higher_price_is_borne_by_the_house_unless_told_otherwise(place: Place) -> None:
    async def tell(shop: Shop) -> None:
        [receipt] = await asked(shop, await shop.customer("a", DEAR))
        more = due(DEARER) - due(PRICE)
        done = await correct_prices(order("price", PRICE, DEARER), step("1"), shop.desk.database)
        assert (done.charge_grains, done.overrun_grains) == (0, more)
        assert await shop.left(HOUSE_LOSS) == -more
        assert await shop.left(wallet(receipt.customer)) == DEAR - due(PRICE)

    run(place, tell)


@pytest.mark.parametrize("spare", [0, 7, 10**8])
def test_a_higher_price_that_is_collected_takes_no_more_than_is_free(place: Place, spare: int) -> None:
    async def tell(shop: Shop) -> None:
        caller = await shop.customer("a", 10**8)
        [receipt] = await asked(shop, caller)
        await tend_leases(shop.desk, 0, all_of_them=True)
        await shop.quiet()
        account = wallet(receipt.customer)
        taken = await shop.left(account) - spare
        if taken > 0:
            row = posting(TransferId("refund"), START_US, account, "cash:bank", Money(taken, "KRW"), "refund")
            await shop.desk.database.write(partial(ledger_store.append, rows=[row]))
        spare_then = await shop.left(account)
        more = due(DEARER) - due(PRICE)
        done = await correct_prices(order("price", PRICE, DEARER, collect=True), step("1"), shop.desk.database)
        assert done.charge_grains == min(more, spare_then)
        assert done.overrun_grains == more - done.charge_grains
        assert await shop.left(account) == spare_then - done.charge_grains >= 0

    run(place, tell)


def test_a_correction_of_a_correction_is_one_more_difference(place: Place) -> None:
    async def tell(shop: Shop) -> None:
        [receipt] = await asked(shop, await shop.customer("a", DEAR))
        first = await correct_prices(order("price", PRICE, CHEAPER), step("1"), shop.desk.database)
        second = await correct_prices(
            order("price", PRICE, CHEAPER, DEARER, collect=True), step("2"), shop.desk.database
        )
        assert first.charge_grains == due(CHEAPER) - due(PRICE)
        assert second.charge_grains + second.overrun_grains == due(DEARER) - due(CHEAPER)
        third = await correct_prices(order("price", PRICE, CHEAPER, DEARER), step("3"), shop.desk.database)
        assert (third.answers, third.corrected) == (1, 0)
        kept = await shop.desk.database.read(partial(corrections_of, answer=receipt.id))
        assert [one.card for one in kept] == [CHEAPER.version, DEARER.version]

    run(place, tell)


def test_a_price_that_changed_earlier_than_anybody_knew_re_rates_from_then_on(place: Place) -> None:
    async def tell(shop: Shop) -> None:
        caller = await shop.customer("a", DEAR)
        [early] = await asked(shop, caller)
        shop.clock.at_us += 10**9
        changed = replace(CHEAPER, revision=1, valid_from_us=shop.clock.at_us)
        [late, _] = await asked(shop, caller)
        done = await correct_prices(order("price", PRICE, changed), step("1"), shop.desk.database)
        assert (done.answers, done.corrected) == (2, 1)
        assert await shop.desk.database.read(partial(corrections_of, answer=early.id)) == []
        assert len(await shop.desk.database.read(partial(corrections_of, answer=late.id))) == 1

    run(place, tell)


def test_only_answers_of_the_card_and_the_time_are_looked_at(place: Place) -> None:
    async def tell(shop: Shop) -> None:
        caller = await shop.customer("a", DEAR)
        await asked(shop, caller)
        until_us = shop.clock.at_us
        shop.clock.at_us += 10**9
        await asked(shop, caller)
        early = await correct_prices(order("price", PRICE, CHEAPER, until_us=until_us), step("1"), shop.desk.database)
        assert (early.answers, early.corrected) == (1, 1)
        other = replace(CHEAPER, name="pric")  # the beginning of a name is another name
        assert (await correct_prices(order("price", other), step("2"), shop.desk.database)).answers == 0
        withdrawn = replace(CHEAPER, valid_from_us=2**60)
        gone = await correct_prices(order("price", withdrawn), step("3"), shop.desk.database)
        assert (gone.answers, gone.corrected, gone.unpriced) == (2, 0, 2)

    run(place, tell)


def test_a_trial_run_writes_nothing(place: Place) -> None:
    async def tell(shop: Shop) -> None:
        [receipt] = await asked(shop, await shop.customer("a", DEAR))

        def everything(connection: Connection) -> list[Any]:
            return [*ledger_store.transfers_of(connection, ""), *changes_between(connection, 0, 2**60)]

        before = await shop.desk.database.read(everything)
        tried = await correct_prices(order("price", PRICE, CHEAPER), step("1"), shop.desk.database, write=False)
        assert await shop.desk.database.read(everything) == before
        assert await shop.desk.database.read(partial(corrections_of, answer=receipt.id)) == []
        assert await correct_prices(order("price", PRICE, CHEAPER), step("1"), shop.desk.database) == tried

    run(place, tell)


def test_the_same_act_gives_the_same_result_and_another_under_its_key_is_refused(place: Place) -> None:
    async def tell(shop: Shop) -> None:
        await asked(shop, await shop.customer("a", DEAR), 2)
        act = Act("cli:kim", "key", "what", START_US + 10**10)
        first = await correct_prices(order("price", PRICE, CHEAPER), act, shop.desk.database)
        assert first.corrected == 2
        assert await correct_prices(order("price", PRICE, CHEAPER), act, shop.desk.database) == first
        with pytest.raises(Conflict):
            await correct_prices(order("price", PRICE, DEARER), replace(act, fingerprint="x"), shop.desk.database)

    run(place, tell)


def test_what_a_corrected_price_makes_of_free_answers_is_what_free_plans_cost(place: Place) -> None:
    async def tell(shop: Shop) -> None:
        (paid,) = await asked(shop, await shop.customer("a", DEAR))
        await shop.desk.database.write(_many(replace(paid, on_free_plan=1), 2))
        done = await correct_prices(order("cost", COST, COSTLIER), step("1"), shop.desk.database)
        more = due(COSTLIER) - due(COST)
        assert done.cost_grains == 3 * more

        def look(connection: Connection) -> tuple[int, int, list[list[AnswerId]]]:
            folded = fold(connection)
            at_us = step("").at_us
            behind = [
                [
                    one.answer
                    for one in corrections_between(folded, Sought(spent_on=part, from_us=at_us, until_us=at_us + 1), 9)
                ]
                for part in (CORRECTED, FREE, "")
            ]
            free, corrected = (facet_store.cost_of_part(folded, part, 0) for part in (FREE, CORRECTED))
            return free, corrected, behind

        free, corrected, behind = await shop.desk.database.write(look)
        assert (free, corrected) == (2 * due(COSTLIER), more)
        assert behind[0] == [paid.id]
        assert len(behind[1]) == 2
        assert sorted(behind[0] + behind[1]) == sorted(behind[2])

    run(place, tell)


def _many(receipt: Receipt, count: int) -> Callable[[Connection], None]:
    """So many more answers like one, earlier, with the cost that was booked for each."""

    def work(connection: Connection) -> None:
        ids = [AnswerId(new_id("ans", START_US + n, n)) for n in range(count)]
        accounts = (api_cost("scripted"), api_payable("scripted"))
        receipt_store.append(connection, [replace(receipt, id=id) for id in ids])
        ledger_store.append(connection, [
            posting(TransferId(f"{id}.cost"), START_US, *accounts, receipt.cost, id) for id in ids])  # fmt: skip

    return work


def test_a_correction_that_was_cut_off_is_finished_and_nothing_is_posted_twice(place: Place) -> None:
    """Each step is a transaction. Here the second meets a row that stands in its way, and leaves nothing behind."""

    async def tell(shop: Shop) -> None:
        database = shop.desk.database
        [receipt] = await asked(shop, await shop.customer("a", DEAR))
        count = CORRECTIONS_AT_ONCE + 20
        await database.write(_many(receipt, count))
        in_the_way = replace(
            Correction("", AnswerId("ans_other"), 0, receipt.customer, "", "", "cost", "", "", "KRW"),
            id=f"{new_id('ans', START_US + count - 1, count - 1)}.correction.cost.{COSTLIER.version}",
        )
        await database.write(lambda c: append_rows(c, corrections, [astuple(in_the_way)]))
        with pytest.raises(Exception, match=r"(?i)unique|unavailable|could not"):
            await correct_prices(order("cost", COST, COSTLIER), step("1"), database)
        half = await shop.left(api_payable("scripted"))
        assert half == (count + 1) * due(COST) + CORRECTIONS_AT_ONCE * (due(COSTLIER) - due(COST))
        await database.write(lambda c: c.execute(delete(corrections).where(corrections.c.id == in_the_way.id)))
        done = await correct_prices(order("cost", COST, COSTLIER), step("1"), database)
        assert (done.answers, done.corrected) == (count + 1, count + 1), "what was done before counts too"
        assert done.cost_grains == (count + 1) * (due(COSTLIER) - due(COST))
        assert await shop.left(api_payable("scripted")) == (count + 1) * due(COSTLIER)

    run(place, tell)
