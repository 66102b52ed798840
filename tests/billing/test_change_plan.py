"""Changing a plan or seats: now or later, on which terms, and what the quote says of it beforehand."""

from __future__ import annotations

import msgspec
import pytest
from tests.billing.months import nothing_used
from tests.billing.subscribers import FREE, KIM, PLUS, PRO, Books, act, at, pots, story, totals, won
from tests.db.opened import Place

from solvent.billing.cancel import cancel
from solvent.billing.change_plan import When, change_plan
from solvent.billing.close_month import close_month
from solvent.billing.included import Included, unlimited
from solvent.billing.keep_plan import keep_plan
from solvent.billing.plan import Plan, Seats, Trial
from solvent.billing.quote_change import quote_change
from solvent.billing.subscription import Wish
from solvent.invoicing.profile import Profile
from solvent.invoicing.tax import Tax, Treatment
from solvent.ledger.account import REVENUE_OVERAGE, unbilled
from solvent.ledger.store import append
from solvent.ledger.transfer import posting
from solvent.values.errors import Invalid, NotFound
from solvent.values.ids import TransferId
from solvent.values.money import money

JUNE, HALF, JULY = at("2026-06-01T00:00:00"), at("2026-06-16T00:00:00"), at("2026-07-01T00:00:00")
DAY = 86_400 * 10**6
TEAM = Plan(
    name="team", price=money("30000", "KRW"), seats=Seats(3, money("6000", "KRW"), 10),
    included=(Included("answers", 100, each_seat=True),), afterwards="free",
)  # fmt: skip
FLAT = Plan(name="flat", price=money("50000", "KRW"), included=(Included("answers", unlimited("answers")),))


def test_seats_come_and_go_with_proration(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.publish(TEAM, PLUS)
        await books.subscribe("team", JUNE)
        assert await books.left() == {"answers": 300}
        more = await books.change("team", HALF, seats=5)
        assert (more.due, more.subscription.seats) == (won(6_000), 5)
        assert await books.left() == {"answers": 400}
        fewer = await books.change("team", HALF, seats=4)
        assert (fewer.due, fewer.subscription.seats, fewer.subscription.next_seats) == (won(0), 5, 4)
        await books.renew(JULY)
        now = await books.current()
        assert (now.seats, now.price_grains) == (4, won(36_000).grains)
        assert await books.left() == {"answers": 400}
        with pytest.raises(Invalid) as caught:
            await books.change("team", JULY, seats=11)
        assert caught.value.param == "seats"
        below = await books.change("team", JULY, "now", seats=1)
        assert below.subscription.seats == 3, "nobody has fewer seats than are included"

    story(place, tell)


def test_who_is_on_old_terms_keeps_them_until_the_newest_are_asked_for(place: Place) -> None:
    dearer = msgspec.structs.replace(TEAM, price=money("40000", "KRW"))

    async def tell(books: Books) -> None:
        await books.publish(TEAM, PLUS)
        await books.subscribe("team", JUNE)
        await books.publish(dearer, PLUS, now_us=JUNE + 1)
        await books.renew(JULY)
        assert (await books.current()).price_grains == won(30_000).grains
        await books.change("team", JULY, seats=4)
        now = await books.current()
        assert (now.version, now.price_grains) == (1, won(36_000).grains)
        wish = Wish(customer=KIM, plan="team", pays="invoice")
        quoted = await quote_change(wish, books.database, JULY, newest_terms=True)
        assert (quoted.version, quoted.seats, quoted.each_period) == (2, 4, won(46_000))
        await change_plan(wish, act(JULY), books.database, newest_terms=True)
        now = await books.current()
        assert (now.version, now.price_grains) == (2, won(46_000).grains)

    story(place, tell)


def test_a_quote_says_what_a_change_does_and_changes_nothing(place: Place) -> None:
    async def tell(books: Books) -> None:
        fresh = await quote_change(Wish(customer=KIM, plan="plus"), books.database, JUNE)
        assert (fresh.way, fresh.due, fresh.each_period, fresh.period_end_us) == ("begin", won(9_900), won(9_900), JULY)
        await books.subscribe("plus", JUNE)
        for plan, when, way in (("pro", HALF, "change"), ("pro-year", HALF, "replace"), ("plus", HALF, "change")):
            quoted = await quote_change(Wish(customer=KIM, plan=plan), books.database, when)
            assert (quoted.way, quoted.plan) == (way, plan)
            assert sum(line.amount.grains for line in quoted.lines) == quoted.due.grains - quoted.given_back.grains
        assert totals(await books.invoices()) == [9_900]
        quoted = await quote_change(Wish(customer=KIM, plan="pro"), books.database, HALF)
        done = await books.change("pro", HALF)
        assert (quoted.due, quoted.each_period) == (done.due, won(29_000))
        lower = await quote_change(Wish(customer=KIM, plan="plus"), books.database, HALF)
        back = await books.change("plus", HALF, "now")
        assert (lower.due, lower.given_back, back.credited) == (won(0), won(9_550), won(9_550))

    story(place, tell)


def test_a_change_to_come_can_be_taken_back(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("pro", JUNE)
        await books.change("plus", HALF)
        await keep_plan(KIM, act(HALF), books.database)
        await cancel(KIM, act(HALF), books.database)
        _, is_new = await keep_plan(KIM, act(HALF, "keep"), books.database)
        _, is_new_again = await keep_plan(KIM, act(HALF, "keep"), books.database)
        assert (is_new, is_new_again) == (True, False)
        await books.renew(JULY)
        assert (await books.current()).plan == "pro"

    story(place, tell)


def test_into_a_flat_plan_and_out_of_it_again(place: Place) -> None:
    """What has no limit is there at once, and gone at once: nobody takes a share of it along."""

    async def tell(books: Books) -> None:
        await books.publish(FLAT, PLUS)
        await books.subscribe("plus", JUNE)
        await books.change("flat", HALF)
        assert await books.left() == {"answers": 150, "unlimited.answers": unlimited("answers")}
        await books.use("unlimited.answers", 700, HALF)
        back = await books.change("plus", at("2026-06-21T00:00:00"), "now")
        assert await books.left() == {"answers": 150 + 100}
        assert back.credited == won(round((50_000 - 9_900) / 3))
        await books.change("flat", at("2026-06-26T00:00:00"))
        assert (await books.left())["unlimited.answers"] == unlimited("answers")

    story(place, tell)


def test_a_quota_that_the_other_plan_has_not_keeps_what_was_paid_for(place: Place) -> None:
    by_token = Plan(name="tokens", price=money("9900", "KRW"), included=(Included("tokens", 3_000),))

    async def tell(books: Books) -> None:
        await books.publish(by_token, PLUS)
        await books.subscribe("plus", JUNE)
        await books.change("tokens", HALF, "now")
        assert await books.left() == {"answers": 150, "tokens": 1_500}
        await books.renew(JULY)
        assert await books.left() == {"tokens": 3_000}, "at the end nothing of it rolls over"

    story(place, tell)


def test_cancelling_at_once_gives_back_what_is_unused_when_that_is_asked(place: Place) -> None:
    async def tell(books: Books) -> None:
        done = await books.subscribe("plus", JUNE)
        await books.pay(done.invoice, JUNE)
        outcome, _ = await cancel(KIM, act(HALF), books.database, at="now", gives_back=True)
        assert (outcome.credited, outcome.subscription.plan) == (won(4_950), "free")
        assert await books.left() == {"answers": 10}
        await books.subscribe("pro", HALF)
        outcome, _ = await cancel(KIM, act(HALF), books.database, at="now")
        assert outcome.credited == won(0)
        await cancel(KIM, act(HALF), books.database, at="now")
        assert await books.plan_name() == ""
        with pytest.raises(NotFound) as caught:
            await cancel(KIM, act(HALF), books.database)
        assert caught.value.code == "no_subscription"

    story(place, tell)


def test_whoever_used_two_thirds_in_half_the_time_gets_two_thirds_of_half_back(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("pro", JUNE)
        await books.use("answers", 1_000, JUNE)
        outcome, _ = await cancel(KIM, act(HALF), books.database, at="now", gives_back=True)
        assert outcome.credited == won(14_500 * 500 // 750)

    story(place, tell)


def test_a_plan_costs_the_same_whether_it_is_reached_at_once_or_over_others(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("plus", JUNE)
        await books.change("pro", HALF)
        await books.change("plus", HALF, "now")
        await books.change("pro", HALF)
        assert sum(totals(await books.invoices())) == 9_900 + 9_550
        assert await books.left() == {"answers": 900}
        assert PRO.price == won(29_000)

    story(place, tell)


def test_whoever_pays_already_has_no_trial_of_a_plan_whose_periods_are_longer(place: Place) -> None:
    year = Plan(name="team-year", price=money("300000", "KRW"), period="year", trial=Trial(14, ()))

    async def tell(books: Books) -> None:
        await books.publish(PRO, year)
        await books.subscribe("pro", JUNE)
        quoted = await quote_change(Wish(customer=KIM, plan="team-year"), books.database, HALF)
        done = await books.change("team-year", HALF)
        assert (done.subscription.state, done.due) == ("active", quoted.due) == ("active", won(300_000 - 14_500))

    story(place, tell)


@pytest.mark.parametrize("treatment", ["inclusive", "exclusive", "none"])
def test_what_comes_back_is_taken_from_all_invoices_of_the_period_however_it_is_taxed(
    place: Place, treatment: Treatment
) -> None:
    """An upgrade's invoice asks for the difference only: the rest of what is given back is on the one before."""

    async def tell(books: Books) -> None:
        await books.profile(Profile(customer=KIM, tax=Tax(treatment, 100)))
        await books.subscribe("plus", JUNE)
        await books.change("pro", JUNE + 1)
        done, _ = await cancel(KIM, act(JUNE + 2), books.database, at="now", gives_back=True)
        assert done.credited == won(31_900 if treatment == "exclusive" else 29_000)
        assert sum(totals(await books.invoices())) == 0

    story(place, tell)


def test_how_it_is_paid_changes_with_the_plan_for_what_is_invoiced_from_then_on(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("plus", JUNE)
        changed = await books.change("pro", HALF, pays="card")
        assert changed.subscription.state == "waiting", "who pays by card pays first"
        assert (await books.current()).pays == "invoice", "nothing has changed yet"
        changed = await books.change("pro", HALF, pays="invoice")
        assert (await books.current()).pays == "invoice"
        await books.change("plus", HALF + 1, when="period_end", pays="card")
        assert (await books.current()).pays == "card", "the next period is charged"

    story(place, tell)


def test_a_cancellation_is_taken_back_by_another_plan_and_by_nothing_less(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.publish(TEAM, PLUS, FREE)
        await books.subscribe("team", JUNE)
        await cancel(KIM, act(HALF), books.database)
        await books.change("team", HALF, pays="card")
        await books.change("team", HALF, seats=5, pays="invoice")
        await books.change("team", HALF, seats=4)
        now = await books.current()
        assert (now.cancel_at_end, now.seats, now.pays, now.next_plan) == (1, 5, "invoice", "")
        await books.change("plus", HALF)
        assert (await books.current()).cancel_at_end == 0
        await cancel(KIM, act(HALF), books.database)
        await books.change("team", HALF, pays="card")
        await books.renew(JULY)
        assert await books.plan_name() == "free"

    story(place, tell)


def test_who_does_not_say_how_they_pay_goes_on_as_they_do(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("plus", JUNE)
        for plan in ("pro", "pro-year"):
            await books.change(plan, HALF, pays=None)
            now = await books.current()
            assert (now.plan, now.pays, now.state) == (plan, "invoice", "active")

    story(place, tell)


def test_another_length_of_period_is_paid_as_it_is_asked(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.subscribe("pro-year", JUNE)
        changed = await books.change("plus", HALF, when="now", pays="card")
        assert changed.credited.grains > 0
        assert (changed.subscription.plan, changed.subscription.pays) == ("plus", "card")

    story(place, tell)


@pytest.mark.parametrize("when", ["now", "period_end"])
def test_usage_is_on_account_only_while_the_plan_says_so_and_what_was_used_is_still_invoiced(
    place: Place, when: When
) -> None:
    """What plans pay their usage by changes with the plan, at the moment that the change takes effect."""
    metered = Plan(name="metered", price=money("19000", "KRW"), beyond="overage", overage_most=money("50000", "KRW"))

    async def tell(books: Books) -> None:
        await books.publish(metered, PLUS)
        await books.subscribe("metered", JUNE)
        (credit_line,) = [pot for pot in await pots(books, JUNE) if pot.kind == "overage"]
        await books.use_account(credit_line.account, won(1_100).grains, JUNE + 1, credit_line.unit)
        await books.database.write(
            lambda c: append(
                c, [posting(TransferId("t_1"), JUNE + 1, unbilled(KIM), REVENUE_OVERAGE, won(1_100), "ans_1")]
            )
        )
        await books.change("plus", HALF, when)
        if when == "period_end":
            assert (await books.left())["overage"] == won(48_900).grains
            await books.renew(JULY)
        assert await books.left() == {"answers": 300 if when == "period_end" else 150}
        await close_month(202606, "KRW", nothing_used, books.database, act(JULY + DAY))
        assert totals(await books.invoices()).count(1_100) == 1
        assert await books.balance(unbilled(KIM)) == 0

    story(place, tell)


def test_what_was_used_stays_used_whoever_changes_to_another_plan_and_back(place: Place) -> None:
    """Whose quotas are in another unit, so that nothing of one is left in the other."""
    money_plan = Plan(name="money", price=money("29000", "KRW"), included=(Included("money", won(22_000).grains),))

    async def tell(books: Books) -> None:
        await books.publish(FREE, PLUS, money_plan)
        await books.subscribe("plus", JUNE)
        await books.use("answers", 300, JUNE + 1)
        for n in range(2):
            await books.change("money", JUNE + 2 + 2 * n, "now")
            await books.change("plus", JUNE + 3 + 2 * n, "now")
            assert (await books.left()).get("answers", 0) == 0
        await books.check()

    story(place, tell)


@pytest.mark.parametrize("treatment", ["inclusive", "exclusive"])
def test_the_plan_that_serves_the_rest_of_a_period_earns_it(place: Place, treatment: Treatment) -> None:
    """Up and down again, and down to a third one: each plan has what its own days came to, whatever a note mirrors."""
    third = at("2026-06-21T00:00:00")

    async def tell(books: Books) -> None:
        await books.publish(TEAM, PLUS, PRO)
        await books.profile(Profile(customer=KIM, tax=Tax(treatment, 100)))
        mine = (await books.subscribe("plus", JUNE)).subscription
        await books.change("pro", HALF)
        await books.change("plus", third, "now")
        rest = await books.rest_by_plan(mine, third)
        assert set(rest) == {"plus"}
        await books.change("team", third, "now")
        await books.change("plus", third, "now")
        assert set(await books.rest_by_plan(mine, third)) == {"plus"}
        assert await books.rest_by_plan(mine, third) == rest, "there and back changes nothing"
        await cancel(KIM, act(third + 5 * DAY), books.database, at="now", gives_back=True)
        nothing = await books.rest_by_plan(mine, third + 5 * DAY)
        assert set(nothing) <= {"plus"}
        assert abs(nothing["plus"]) < won(1).grains, "what is given back is whole won"

    story(place, tell)
