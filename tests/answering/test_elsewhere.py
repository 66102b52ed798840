"""An upstream fails before its first byte: another one is asked, once, and every attempt is on the books."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import pytest
from tests.answering.desks import (
    COST,
    PRICE,
    READ_MOST,
    START_US,
    USAGE,
    WRITE_MOST,
    Scripted,
    Shop,
    Step,
    check_books,
    reported,
    said,
    shop,
)
from tests.answering.stories import KNOWN
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.answering.correct_prices import correct_prices
from solvent.answering.correction_store import Order
from solvent.answering.receipt import Receipt
from solvent.answering.route import Route
from solvent.answering.settlement import Opened
from solvent.audit.act import by_system
from solvent.identity.caller import Caller
from solvent.ledger.account import api_cost, api_payable, lost_cost
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.providers.port import Chunk
from solvent.values.errors import Invalid, SolventError, Unavailable
from solvent.values.ids import AnswerId, new_id

WHOLE: list[Step] = [said(), said(finish="stop"), reported(USAGE)]
BUSY = Unavailable("upstream_busy", "too many", retry_after_s=5, upstream_status=429)
DOWN = Unavailable("upstream_unreachable", "no connection")
BROKEN = Unavailable("upstream_failed", "it failed", upstream_status=500)
SILENT = Unavailable("upstream_timeout", "nothing came")
KEY = Unavailable("upstream_key_refused", "it does not know our key", upstream_status=401)
REFUSED = Invalid("upstream_refused", "it does not like the question")
DEAR = msgspec.structs.replace(COST, name="dear", input_picos=2 * 10**6)
MONEY = 10**10


def other(*scripts: Sequence[Step], name: str = "other", cost: RateCard = COST) -> Route:
    """One more upstream of the model."""
    return Route("house", f"{name}-model", Scripted(scripts, name=name), WRITE_MOST, [cost], [PRICE])


def calls(route: Route) -> int:
    assert isinstance(route.provider, Scripted)
    return len(route.provider.calls)


async def hear(
    open_shop: Shop, caller: Caller, **members: bytes
) -> tuple[list[Opened], list[Chunk], Receipt | SolventError]:
    """All that one answer yields, and how it ends."""
    opened: list[Opened] = []
    chunks: list[Chunk] = []
    end: Receipt | SolventError | None = None
    try:
        said = {name: msgspec.Raw(value) for name, value in members.items()}
        question = msgspec.structs.replace(open_shop.question(), members=said)
        async for step in answer(question, caller, open_shop.desk):
            if isinstance(step, Opened):
                opened.append(step)
            elif isinstance(step, Chunk):
                chunks.append(step)
            else:
                end = step
    except SolventError as fault:
        end = fault
    assert end is not None
    return opened, chunks, end


def told(
    place: Place, first: Scripted, others: Sequence[Route], tell: Callable[[Shop, Caller], Awaitable[None]]
) -> list[Receipt]:
    """A story at a shop with several upstreams; its receipts, oldest first, on books that are right."""

    async def live() -> list[Receipt]:
        async with shop(place, first, others=others) as open_shop:
            caller = await open_shop.customer("a", MONEY)
            await tell(open_shop, caller)
            return (await check_books(open_shop))[::-1]

    return asyncio.run(live())


@pytest.mark.parametrize("fault", [BUSY, DOWN, BROKEN, KEY], ids=lambda fault: fault.code)
def test_the_customer_hears_nothing_of_an_upstream_that_fails_at_once(place: Place, fault: Unavailable) -> None:
    second = other(WHOLE, cost=DEAR)

    async def tell(open_shop: Shop, caller: Caller) -> None:
        opened, chunks, end = await hear(open_shop, caller)
        assert [one.route.provider.name for one in opened] == ["scripted", "other"]
        assert len({one.question.id for one in opened}) == 1, "one operation, one id"
        assert len(chunks) == len(WHOLE)
        assert isinstance(end, Receipt)

    [receipt] = told(place, Scripted([[fault]]), [second], tell)
    assert (receipt.outcome, receipt.provider, receipt.upstream) == ("answered", "other", "other-model")
    assert (receipt.tries, receipt.lost_grains) == (f"scripted:{fault.code}", 0), "what was refused costs nothing"
    assert receipt.cost_card == DEAR.version
    assert receipt.cost_grains == rate(receipt.usage, DEAR).grains


def test_an_attempt_that_may_be_billed_is_on_the_books_at_its_most(place: Place) -> None:
    async def tell(open_shop: Shop, caller: Caller) -> None:
        await hear(open_shop, caller)
        most = READ_MOST * (COST.input_picos or 0) // 10**5
        assert await open_shop.left(lost_cost("scripted")) == -most
        assert await open_shop.left(api_payable("scripted")) == most
        assert await open_shop.left(api_cost("other")) == -await open_shop.left(api_payable("other"))

    [receipt] = told(place, Scripted([[SILENT]]), [other(WHOLE)], tell)
    assert receipt.lost_grains == READ_MOST * (COST.input_picos or 0) // 10**5
    assert receipt.usage == KNOWN, "it is charged for one answer"


def test_after_the_first_byte_nobody_else_is_asked(place: Place) -> None:
    second = other(WHOLE)

    async def tell(open_shop: Shop, caller: Caller) -> None:
        opened, _, end = await hear(open_shop, caller)
        assert isinstance(end, Unavailable)
        assert len(opened) == 1

    [receipt] = told(place, Scripted([[said(), BROKEN]]), [second], tell)
    assert (receipt.outcome, receipt.tries, calls(second)) == ("broken", "", 0)


def test_the_questions_own_fault_is_not_carried_around(place: Place) -> None:
    second = other(WHOLE)

    async def tell(open_shop: Shop, caller: Caller) -> None:
        _, _, end = await hear(open_shop, caller)
        assert end is REFUSED

    [receipt] = told(place, Scripted([[REFUSED]]), [second], tell)
    assert (receipt.outcome, receipt.fault, calls(second)) == ("failed", "upstream_refused", 0)


def test_alone_it_is_asked_again_where_nothing_can_have_been_billed(place: Place) -> None:
    async def tell(open_shop: Shop, caller: Caller) -> None:
        for expected in (Receipt, Receipt, Unavailable):
            assert isinstance((await hear(open_shop, caller))[2], expected)

    script: list[list[Step]] = [[DOWN], WHOLE, [BROKEN], [BROKEN], WHOLE, [SILENT]]
    first, second, third = told(place, Scripted(script), [], tell)
    assert (first.tries, second.tries) == ("scripted:upstream_unreachable", " ".join(["scripted:upstream_failed"] * 2))
    assert (third.outcome, third.fault, third.tries) == ("failed", "upstream_timeout", "")


def test_when_all_fail_the_last_fault_is_told_and_every_try_is_known(place: Place) -> None:
    second, third, fourth = other([BUSY], name="b"), other([DOWN], name="c"), other(WHOLE, name="d")

    async def tell(open_shop: Shop, caller: Caller) -> None:
        _, _, end = await hear(open_shop, caller)
        assert end is DOWN

    [receipt] = told(place, Scripted([[BROKEN]]), [second, third, fourth], tell)
    assert (receipt.outcome, receipt.charge_grains, receipt.cost_grains) == ("failed", 0, 0)
    assert (receipt.tries, receipt.fault) == ("scripted:upstream_failed b:upstream_busy", "upstream_unreachable")
    assert calls(fourth) == 0, "three tries are the most"


def test_an_upstream_in_trouble_is_left_alone_until_its_pause_is_over(place: Place) -> None:
    first, second = Scripted([[KEY], WHOLE]), other(WHOLE)

    async def tell(open_shop: Shop, caller: Caller) -> None:
        for _ in range(3):
            await hear(open_shop, caller)
        assert (len(first.calls), calls(second)) == (1, 3)
        open_shop.clock.at_us += 61 * 10**6
        await hear(open_shop, caller)
        assert (len(first.calls), calls(second)) == (2, 3)

    receipts = told(place, first, [second], tell)
    assert [receipt.provider for receipt in receipts] == ["other", "other", "other", "scripted"]
    assert [receipt.tries != "" for receipt in receipts] == [True, False, False, False]


def test_an_upstream_whose_cost_is_not_known_is_not_asked(place: Place) -> None:
    later = msgspec.structs.replace(COST, valid_from_us=2**61)
    unpriced, priced = other(WHOLE, name="unpriced", cost=later), other(WHOLE)

    async def tell(open_shop: Shop, caller: Caller) -> None:
        await hear(open_shop, caller)

    [receipt] = told(place, Scripted([[DOWN]]), [unpriced, priced], tell)
    assert (receipt.provider, calls(unpriced)) == ("other", 0)


def test_whoever_leaves_while_it_is_asked_elsewhere_pays_nothing(place: Place) -> None:
    second = other([0.05, *WHOLE])
    assert isinstance(second.provider, Scripted)
    second.provider.on_abort = "cancel"

    async def tell(open_shop: Shop, caller: Caller) -> None:
        answering = answer(open_shop.question(), caller, open_shop.desk)
        await anext(answering)
        await anext(answering)  # it was opened again
        await answering.aclose()
        await open_shop.quiet()

    [receipt] = told(place, Scripted([[DOWN]]), [second], tell)
    assert (receipt.outcome, receipt.charge_grains, receipt.cost_grains) == ("abandoned", 0, 0)
    assert receipt.tries == "scripted:upstream_unreachable"


def test_what_the_next_upstream_cannot_be_asked_is_not_held_against_the_question(place: Place) -> None:
    second = other(WHOLE)
    assert isinstance(second.provider, Scripted)
    second.provider.speaks = "messages"  # which has no words for what is asked

    async def tell(open_shop: Shop, caller: Caller) -> None:
        _, _, end = await hear(open_shop, caller, messages=b"[]", logit_bias=b'{"1":1}')
        assert end is DOWN

    [receipt] = told(place, Scripted([[DOWN], [DOWN]]), [second], tell)
    assert (receipt.outcome, receipt.charge_grains, calls(second)) == ("failed", 0, 0)


def test_correcting_a_price_leaves_what_other_attempts_cost(place: Place) -> None:
    """Also where both attempts were made at one provider, with two of our keys."""
    right = msgspec.structs.replace(COST, revision=2, input_picos=3 * 10**6)
    from_id, until_id = (AnswerId(new_id("ans", at_us, 0)) for at_us in (START_US - 10**9, START_US + 10**12))
    order = Order("cost", right.name, (right,), from_id, until_id, 20_781, collect=False)

    async def tell(open_shop: Shop, caller: Caller) -> None:
        await hear(open_shop, caller)
        before = await open_shop.left(lost_cost("scripted"))
        done = await correct_prices(order, by_system("once", START_US + 10**10), open_shop.desk.database)
        assert done.cost_grains == rate(KNOWN, right).grains - rate(KNOWN, COST).grains
        assert await open_shop.left(api_cost("scripted")) == -rate(KNOWN, right).grains
        assert await open_shop.left(lost_cost("scripted")) == before != 0

    async def live() -> None:
        async with shop(place, Scripted([[SILENT]]), others=[other(WHOLE, name="scripted")]) as open_shop:
            await tell(open_shop, await open_shop.customer("a", MONEY))

    asyncio.run(live())
