"""Renewals: each period once, many at a time, whatever breaks in between."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from sqlalchemy import Connection
from tests.billing.subscribers import FREE, KIM, PLUS, PRO, Books, act, at, story, totals, won
from tests.db.opened import Place

from solvent.audit.alarm_store import newest_alarms
from solvent.audit.store import changes_between
from solvent.billing import quota_store, renewal_store
from solvent.billing.expire_pots import expire_pots
from solvent.billing.move_subscribers import move_subscribers
from solvent.billing.renew_due import renew_due
from solvent.billing.subscribe import subscribe
from solvent.billing.subscription import Wish
from solvent.invoicing.profile import Profile
from solvent.invoicing.tax import Tax
from solvent.ledger import pot_store
from solvent.ledger import store as ledger_store
from solvent.ledger.account import MEMO_USED
from solvent.ledger.transfer import hold, post, void
from solvent.pricing.exchange import exchange
from solvent.pricing.exchange_store import keep_exchanges
from solvent.values.errors import Invalid
from solvent.values.ids import CustomerId, TransferId
from solvent.values.instant import NEVER_US
from solvent.values.money import Money

JUNE, JULY, AUGUST = at("2026-06-01T00:00:00"), at("2026-07-01T00:00:00"), at("2026-08-01T00:00:00")
DAY = 86_400 * 10**6


def test_many_are_renewed_together_each_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solvent.billing.renew_due.RENEWALS_AT_ONCE", 7)

    async def tell(books: Books) -> None:
        crowd = [await books.customer(CustomerId(f"cus_{n:02}")) for n in range(20)]
        for n, customer in enumerate(crowd):
            await books.subscribe(("free", "plus")[n % 2], JUNE + n, customer)
        many = await asyncio.gather(*(renew_due(books.database, JULY + 19) for _ in range(3)))
        assert sum(done.renewed for done in many) == 20
        assert sum(done.invoiced for done in many) == 10
        assert await books.renew(JULY + 19) == 0
        for n, customer in enumerate(crowd):
            assert totals(await books.invoices(customer)) == ([], [9_900, 9_900])[n % 2]
            assert await books.left(customer) == {"answers": (10, 350)[n % 2]}

        def renewals(connection: Connection) -> list[str]:
            found = changes_between(connection, JULY, NEVER_US, actor="system", count=100)
            return [change.subject for change in found if change.action == renewal_store.ACTION]

        assert sorted(await books.database.read(renewals)) == sorted(crowd)

    story(place, tell)


def test_a_renewal_that_breaks_in_the_middle_leaves_nothing_behind_and_is_made_again(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("plus", JUNE)

        def broken(connection: Connection) -> None:
            renewal_store.renew(connection, JULY, 10)
            raise KeyboardInterrupt("the power goes")

        for _ in range(3):
            with pytest.raises((KeyboardInterrupt, RuntimeError)):
                await books.database.write(lambda connection: _as_an_error(broken, connection))
            assert await books.left() == {"answers": 300}
            assert totals(await books.invoices()) == [9_900]
        assert await books.renew(JULY) == 1
        assert totals(await books.invoices()) == [9_900, 9_900]

    story(place, tell)


def test_one_that_cannot_be_renewed_is_left_out_told_once_a_day_and_tried_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VAT owed in a currency without a rate, in a profile that was not checked: no invoice can be made out."""
    monkeypatch.setattr("solvent.billing.renew_due.RENEWALS_AT_ONCE", 2)
    taxed = {"country": "DE", "tax": Tax("exclusive", 190), "vat_currency": "EUR", "since_us": JUNE + DAY}

    async def tell(books: Books) -> None:
        crowd = [await books.customer(CustomerId(f"cus_{n}")) for n in range(7)]
        for n, customer in enumerate(crowd):
            await books.subscribe("plus", JUNE + n, customer)
        for bad in crowd[:3]:
            await books.profile(Profile(customer=bad, **taxed))  # type: ignore[arg-type]
        done = await renew_due(books.database, JULY + 9)
        assert (done.renewed, done.invoiced, done.left_out) == (4, 4, 3)
        assert [(await books.current(customer)).number for customer in crowd] == [0] * 3 + [1] * 4
        for hours in (1, 25):
            assert await books.renew(JULY + hours * DAY // 24) == 0
        first = await books.current(crowd[0])
        raised = await books.database.read(lambda c: newest_alarms(c, 0, subject=crowd[0]))
        words = msgspec.json.decode(raised[0].words)
        assert ([one.kind for one in raised], words["subscription"]) == (["not_renewed"] * 2, first.id)
        assert (words["code"], "EUR" in words["why"]) == ("exchange_needed", True)
        rate = exchange("KRW", "EUR", "0.00062", "2026-05-01", "ECB", "here")
        await books.database.write(lambda c: keep_exchanges(c, [rate]))
        assert await books.renew(JULY + 2 * DAY) == 3

    story(place, tell)


def _as_an_error(work: object, connection: Connection) -> None:
    try:
        work(connection)  # type: ignore[operator]
    except KeyboardInterrupt as wrong:
        raise RuntimeError(str(wrong)) from None


def test_new_terms_hold_for_those_on_old_ones_from_the_day_they_were_told(place: Place) -> None:
    dearer = msgspec.structs.replace(PLUS, price=won(12_900))

    async def tell(books: Books) -> None:
        await books.subscribe("plus", JUNE)
        await books.publish(FREE, dearer, PRO, now_us=JUNE)
        for from_us in (JUNE + 2 * DAY, JUNE + 30 * DAY - 1):
            with pytest.raises(Invalid) as caught:
                await move_subscribers("plus", from_us, act(JUNE), books.database)
            assert (caught.value.code, caught.value.param) == ("notice_too_short", "from")
        moving, _ = await move_subscribers("plus", JULY + 1, act(JUNE), books.database)
        assert (moving.version, moving.customers) == (2, 1)
        await books.renew(JULY)  # begins a microsecond too early
        assert (await books.current()).price_grains == won(9_900).grains
        await books.renew(AUGUST)
        now = await books.current()
        assert (now.version, now.price_grains) == (2, won(12_900).grains)

    story(place, tell)


def test_what_answers_hold_over_the_edge_is_theirs_and_what_returns_expires(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("pro", JUNE)
        (quota,) = await books.database.read(lambda connection: quota_store.open_of_customer(connection, KIM))
        holds = [
            hold(TransferId(f"ans_{n}"), JULY - 1, quota.account, MEMO_USED, Money(3, quota.unit), JULY + DAY, "ans")
            for n in range(2)
        ]

        def under_way(connection: Connection) -> int:
            ledger_store.append(connection, holds)
            return pot_store.take_lease(connection, "process", quota.account, quota.unit, 5)

        assert await books.database.write(under_way) == 5
        await books.renew(JULY)
        assert await books.balance(quota.account, quota.unit) == 3 + 3 + 5
        assert await books.left(at_us=JULY) == {"answers": 1500}
        await books.database.write(
            lambda connection: ledger_store.append(
                connection, [post(holds[0], Money(2, quota.unit), JULY + 1), void(holds[1], JULY + 1)]
            )
        )
        assert await expire_pots(books.database, JULY + 2) == 0, "a process still leases some of it"
        assert await books.balance(quota.account, quota.unit) == 5
        await books.database.write(lambda connection: pot_store.end_leases(connection, "process"))
        assert await expire_pots(books.database, JULY + 3) == 1
        assert await books.balance(quota.account, quota.unit) == 0
        assert await books.balance(MEMO_USED, quota.unit) == 2
        assert await expire_pots(books.database, AUGUST) == 1  # only the new one

    story(place, tell)


def test_what_is_called_in_after_the_edge_still_rolls_over_up_to_its_limit(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("plus", JUNE)
        (quota,) = await books.database.read(lambda connection: quota_store.open_of_customer(connection, KIM))
        await books.use("answers", 230, JUNE)
        await books.database.write(
            lambda connection: pot_store.take_lease(connection, "process", quota.account, quota.unit, 60)
        )
        await books.renew(JULY)
        assert (await books.left(at_us=JULY))["answers"] == 310
        await books.database.write(lambda connection: pot_store.end_leases(connection, "process"))
        assert await expire_pots(books.database, JULY + 1) == 1
        assert await books.left() == {"answers": 350}, "50 of 70, and 20 expired"

    story(place, tell)


def test_a_plan_that_is_off_sale_goes_on_for_those_who_are_on_it(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("plus", JUNE)
        await books.publish(FREE, PRO, now_us=JUNE + 1)
        with pytest.raises(Invalid) as caught:
            await subscribe(Wish(customer=KIM, plan="plus"), act(JUNE + 2), books.database)
        assert caught.value.code == "unknown_plan"
        await books.renew(JULY)
        assert (await books.current()).plan == "plus"

    story(place, tell)
