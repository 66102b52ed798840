"""BILLING_CASES, "Subscriptions": one story for each line, at the verbs, on both databases."""

from __future__ import annotations

import msgspec
import pytest
from tests.billing.subscribers import KIM, PLUS, PRO, Books, act, at, pots, story, totals, won
from tests.db.opened import Place

from solvent.billing.add_coupon import add_coupon
from solvent.billing.cancel import cancel
from solvent.billing.coupon import Coupon
from solvent.billing.expire_pots import expire_pots
from solvent.billing.grant import grant
from solvent.billing.included import Included
from solvent.billing.plan import Plan, Seats, Trial
from solvent.billing.redeem import redeem
from solvent.billing.renew_due import renew_due
from solvent.invoicing.profile import Profile
from solvent.invoicing.tax import Tax
from solvent.ledger.account import CUSTOMER_GRANTS, deferred, invoiced, wallet
from solvent.values.errors import Conflict, Refused
from solvent.values.ids import CustomerId
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money, money

DAY = 86_400 * 10**6


def test_included_quota_comes_first_then_the_wallet_or_overage_as_the_plan_says(place: Place) -> None:
    on_account = Plan(
        name="metered", price=money("19000", "KRW"), included=(Included("answers", 100),), beyond="overage",
        overage_most=money("50000", "KRW"),
    )  # fmt: skip

    async def tell(books: Books) -> None:
        await books.publish(on_account, PLUS, PRO)
        start = at("2026-05-10T09:00:00")
        await books.subscribe("metered", start)
        await grant(KIM, won(500), act(start), books.database, expires_us=start + 5 * DAY)
        kinds = [(pot.kind, pot.unit) for pot in await pots(books, start)]
        assert kinds == [("allowance", "ANSWERS"), ("grant", "KRW"), ("wallet", "KRW"), ("overage", "KRW.ON-ACCOUNT")]
        assert (await books.left())["overage"] == won(50_000).grains
        await books.change("plus", start, "now")
        kinds = [(pot.kind, pot.unit) for pot in await pots(books, start)]
        left = await books.left()
        assert "overage" not in left, "a plan without overage opens no line of credit"
        assert kinds[:3] == [("allowance", "ANSWERS"), ("grant", "KRW"), ("wallet", "KRW")]

    story(place, tell)


def test_upgrade_in_the_middle_of_a_period_is_prorated_and_sums_to_the_whole(place: Place) -> None:
    async def tell(books: Books) -> None:
        start = at("2026-06-01T00:00:00")
        await books.subscribe("plus", start)
        await books.use("answers", 250, start + DAY)
        half = at("2026-06-16T00:00:00")
        done = await books.change("pro", half)
        assert done.due == won(14_500 - 4_950)
        assert await books.left() == {"answers": (300 + 1500) // 2 - 250}
        assert await books.plan_name() == "pro"
        third = at("2026-06-21T00:00:00")
        back = await books.change("plus", third, "now")
        whole = round((9_900 * 25 + 29_000 * 5) / 30)
        assert sum(totals(await books.invoices())) == whole
        assert back.credited == won(9_900 + 9_550 - whole)
        assert await books.left() == {"answers": (300 * 25 + 1500 * 5) // 30 - 250}

    story(place, tell)


def test_changing_back_and_forth_in_one_period_gains_nothing(place: Place) -> None:
    async def tell(books: Books) -> None:
        start = at("2026-02-01T00:00:00")
        await books.subscribe("plus", start)
        now, on = start, "plus"
        for n, step in enumerate((1, 3_600_000_001, 7 * DAY, 13, 86_399_999_999, DAY // 3, 1)):
            now += step
            on = ("pro", "plus")[n % 2]
            await books.change(on, now, "now")
            charged = sum(document.total.grains for document, _ in await books.invoices())
            assert won(9_900).grains <= charged <= won(29_000).grains
            assert 300 <= (await books.left())["answers"] <= 1500
        await books.renew(at("2026-03-01T00:00:00"))
        assert (await books.current()).price_grains == won(29_000).grains

    story(place, tell)


def test_downgrade_waits_for_the_end_of_the_period_unless_it_is_asked_at_once(place: Place) -> None:
    async def tell(books: Books) -> None:
        start = at("2026-06-01T00:00:00")
        await books.subscribe("pro", start)
        later = await books.change("plus", start + 3 * DAY)
        assert (later.subscription.plan, later.subscription.next_plan) == ("pro", "plus")
        assert await books.left() == {"answers": 1500}
        await books.renew(at("2026-07-01T00:00:00"))
        now = await books.current()
        assert (now.plan, now.next_plan, now.price_grains) == ("plus", "", won(9_900).grains)
        assert totals(await books.invoices()) == [29_000, 9_900]

    story(place, tell)


def test_whoever_has_used_up_the_quota_gets_no_money_back_for_it(place: Place) -> None:
    async def tell(books: Books) -> None:
        start = at("2026-06-01T00:00:00")
        await books.subscribe("pro", start)
        await books.use("answers", 1500, start + 60)
        done = await books.change("plus", start + DAY, "now")
        assert done.credited == won(0)
        assert totals(await books.invoices()) == [29_000]

    story(place, tell)


def test_a_trial_ends_with_the_first_period_and_its_invoice(place: Place) -> None:
    trial = Plan(
        name="team", price=money("49000", "KRW"), included=(Included("answers", 2000),),
        trial=Trial(14, (Included("answers", 50),)), seats=Seats(3, money("9000", "KRW"), 20),
    )  # fmt: skip

    async def tell(books: Books) -> None:
        await books.publish(trial, PLUS)
        start = at("2026-01-17T12:00:00")
        done = await books.subscribe("team", start, seats=5)
        assert (done.subscription.state, done.due, done.invoice) == ("trialing", won(0), "")
        assert await books.left() == {"answers": 50}
        end = start + 14 * DAY
        assert await books.renew(end - 1) == 0
        assert await books.renew(end) == 1
        now = await books.current()
        assert (now.state, now.anchor_us, now.number, now.period_end_us) == (
            "active",
            end,
            0,
            at("2026-02-28T12:00:00"),
        )
        assert await books.left() == {"answers": 2000}
        assert totals(await books.invoices()) == [49_000 + 2 * 9_000]
        await cancel(KIM, act(end + 1), books.database, at="now")
        again = await books.subscribe("team", end + 2)
        assert again.subscription.state == "active", "a customer has one trial"

    story(place, tell)


def test_cancellation_at_the_end_of_the_period(place: Place) -> None:
    async def tell(books: Books) -> None:
        start = at("2026-06-01T00:00:00")
        await books.subscribe("plus", start)
        await cancel(KIM, act(start + DAY), books.database)
        assert await books.left() == {"answers": 300}, "what is paid may be used"
        end = at("2026-07-01T00:00:00")
        done = await renew_due(books.database, end)
        assert (done.renewed, done.ended) == (0, 1)
        now = await books.current()
        assert (now.plan, now.period_start_us) == ("free", end)
        assert await books.left() == {"answers": 10}
        assert await books.plan_name() == "free"
        assert totals(await books.invoices()) == [9_900]

    story(place, tell)


def test_what_is_left_rolls_over_up_to_its_limit_and_the_rest_expires(place: Place) -> None:
    async def tell(books: Books) -> None:
        start, end = at("2026-06-01T00:00:00"), at("2026-07-01T00:00:00")
        await books.subscribe("plus", start)
        await books.use("answers", 230, start)
        await expire_pots(books.database, end)  # the sweep comes first: what may roll over waits
        await books.renew(end)
        assert await books.left() == {"answers": 350}
        await books.use("answers", 345, end)
        await books.renew(at("2026-08-01T00:00:00"))
        assert await books.left() == {"answers": 305}

    story(place, tell)


def spring(**changes: object) -> Coupon:
    whole: dict[str, object] = {
        "code": "SPRING", "what": "percent", "permille": 200, "grains": 0, "currency": "", "periods": 2,
        "valid_days": 0, "from_us": at("2026-03-01T00:00:00"), "until_us": at("2026-06-01T00:00:00"),
        "redemptions_most": 0, "plans": "",
    }  # fmt: skip
    return msgspec.convert(whole | changes, Coupon)


def test_a_coupon_is_taken_until_just_before_its_end_and_takes_off_as_often_as_it_says(place: Place) -> None:
    async def tell(books: Books) -> None:
        end = at("2026-06-01T00:00:00")
        await add_coupon(spring(), act(0), books.database)
        await books.customer(CustomerId("cus_lee"))
        with pytest.raises(Refused) as caught:
            await redeem(CustomerId("cus_lee"), "spring", act(end), books.database)
        assert caught.value.code == "coupon_expired"
        await books.subscribe("plus", end - 1, coupon="spring")
        with pytest.raises(Conflict):
            await redeem(KIM, "SPRING", act(end - 1), books.database)
        await books.renew(at("2026-09-15T00:00:00"))
        assert totals(await books.invoices()) == [7_920, 7_920, 9_900, 9_900]
        lines = [line.total.grains // GRAINS_PER_MINOR_UNIT for line in (await books.invoices())[0][0].lines]
        assert lines == [9_900, -1_980]

    story(place, tell)


def test_a_grant_expires(place: Place) -> None:
    async def tell(books: Books) -> None:
        now = at("2026-06-01T00:00:00")
        await grant(KIM, won(5_000), act(now, "gift"), books.database, expires_us=now + 30 * DAY)
        _, is_new = await grant(KIM, won(5_000), act(now, "gift"), books.database, expires_us=now + 30 * DAY)
        assert not is_new
        assert [pot.kind for pot in await pots(books, now + 30 * DAY - 1)] == ["grant", "wallet"]
        assert [pot.kind for pot in await pots(books, now + 30 * DAY)] == ["wallet"]
        assert await books.balance(CUSTOMER_GRANTS) == -won(5_000).grains
        assert await expire_pots(books.database, now + 30 * DAY - 1) == 0
        assert await expire_pots(books.database, now + 30 * DAY) == 1
        assert await books.balance(CUSTOMER_GRANTS) == 0, "what was not spent was not given"

    story(place, tell)


@pytest.mark.parametrize("price", ["9900", "10001", "7", "29999", "100000000"])
def test_won_have_no_decimals_and_the_total_with_vat_equals_its_parts(place: Place, price: str) -> None:
    odd = Plan(name="odd", price=money(price, "KRW"), included=(Included("answers", 7),))

    async def tell(books: Books) -> None:
        await books.publish(odd, PLUS, PRO)
        start = at("2026-06-01T00:00:00")
        await books.subscribe("odd", start)
        await books.change("pro", start + 17 * DAY + 1, "now")
        await books.change("plus", start + 23 * DAY + 7, "now")
        await books.renew(at("2026-08-02T00:00:00"))
        for document, _ in await books.invoices():
            for amount in (document.supply, document.vat, document.total):
                assert amount.grains % GRAINS_PER_MINOR_UNIT == 0
            assert sum(line.supply.grains for line in document.lines) == document.supply.grains
            assert sum(line.vat.grains for line in document.lines) == document.vat.grains
            assert document.supply + document.vat == document.total
        subscription = await books.current()
        owed = sum(document.supply.grains for document, _ in await books.invoices())
        assert await books.balance(deferred(subscription.id)) == owed, "all of it is to be earned"

    story(place, tell)


@pytest.mark.parametrize(
    ("tax", "total", "vat"),
    [
        (Tax("exclusive", 100), 10_890, 990),
        (Tax("none", 0), 9_900, 0),
        (Tax("reverse_charge", 100), 9_900, 0),
        (Tax("inclusive", 100), 9_900, 900),
    ],
)
def test_what_is_due_is_what_the_invoice_asks_for(place: Place, tax: Tax, total: int, vat: int) -> None:
    async def tell(books: Books) -> None:
        await books.profile(Profile(customer=KIM, registration_number="1234567891", tax=tax))
        done = await books.subscribe("plus", at("2026-06-01T00:00:00"))
        ((document, _),) = await books.invoices()
        assert (done.due, document.total, document.vat) == (won(total), won(total), won(vat))
        higher = await books.change("pro", at("2026-06-16T00:00:00"))
        net = 14_500 - 4_950
        assert higher.due == won(net + (net // 10 if tax.treatment == "exclusive" else 0))

    story(place, tell)


def test_money_that_comes_back_is_in_the_wallet(place: Place) -> None:
    async def tell(books: Books) -> None:
        start = at("2026-06-01T00:00:00")
        done = await books.subscribe("pro", start)
        await books.pay(done.invoice, start)
        await books.change("plus", start + 15 * DAY, "now")
        assert await books.balance(wallet(KIM)) == won(14_500 - 4_950).grains
        assert await books.balance(invoiced(KIM)) == 0
        assert Money(await books.balance(wallet(KIM)), "KRW") == won(9_550)

    story(place, tell)
