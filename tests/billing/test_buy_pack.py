"""Packs: paid once, used before they expire, earned as they are used, and given back in part."""

from __future__ import annotations

import msgspec
import pytest
from tests.billing.months import nothing_used
from tests.billing.subscribers import FREE, KIM, PLUS, Books, act, at, pots, story, totals, won
from tests.db.opened import Place

from solvent.billing import pack_store, recognition_store
from solvent.billing.asking import Asking
from solvent.billing.buy_pack import buy_pack
from solvent.billing.close_month import close_month
from solvent.billing.expire_pots import expire_pots
from solvent.billing.included import Included
from solvent.billing.pack import Pack
from solvent.billing.pack_store import give_paid
from solvent.billing.proposal_store import invoice_paid
from solvent.billing.rails import Rails
from solvent.billing.return_pack import return_pack
from solvent.ledger.account import BREAKAGE, REVENUE_PACKS, deferred, invoiced, wallet
from solvent.payments.fake import FakeProcessor
from solvent.till.begin_payment import begin_payment
from solvent.till.charge_order import charge_order
from solvent.till.save_method import save_method
from solvent.till.settle_order import settle_order
from solvent.values.errors import Conflict, Invalid, NotFound
from solvent.values.money import money

JUNE = at("2026-06-01T00:00:00")
DAY = 86_400 * 10**6
TEN = Pack("ten", money("5500", "KRW"), Included("answers", 100), 30)
BONUS = Pack("bonus", money("10000", "KRW"), Included("money", won(12_000).grains, ("large",)), 365)
WORTH = Pack("worth", money("5500", "KRW"), Included("money", won(12_000).grains, ("large",)), 30)
WORDS = Pack("words", money("5500", "KRW"), Included("tokens", 1_000), 30)
SHOP = msgspec.structs.replace(PLUS, packs=(TEN, BONUS, WORTH, WORDS))


async def shop(books: Books) -> None:
    await books.publish(FREE, SHOP)
    await books.subscribe("plus", JUNE)


def test_a_pack_is_used_beside_what_the_plan_includes_whichever_ends_first(place: Place) -> None:
    async def tell(books: Books) -> None:
        await shop(books)
        early, is_new = await buy_pack(KIM, "ten", "invoice", act(JUNE, "k"), books.database)
        again, is_new_again = await buy_pack(KIM, "ten", "invoice", act(JUNE, "k"), books.database)
        assert (is_new, is_new_again, again) == (True, False, early)
        assert (early.due, early.purchase.state) == (won(5_500), "given")
        await books.pay(early.purchase.invoice, JUNE + 15 * DAY)
        late, _ = await buy_pack(KIM, "bonus", "invoice", act(JUNE + 15 * DAY), books.database)
        found = await pots(books, JUNE + 16 * DAY)
        assert found[0].account == early.purchase.account, "of those that end at the same instant, by name"
        assert [pot.kind for pot in found[:3]] == ["allowance"] * 3
        assert found[2].account == late.purchase.account
        assert (found[2].classes, found[2].unit) == ("large", "KRW.INCLUDED")
        assert totals(await books.invoices()) == [9_900, 5_500, 10_000]
        assert await books.balance(deferred(early.purchase.id)) == won(5_000).grains
        (schedule,) = await books.database.read(
            lambda connection: recognition_store.schedules_of(connection, deferred(early.purchase.id))
        )
        assert (schedule.pot, schedule.pieces, schedule.revenue_account) == (
            early.purchase.account,
            100,
            "revenue:packs",
        )
        await expire_pots(books.database, JUNE + 30 * DAY)
        assert await books.balance(early.purchase.account, "ANSWERS") == 0

    story(place, tell)


def test_by_card_it_is_given_when_it_is_paid(place: Place) -> None:
    async def tell(books: Books) -> None:
        await shop(books)
        processor = FakeProcessor()
        rails = Rails({"fake": processor}, {"pack": give_paid, "invoice": invoice_paid})
        opened = await save_method(KIM, "KRW", "fake", rails, books.database, act(JUNE), 7)
        processor.pay(opened.order.id, won(0))
        await settle_order(opened.order.id, rails, books.database, JUNE)
        bought, _ = await buy_pack(KIM, "ten", "card", act(JUNE), books.database)
        assert (bought.purchase.state, bought.due, await books.left()) == ("waiting", won(5_500), {"answers": 300})
        purpose = f"pack:{bought.purchase.id}"
        asking = Asking(customer=KIM, purpose=purpose, rail="fake", amount=bought.due, name="Ten")
        opened = await begin_payment(asking, rails, books.database, act(JUNE + DAY, "window"), 8)
        for n, is_made in enumerate((True, False)):  # by card it is not charged a second time
            order = await charge_order(
                KIM, purpose, bought.due, "Ten", rails, books.database, act(JUNE + DAY, f"card {n}"), n
            )
            assert (order.is_paid, order.kind) == (is_made, "invoice" if is_made else "pack")
        processor.pay(opened.order.id, bought.due)
        again = (await settle_order(opened.order.id, rails, books.database, JUNE + DAY)).order
        assert (again.is_paid, again.kind) == (True, "top_up"), "paid again, it is in the wallet"
        assert await books.left() == {"answers": 400}
        given = await books.database.read(lambda connection: pack_store.by_id(connection, bought.purchase.id))
        assert (given.state, given.expires_us) == ("given", JUNE + 31 * DAY)
        assert await books.balance(wallet(KIM)) == won(5_500).grains
        assert await books.balance(invoiced(KIM)) == -won(9_900).grains
        assert await books.database.read(lambda c: pack_store.of_customer(c, KIM)) == [given]

    story(place, tell)


def test_what_is_left_of_a_pack_can_be_given_back(place: Place) -> None:
    async def tell(books: Books) -> None:
        await shop(books)
        bought, _ = await buy_pack(KIM, "ten", "invoice", act(JUNE), books.database)
        await books.pay(bought.purchase.invoice, JUNE)
        await books.use_account(bought.purchase.account, 40, JUNE + 1)
        credited, is_new = await return_pack(bought.purchase.id, act(JUNE + DAY, "k"), books.database)
        assert (credited, is_new) == (won(3_300), True)
        assert (await return_pack(bought.purchase.id, act(JUNE + DAY, "k"), books.database))[1] is False
        assert await books.balance(wallet(KIM)) == won(3_300).grains
        assert await books.left() == {"answers": 300}
        with pytest.raises(Conflict) as caught:
            await return_pack(bought.purchase.id, act(JUNE + DAY), books.database)
        assert caught.value.code == "pack_used_up"

    story(place, tell)


@pytest.mark.parametrize(
    ("pack", "unit", "used"), [("ten", "ANSWERS", 40), ("words", "TOKENS", 400), ("worth", "KRW.INCLUDED", 48 * 10**9)]
)
def test_what_is_left_of_a_pack_when_it_expires_is_breakage(place: Place, pack: str, unit: str, used: int) -> None:
    """Whatever it counts: two fifths of 5,000 won are earned, the rest was never asked for."""

    async def tell(books: Books) -> None:
        await shop(books)
        half, end = JUNE + 15 * DAY, JUNE + 45 * DAY
        bought, _ = await buy_pack(KIM, pack, "invoice", act(half), books.database)
        await books.use_account(bought.purchase.account, used, half + 1, unit)
        await expire_pots(books.database, end)
        sums = {}
        for month, after in ((202606, JUNE + 31 * DAY), (202607, JUNE + 62 * DAY)):
            await close_month(month, "KRW", nothing_used, books.database, act(after, f"close {month}"))
            names = (deferred(bought.purchase.id), REVENUE_PACKS, BREAKAGE)
            sums[month] = [-(await books.balance(name)) // 10**7 for name in names]
        assert [[abs(won) for won in each] for each in sums.values()] == [[3_000, 2_000, 0], [0, 2_000, 3_000]]

    story(place, tell)


def test_only_packs_of_ones_own_plan_are_sold(place: Place) -> None:
    async def tell(books: Books) -> None:
        with pytest.raises(NotFound):
            await buy_pack(KIM, "ten", "invoice", act(JUNE), books.database)
        await shop(books)
        with pytest.raises(Invalid) as caught:
            await buy_pack(KIM, "eleven", "invoice", act(JUNE), books.database)
        assert (caught.value.code, caught.value.param) == ("unknown_pack", "pack")
        assert "ten, bonus, worth, words" in caught.value.message

    story(place, tell)
