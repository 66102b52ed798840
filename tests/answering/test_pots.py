"""What pays for an answer: quotas, gifts, the wallet and on account, alone and together, to the end and abandoned."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from tests.answering.desks import (
    PRICE,
    QUOTE_GRAINS,
    READ_MOST,
    USAGE,
    WRITE_MOST,
    Scripted,
    Shop,
    check_books,
    reported,
    shop,
)
from tests.answering.stories import FAILED, KNOWN, TEXT, amounts, ask
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.identity.caller import Caller
from solvent.ledger.account import (
    CUSTOMER_GRANTS,
    MEMO_USED,
    REVENUE_ANSWERS,
    REVENUE_OVERAGE,
    allowance,
    grant_account,
    overage,
    unbilled,
    wallet,
)
from solvent.ledger.pot import Kind, Pot
from solvent.ledger.unit import ANSWERS, TOKENS, included, is_money, on_account
from solvent.pricing.rating import rate
from solvent.providers.port import OnAbort
from solvent.values.errors import Refused, SolventError
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US, US_PER_S

CUSTOMER = CustomerId("cus_a")
CHARGE = amounts(KNOWN)[0]
SPOKEN_TOKENS = 109
MOST_TOKENS = READ_MOST + WRITE_MOST

Story = Callable[[Shop, Caller], Awaitable[None]]


def pot(
    account: str, unit: str, kind: Kind, *, classes: str = "", opens_us: int = 0, expires_us: int = NEVER_US
) -> Pot:
    return Pot(account, unit, CUSTOMER, kind, classes, opens_us, expires_us)


BY_ANSWERS = pot(allowance(CUSTOMER, "answers"), ANSWERS, "allowance")
BY_TOKENS = pot(allowance(CUSTOMER, "tokens"), TOKENS, "allowance")
BY_VALUE = pot(allowance(CUSTOMER, "value"), included("KRW"), "allowance")
GIFT = pot(grant_account(CUSTOMER, "g"), "KRW", "grant")
WALLET = pot(wallet(CUSTOMER), "KRW", "wallet")
ON_ACCOUNT = pot(overage(CUSTOMER, "o"), on_account("KRW"), "overage")

# For each pot: what an answer of CHARGE takes out of it, and how it appears on the receipt.
ONE_POT: dict[str, tuple[Pot, int, dict[str, int]]] = {
    "answers": (BY_ANSWERS, 1, {"included_grains": CHARGE}),
    "tokens": (BY_TOKENS, SPOKEN_TOKENS, {"included_grains": CHARGE}),
    "value": (BY_VALUE, CHARGE, {"included_grains": CHARGE}),
    "gift": (GIFT, CHARGE, {"charge_grains": CHARGE, "granted_grains": CHARGE}),
    "wallet": (WALLET, CHARGE, {"charge_grains": CHARGE}),
    "on account": (ON_ACCOUNT, CHARGE, {"charge_grains": CHARGE}),
}
FIGURES = ("charge_grains", "granted_grains", "included_grains", "overrun_grains")


def a_story(place: Place, provider: Scripted, tell: Story) -> list[Receipt]:
    """A customer who has nothing until the story gives them something; then the books are looked at."""

    async def live() -> list[Receipt]:
        async with shop(place, provider) as open_shop:
            caller = await open_shop.customer("a", 0)
            await asyncio.wait_for(tell(open_shop, caller), 30)
            return await check_books(open_shop)

    return asyncio.run(live())


async def put(shop: Shop, pot: Pot, grains: int) -> None:
    await shop.fill(pot, grains, CUSTOMER_GRANTS if is_money(pot.unit) else "memo:issued")


def figures(receipt: Receipt) -> dict[str, int]:
    return {name: getattr(receipt, name) for name in FIGURES if getattr(receipt, name)}


@pytest.mark.parametrize("name", ONE_POT)
def test_each_pot_pays_in_its_own_unit_and_says_so(place: Place, name: str) -> None:
    pot, taken, shown = ONE_POT[name]

    async def tell(shop: Shop, caller: Caller) -> None:
        await put(shop, pot, 10**9)
        await ask(shop, caller)
        await shop.quiet()
        assert await shop.left(pot.account, pot.unit) == 10**9 - taken
        money = [await shop.left(account) for account in (REVENUE_ANSWERS, REVENUE_OVERAGE, unbilled(CUSTOMER))]
        on_credit = CHARGE if pot is ON_ACCOUNT else 0
        earned = CHARGE if pot in (GIFT, WALLET) else 0
        assert money == [earned, on_credit, -on_credit]
        assert await shop.left(MEMO_USED, pot.unit) == (0 if is_money(pot.unit) else taken)

    [receipt] = a_story(place, Scripted([[*TEXT, reported(USAGE)]]), tell)
    assert figures(receipt) == shown
    assert receipt.source == pot.kind


@pytest.mark.parametrize("on_abort", ["drain", "cancel"])
@pytest.mark.parametrize("name", ONE_POT)
def test_an_abandoned_answer_takes_from_each_pot_what_was_delivered(place: Place, name: str, on_abort: OnAbort) -> None:
    pot = ONE_POT[name][0]

    async def tell(shop: Shop, caller: Caller) -> None:
        await put(shop, pot, 10**9)
        answering = answer(shop.question(), caller, shop.desk)
        for _ in range(4):
            await anext(answering)
        await answering.aclose()
        await shop.quiet()
        [receipt] = shop.told
        value = rate(receipt.usage, PRICE).grains
        tokens = SPOKEN_TOKENS if on_abort == "drain" else 2
        assert value == (CHARGE if on_abort == "drain" else receipt.charge_grains + receipt.included_grains) > 0
        taken = {ANSWERS: 1, TOKENS: tokens}.get(pot.unit, value)
        assert await shop.left(pot.account, pot.unit) == 10**9 - taken

    [receipt] = a_story(place, Scripted([[*TEXT, reported(USAGE)]], on_abort), tell)
    assert (receipt.outcome, receipt.source) == ("abandoned", pot.kind)


@pytest.mark.parametrize("name", ONE_POT)
def test_an_answer_that_failed_takes_nothing_from_any_pot(place: Place, name: str) -> None:
    pot = ONE_POT[name][0]

    async def tell(shop: Shop, caller: Caller) -> None:
        await put(shop, pot, 10**9)
        with pytest.raises(SolventError):
            await ask(shop, caller)
        await shop.quiet()
        assert await shop.left(pot.account, pot.unit) == 10**9
        assert shop.purse_of(pot).under_way == 0

    [receipt] = a_story(place, Scripted([[FAILED]]), tell)
    assert (receipt.outcome, receipt.source, figures(receipt)) == ("failed", "", {})


def test_pots_are_used_up_in_their_order(place: Place) -> None:
    """Quota first, then the gift that expires sooner, the other, the wallet, and on account."""

    async def tell(shop: Shop, caller: Caller) -> None:
        sooner = pot(grant_account(CUSTOMER, "z"), "KRW", "grant", expires_us=shop.clock.at_us + 10**9)
        for one, grains in (
            (ON_ACCOUNT, 10**9), (WALLET, QUOTE_GRAINS), (GIFT, QUOTE_GRAINS), (sooner, QUOTE_GRAINS), (BY_ANSWERS, 2),
        ):  # fmt: skip
            await put(shop, one, grains)
        for _ in range(6):
            await ask(shop, caller)
        sources = [receipt.source for receipt in sorted(shop.told, key=lambda receipt: receipt.id)]
        assert sources == ["allowance"] * 2 + ["grant"] * 2 + ["wallet", "overage"]
        assert [await shop.left(one.account) for one in (sooner, GIFT, WALLET)] == [0, 0, 0]

    whole = reported(msgspec.Raw(b'{"prompt_tokens":500,"completion_tokens":100}'))
    a_story(place, Scripted([[*TEXT, whole]]), tell)


def test_pots_of_money_pay_one_answer_together(place: Place) -> None:
    """Each has a part of what it may come to; what it comes to is taken in their order, the rest returns to each."""
    parts = [(BY_VALUE, 400), (GIFT, 300), (WALLET, 200), (ON_ACCOUNT, 10**9)]

    async def tell(shop: Shop, caller: Caller) -> None:
        for one, grains in parts:
            await put(shop, one, grains)
        opened = await anext(answering := answer(shop.question(), caller, shop.desk))
        assert isinstance(opened, Opened)
        assert [draw.grains for draw in opened.draws] == [400, 300, 200, QUOTE_GRAINS - 900]
        assert [step async for step in answering]
        left = [await shop.left(one.account, one.unit) for one, _ in parts]
        assert left == [0, 0, 0, 10**9 - (CHARGE - 900)]

    assert 900 < CHARGE < QUOTE_GRAINS
    [receipt] = a_story(place, Scripted([[*TEXT, reported(USAGE)]]), tell)
    assert receipt.source == "allowance grant wallet overage"
    assert figures(receipt) == {"charge_grains": CHARGE - 400, "granted_grains": 300, "included_grains": 400}


def test_a_quota_that_counts_covers_an_answer_whole_or_not_at_all(place: Place) -> None:
    """Tokens that are too few for this question stay for a smaller one; the wallet pays meanwhile."""

    async def tell(shop: Shop, caller: Caller) -> None:
        await put(shop, BY_TOKENS, MOST_TOKENS - 1)
        await put(shop, WALLET, 10**9)
        assert (await told(shop, caller)).source == "wallet"
        assert await shop.left(BY_TOKENS.account, TOKENS) == MOST_TOKENS - 1
        assert (await told(shop, caller, asked=WRITE_MOST - 1)).source == "allowance"

    a_story(place, Scripted([[*TEXT, reported(USAGE)]]), tell)


async def told(shop: Shop, caller: Caller, asked: int = WRITE_MOST) -> Receipt:
    last = [step async for step in answer(shop.question(asked=asked), caller, shop.desk)][-1]
    assert isinstance(last, Receipt)
    return last


def test_a_quota_alone_is_clamped_to_and_then_says_that_it_is_used_up(place: Place) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        await put(shop, BY_TOKENS, READ_MOST + 30)
        assert (await told(shop, caller)).output_tokens_max == 30
        with pytest.raises(Refused) as caught:
            await ask(shop, caller)
        assert caught.value.code == "wallet_empty"

    a_story(place, Scripted([[*TEXT, reported(USAGE)]]), tell)


def test_a_pot_pays_only_for_its_classes_of_model_and_in_its_time(place: Place) -> None:
    async def tell(shop: Shop, caller: Caller) -> None:
        now_us = shop.clock.at_us
        others = pot(allowance(CUSTOMER, "expert"), ANSWERS, "allowance", classes="expert quick")
        later = pot(allowance(CUSTOMER, "later"), ANSWERS, "allowance", opens_us=now_us + 3_600 * US_PER_S)
        over = pot(allowance(CUSTOMER, "over"), ANSWERS, "allowance", expires_us=now_us)
        ours = pot(allowance(CUSTOMER, "ours"), ANSWERS, "allowance", classes="quick standard")
        for one in (others, later, over):
            await put(shop, one, 5)
        with pytest.raises(Refused):
            await ask(shop, caller)
        await put(shop, ours, 1)
        assert (await told(shop, caller)).source == "allowance"
        shop.clock.at_us = now_us + 3_601 * US_PER_S
        assert (await told(shop, caller)).source == "allowance"
        left = [await shop.left(one.account, ANSWERS) for one in (others, later, over, ours)]
        assert left == [5, 4, 5, 0]

    a_story(place, Scripted([[*TEXT, reported(USAGE)]]), tell)


@pytest.mark.parametrize("name", ONE_POT)
def test_many_at_once_never_take_more_than_is_in_any_pot(place: Place, name: str) -> None:
    pot = ONE_POT[name][0]
    each = {ANSWERS: 1, TOKENS: MOST_TOKENS}.get(pot.unit, QUOTE_GRAINS)

    async def tell(shop: Shop, caller: Caller) -> None:
        await put(shop, pot, 5 * each)
        outcomes = await asyncio.gather(*(ask(shop, caller) for _ in range(20)), return_exceptions=True)
        assert sum(isinstance(outcome, list) for outcome in outcomes) >= 5
        assert {type(outcome) for outcome in outcomes} == {list, Refused}
        await shop.quiet()
        assert await shop.left(pot.account, pot.unit) >= 0

    a_story(place, Scripted([[*TEXT, reported(USAGE)]]), tell)
