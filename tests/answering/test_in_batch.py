"""Lines of a batch on a plan: charged at its prices of batches, costing what they cost, and never in a person's way."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.answering.desks import PRICE, Shop
from tests.answering.test_on_a_plan import CHEAP, SOLD, on_plan, one, refused
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.billing.limits import Limits, RateRule
from solvent.billing.plan import BatchTerms
from solvent.identity.caller import Caller
from solvent.pricing.batch_price import share_of
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.pricing.rerate import card_by_rights

OWN = RateCard("price", "KRW", 0, "test", input_picos=10**6, output_picos=10**6, variant="batch")
PAID = msgspec.structs.replace(SOLD, included=())


def in_batch(caller: Caller) -> Caller:
    return msgspec.structs.replace(caller, in_batch=True)


@pytest.mark.parametrize(
    ("terms", "sold"),
    [(BatchTerms(), PRICE), (BatchTerms(500), share_of(PRICE, 500)), (BatchTerms(333), share_of(PRICE, 333)),
     (BatchTerms(500, by_tariff=True), share_of(PRICE, 500))],
    ids=["plain", "half", "third", "no tariff"],
)  # fmt: skip
def test_a_line_is_charged_what_the_plan_says_and_costs_what_it_costs(
    place: Place, terms: BatchTerms, sold: RateCard
) -> None:
    plan = msgspec.structs.replace(PAID, batch=terms)

    async def tell(open_shop: Shop, caller: Caller) -> None:
        line, live = await one(open_shop, in_batch(caller)), await one(open_shop, caller)
        assert line.price_card == sold.version
        assert line.charge_grains == rate(line.usage, sold).grains
        assert (live.price_card, live.charge_grains) == (PRICE.version, rate(live.usage, PRICE).grains)
        assert (line.cost_grains, line.cost_card) == (live.cost_grains, live.cost_card)
        assert card_by_rights([PRICE], line.price_card, line.at_us) == sold, "it can be rated again"

    on_plan(place, plan, tell, cost=CHEAP, wallet=10**9)


def test_a_line_of_a_model_with_a_batch_tariff_is_charged_that(place: Place) -> None:
    plan = msgspec.structs.replace(PAID, batch=BatchTerms(by_tariff=True))

    async def tell(open_shop: Shop, caller: Caller) -> None:
        route = open_shop.desk.routes["house"]
        priced = msgspec.structs.replace(route, price_cards=[msgspec.structs.replace(PRICE, tariffs=(OWN,))])
        open_shop.desk.routes = {"house": priced}
        line, live = await one(open_shop, in_batch(caller)), await one(open_shop, caller)
        assert (line.price_card, live.price_card) == (OWN.version, PRICE.version)
        assert line.charge_grains == rate(line.usage, OWN).grains

    on_plan(place, plan, tell, cost=CHEAP, wallet=10**9)


@pytest.mark.parametrize("rule", [{"requests_per_minute": 8}, {"at_once": 2}])
def test_lines_leave_half_of_a_rate_to_people(place: Place, rule: dict[str, Any]) -> None:
    plan = msgspec.structs.replace(PAID, limits=Limits((RateRule("customer", **rule),)))

    async def tell(open_shop: Shop, caller: Caller) -> None:
        desk, most = open_shop.desk, 5 if "requests_per_minute" in rule else 1
        running = [answer(open_shop.question(), in_batch(caller), desk) for _ in range(most)]
        for each in running:
            await anext(each)
        too_fast = await refused(open_shop, in_batch(caller))
        assert (too_fast.code, bool(too_fast.retry_after_s)) == ("rate_limited", True)
        await one(open_shop, caller)
        for each in running:
            assert [step async for step in each]

    on_plan(place, plan, tell, cost=CHEAP, wallet=10**9)
