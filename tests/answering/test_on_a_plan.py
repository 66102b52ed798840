"""Answers on a plan: its quotas first, its limits, and what it says of break-even before that is crossed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection
from tests.answering.desks import PRICE, USAGE, WRITE_MOST, Scripted, Shop, check_books, reported, said, shop
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.answering.raise_budget_alarms import raise_budget_alarms
from solvent.answering.receipt import Receipt
from solvent.answering.route import Route
from solvent.audit import alarm_store
from solvent.audit.act import Act
from solvent.billing import coupon_store, plan_store, proposal_store
from solvent.billing.buy_pack import buy_pack
from solvent.billing.coupon import Coupon
from solvent.billing.included import Included
from solvent.billing.limits import BudgetRule, Limits, RateRule
from solvent.billing.pack import Pack
from solvent.billing.plan import Plan, Seats, Trial
from solvent.billing.subscription import Wish
from solvent.identity.caller import Caller
from solvent.identity.store import add_customer
from solvent.pricing.rate_card import RateCard
from solvent.values.errors import Refused
from solvent.values.instant import iso
from solvent.values.limits import SLOW_LANE_S
from solvent.values.money import money
from solvent.values.period import day_number, start_of_day, zone

DEAR = RateCard("dear", "KRW", 0, "test", input_picos=10**12, cached_input_picos=10**12, output_picos=10**12,
                reasoning_picos=10**12)  # fmt: skip  # a won for each token: an answer of the script costs 109
CHEAP = RateCard("cheap", "KRW", 0, "test", input_picos=10**6, cached_input_picos=10**6, output_picos=10**6,
                 reasoning_picos=10**6)  # fmt: skip
SOLD = Plan(name="sold", price=money("1100", "KRW"), included=(Included("answers", 1000),))  # net of tax and fee: 962
COST_EACH = 109
HALF = Coupon("HALF", "percent", 500, 0, "KRW", 1, 0, 0, 2**62, 0, "")


def on_plan(
    place: Place, plan: Plan, tell: Callable[[Shop, Caller], Awaitable[None]], cost: RateCard = DEAR, wallet: int = 0,
    before: int = 0, **wished: Any,
) -> list[Receipt]:  # fmt: skip
    """Tell a story of one customer on a plan, then look at the books. before: answers they had on that day before."""

    async def live() -> list[Receipt]:
        script = [said(), said(), reported(USAGE)]
        async with shop(place, Scripted([script]), cost=cost) as open_shop:
            caller = await open_shop.customer("kim", wallet)
            customer = caller.customer
            assert customer is not None

            for _ in range(before):
                await one(open_shop, caller)

            def work(connection: Connection) -> None:
                now_us = open_shop.clock()
                add_customer(connection, msgspec.structs.replace(customer, plan=""))
                plan_store.publish(connection, plan, "api", now_us)
                wish = Wish(customer=customer.id, plan=plan.name, pays="invoice", **wished)
                if wish.coupon:
                    coupon_store.add_coupon(connection, HALF)
                proposal_store.start(connection, wish, now_us)

            await open_shop.desk.database.write(work)
            open_shop.desk.funds_of(customer.id).forget()
            await tell(
                open_shop, msgspec.structs.replace(caller, customer=msgspec.structs.replace(customer, plan=plan.name))
            )
            return await check_books(open_shop)

    return asyncio.run(live())


async def one(open_shop: Shop, caller: Caller, model: str = "house", user: str = "") -> Receipt:
    question = msgspec.structs.replace(open_shop.question(model=model), user=user)
    last = [part async for part in answer(question, caller, open_shop.desk)][-1]
    assert isinstance(last, Receipt)
    return last


async def refused(open_shop: Shop, caller: Caller, user: str = "") -> Refused:
    with pytest.raises(Refused) as caught:
        await one(open_shop, caller, user=user)
    return caught.value


async def alarms(open_shop: Shop) -> list[str]:
    await open_shop.quiet()
    found = await open_shop.desk.database.read(lambda connection: alarm_store.newest_alarms(connection, 0))
    return sorted(alarm.kind for alarm in found)


def test_what_a_plan_includes_is_used_before_the_wallet_and_costs_nothing_more(place: Place) -> None:
    plan = msgspec.structs.replace(SOLD, included=(Included("answers", 2),))

    async def tell(open_shop: Shop, caller: Caller) -> None:
        receipts = [await one(open_shop, caller) for _ in range(3)]
        assert [receipt.source for receipt in receipts] == ["allowance", "allowance", "wallet"]
        assert [bool(receipt.charge_grains) for receipt in receipts] == [False, False, True]
        assert receipts[0].included_grains == receipts[2].charge_grains > 0

    on_plan(place, plan, tell, cost=CHEAP, wallet=10**9)


def test_a_capped_plan_stops_where_its_quota_ends_whatever_is_in_the_wallet(place: Place) -> None:
    plan = msgspec.structs.replace(SOLD, included=(Included("answers", 2),), beyond="stop")

    async def tell(open_shop: Shop, caller: Caller) -> None:
        for _ in range(2):
            await one(open_shop, caller)
        no = await refused(open_shop, caller)
        assert (no.code, no.retry_after_s) == ("plan_quota_exhausted", None), "waiting would not help"

    assert len(on_plan(place, plan, tell, cost=CHEAP, wallet=10**9)) == 2


def test_beyond_the_quota_answers_go_on_account_up_to_the_most_that_may(place: Place) -> None:
    most = msgspec.structs.replace(money("0.1", "KRW"))
    plan = msgspec.structs.replace(SOLD, included=(Included("answers", 1),), beyond="overage", overage_most=most)

    async def tell(open_shop: Shop, caller: Caller) -> None:
        receipts = [await one(open_shop, caller) for _ in range(3)]
        assert [receipt.source for receipt in receipts] == ["allowance", "overage", "overage"]
        kept = await open_shop.left("receivable:unbilled:cus_kim")
        assert -kept == sum(receipt.charge_grains for receipt in receipts)

    on_plan(place, plan, tell, cost=CHEAP)


def test_break_even_is_told_before_and_when_it_is_crossed_and_answers_go_on(place: Place) -> None:
    async def tell(open_shop: Shop, caller: Caller) -> None:
        seen = []
        for _ in range(10):
            await one(open_shop, caller)
            seen.append(await alarms(open_shop))
        assert seen[5] == []
        assert seen[6] == ["break_even_near"], "with the next answer it is over 80 % of 962 won"
        assert seen[7] == ["break_even_crossed", "break_even_near"], "the next answer would cross it: seen before"

    assert len(on_plan(place, SOLD, tell)) == 10


def test_a_plan_that_stops_at_break_even_never_loses_money(place: Place) -> None:
    plan = msgspec.structs.replace(SOLD, at_break_even="stop")

    async def tell(open_shop: Shop, caller: Caller) -> None:
        for _ in range(8):
            await one(open_shop, caller)
        problem = await refused(open_shop, caller)
        assert problem.code == "plan_at_break_even"
        assert problem.retry_after_s is None

    receipts = on_plan(place, plan, tell, wallet=10**12)
    assert sum(receipt.cost_grains for receipt in receipts) < 962 * 10**7


SEATED = msgspec.structs.replace(SOLD, at_break_even="stop", seats=Seats(1, money("1100", "KRW"), 9))


@pytest.mark.parametrize(
    ("plan", "wish", "answers"),
    [
        (SEATED, {}, 8),
        (SEATED, {"coupon": "HALF"}, 4),
        (SEATED, {"seats": 2}, 17),
        (msgspec.structs.replace(SEATED, trial=Trial(1, (Included("answers", 12),))), {}, 12),  # nothing is weighed
    ],
)
def test_break_even_is_that_of_what_this_customer_pays(
    place: Place, plan: Plan, wish: dict[str, Any], answers: int
) -> None:
    async def tell(open_shop: Shop, caller: Caller) -> None:
        for _ in range(answers):
            await one(open_shop, caller)
        assert (await refused(open_shop, caller)).code in ("plan_at_break_even", "wallet_empty")

    assert len(on_plan(place, plan, tell, **wish)) == answers


def test_what_answers_cost_before_the_period_began_is_not_its(place: Place) -> None:
    async def tell(open_shop: Shop, caller: Caller) -> None:
        for _ in range(8):
            assert (await one(open_shop, caller)).source == "allowance"
        open_shop.desk.funds_of(caller.customer.id).forget()  # type: ignore[union-attr]
        assert (await refused(open_shop, caller)).code == "plan_at_break_even"

    plan = msgspec.structs.replace(SOLD, at_break_even="stop")
    assert len(on_plan(place, plan, tell, wallet=10**9, before=5)) == 13


def test_a_pack_pays_also_at_break_even_and_counts_as_income(place: Place) -> None:
    ten = Pack("ten", money("1100", "KRW"), Included("answers", 10), 30)
    plan = msgspec.structs.replace(SOLD, included=(Included("answers", 4),), at_break_even="stop", packs=(ten,))

    async def tell(open_shop: Shop, caller: Caller) -> None:
        for _ in range(4):
            await one(open_shop, caller)
        act = Act("key_op", "pack", "", open_shop.clock())
        assert caller.customer is not None
        await buy_pack(caller.customer.id, "ten", "invoice", act, open_shop.desk.database)
        open_shop.desk.funds_of(caller.customer.id).forget()
        for n in range(10):
            assert (await one(open_shop, caller)).source == "allowance", n
        problem = await refused(open_shop, caller)
        assert problem.code in ("plan_at_break_even", "plan_quota_exhausted", "wallet_empty")

    assert len(on_plan(place, plan, tell)) == 14


def test_at_stop_nobody_is_told_to_top_up(place: Place) -> None:
    async def tell(open_shop: Shop, caller: Caller) -> None:
        for _ in range(8):
            await one(open_shop, caller)
        assert "buy a pack or change the plan, or wait for" in (await refused(open_shop, caller)).message

    on_plan(place, msgspec.structs.replace(SOLD, at_break_even="stop"), tell)


def test_a_plan_that_offers_a_top_up_goes_on_with_the_wallet(place: Place) -> None:
    plan = msgspec.structs.replace(SOLD, at_break_even="offer_top_up")

    async def tell(open_shop: Shop, caller: Caller) -> None:
        sources = [(await one(open_shop, caller)).source for _ in range(9)]
        assert sources == ["allowance"] * 8 + ["wallet"]

    on_plan(place, plan, tell, wallet=10**9)


def test_a_plan_that_turns_cheaper_asks_the_cheaper_model_and_says_why(place: Place) -> None:
    plan = msgspec.structs.replace(SOLD, at_break_even="cheaper", cheaper_class="small")

    async def tell(open_shop: Shop, caller: Caller) -> None:
        provider = Scripted([[said(), reported(USAGE)]], name="small-provider")
        small = Route("little", "upstream", provider, WRITE_MOST, [CHEAP], [PRICE], model_class="small")
        open_shop.desk.routes = {**open_shop.desk.routes, "little": small}
        receipts = [await one(open_shop, caller) for _ in range(10)]
        assert [receipt.model for receipt in receipts] == ["house"] * 8 + ["little"] * 2
        assert (receipts[0].reason, receipts[-1].reason) == ("asked", "break_even")

    on_plan(place, plan, tell)


def test_a_plan_that_turns_cheaper_sends_no_question_to_a_model_that_the_key_may_not_ask(place: Place) -> None:
    plan = msgspec.structs.replace(SOLD, at_break_even="cheaper", cheaper_class="small")

    async def tell(open_shop: Shop, caller: Caller) -> None:
        provider = Scripted([[said(), reported(USAGE)]], name="small-provider")
        for name in ("little", "least"):
            small = Route(name, "upstream", provider, WRITE_MOST, [CHEAP], [PRICE], model_class="small")
            open_shop.desk.routes = {**open_shop.desk.routes, name: small}
        limited = msgspec.structs.replace(caller, models=frozenset({"house"}))
        receipts = [await one(open_shop, limited) for _ in range(9)]
        assert {receipt.model for receipt in receipts} == {"house"}
        two = msgspec.structs.replace(caller, models=frozenset({"house", "little"}))
        assert (await one(open_shop, two)).model == "little"

    on_plan(place, plan, tell)


def test_the_cheaper_model_is_paid_from_a_quota_that_is_for_its_class_alone(place: Place) -> None:
    """Which nothing was taken from before: the question was for another class."""
    quotas = (Included("answers", 20, classes=("standard",)), Included("answers", 1, classes=("small",)))
    plan = msgspec.structs.replace(SOLD, included=quotas, beyond="stop", at_break_even="cheaper", cheaper_class="small")

    async def tell(open_shop: Shop, caller: Caller) -> None:
        provider = Scripted([[said(), reported(USAGE)]], name="small-provider")
        small = Route("little", "upstream", provider, WRITE_MOST, [CHEAP], [PRICE], model_class="small")
        open_shop.desk.routes = {**open_shop.desk.routes, "little": small}
        receipts = [await one(open_shop, caller) for _ in range(9)]
        assert [receipt.model for receipt in receipts] == ["house"] * 8 + ["little"]
        assert {receipt.source for receipt in receipts} == {"allowance"}
        assert (await refused(open_shop, caller)).code == "plan_quota_exhausted", "though standard has twelve left"

    assert len(on_plan(place, plan, tell)) == 9


def test_a_plan_that_slows_down_answers_after_a_while(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = msgspec.structs.replace(SOLD, at_break_even="slow")

    async def tell(open_shop: Shop, caller: Caller) -> None:
        monkeypatch.setattr("solvent.answering.answer.SLOW_LANE_S", 3600.0)
        for _ in range(8):
            await asyncio.wait_for(one(open_shop, caller), 60)
        monkeypatch.undo()
        began = time.monotonic()
        await one(open_shop, caller)
        assert time.monotonic() - began >= SLOW_LANE_S

    on_plan(place, plan, tell)


def test_a_hard_budget_refuses_and_a_soft_one_only_tells(place: Place) -> None:
    budgets = (
        BudgetRule("user", "day", "answers", 3, alert_permille=500),
        BudgetRule("customer", "month", "answers", 4, hard=False),
    )
    plan = msgspec.structs.replace(SOLD, limits=Limits(budgets=budgets))

    async def tell(open_shop: Shop, caller: Caller) -> None:
        for _ in range(3):
            await one(open_shop, caller, user="kim")
        problem = await refused(open_shop, caller, user="kim")
        assert problem.code == "budget_exceeded"
        assert "budget:user:cus_kim:kim:" in problem.message
        assert problem.resets_us == start_of_day(
            day_number(open_shop.clock.at_us, zone("Asia/Seoul")) + 1, zone("Asia/Seoul")
        )
        assert iso(problem.resets_us) in problem.message
        await raise_budget_alarms(open_shop.desk)
        assert await alarms(open_shop) == ["budget_reached"]
        for _ in range(3):
            await one(open_shop, caller, user="lee")
        await raise_budget_alarms(open_shop.desk)
        assert await alarms(open_shop) == ["budget_reached"] * 3, "kim's, lee's, and the customer's soft one"
        assert (await refused(open_shop, caller, user="lee")).code == "budget_exceeded"
        await one(open_shop, caller)

    assert len(on_plan(place, plan, tell, cost=CHEAP)) == 7


def test_a_budget_begins_anew_with_its_day(place: Place) -> None:
    plan = msgspec.structs.replace(SOLD, limits=Limits(budgets=(BudgetRule("key", "day", "answers", 1),)))

    async def tell(open_shop: Shop, caller: Caller) -> None:
        await one(open_shop, caller)
        assert (await refused(open_shop, caller)).code == "budget_exceeded"
        open_shop.clock.at_us += 86_400 * 1_000_000
        await one(open_shop, caller)
        assert (await refused(open_shop, caller)).code == "budget_exceeded"

    on_plan(place, plan, tell, cost=CHEAP)


def test_who_asks_too_fast_is_told_when_to_ask_again(place: Place) -> None:
    plan = msgspec.structs.replace(SOLD, limits=Limits(rates=(RateRule("key", requests_per_minute=2),)))

    async def tell(open_shop: Shop, caller: Caller) -> None:
        for _ in range(2):
            await one(open_shop, caller)
        problem = await refused(open_shop, caller)
        assert (problem.code, problem.retry_after_s) == ("rate_limited", 30)
        open_shop.clock.at_us += 30 * 1_000_000
        await one(open_shop, caller)

    assert len(on_plan(place, plan, tell, cost=CHEAP)) == 3


def test_only_so_many_answers_at_once_and_what_they_did_not_use_may_be_asked_for(place: Place) -> None:
    rates = (RateRule("customer", at_once=2, tokens_per_minute=2000),)
    plan = msgspec.structs.replace(SOLD, limits=Limits(rates=rates))

    async def tell(open_shop: Shop, caller: Caller) -> None:
        await one(open_shop, caller)
        outcomes = await asyncio.gather(*(one(open_shop, caller) for _ in range(4)), return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Receipt", "Receipt", "Refused", "Refused"]
        outcomes = []
        while not outcomes or isinstance(outcomes[-1], Receipt):
            outcomes += await asyncio.gather(one(open_shop, caller), return_exceptions=True)
        answered = len(outcomes) - 1
        assert 9 <= answered <= 14, "each may come to 600 tokens and comes to 109, of 2,000 a minute"
        assert "tokens per minute" in str(outcomes[-1])

    on_plan(place, plan, tell, cost=CHEAP)
