"""What the stories of answers share: scripts, faults, clients who leave, and a look at the books at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
from tests.answering.desks import (
    COST,
    NONSENSE,
    PRICE,
    QUOTE_GRAINS,
    READ_MOST,
    USAGE,
    ZERO,
    Scripted,
    Shop,
    Step,
    check_books,
    reported,
    said,
    shop,
)
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.identity.caller import Caller
from solvent.ledger.account import wallet
from solvent.pricing.rating import rate
from solvent.providers.port import Chunk
from solvent.values.errors import Invalid, SolventError, Unavailable
from solvent.values.usage import Usage

KNOWN = Usage(input_tokens=60, cached_input_tokens=40, output_tokens=7, reasoning_tokens=2)
TEXT: list[Step] = [said(0), said(), said(), said(), said(1, "stop")]
WALLET = 10 * QUOTE_GRAINS
FAILED = Unavailable("upstream_failed", "it failed", upstream_status=500)
TIMEOUT = Unavailable("upstream_timeout", "it fell silent")
CUT_OFF = Unavailable("upstream_cut_off", "it broke off")
BROKE = Unavailable("upstream_failed", "it failed in the middle of its answer")
GARBAGE = Unavailable("upstream_garbage", "it cannot be understood", upstream_status=200)
UNREACHABLE = Unavailable("upstream_unreachable", "nobody there")
LOST = [TIMEOUT, CUT_OFF, BROKE, GARBAGE]  # somebody may have read the question, and will bill us
NEVER_TAKEN = [FAILED, UNREACHABLE, Invalid("upstream_refused", "no"), Unavailable("upstream_busy", "later")]
SOON_S = 20.0

Answering = AsyncGenerator[Opened | Chunk | Receipt, None]
Steps = list[Opened | Chunk | Receipt]


def name(fault: SolventError) -> str:
    """What pytest calls a fault."""
    return f"{fault.code} {getattr(fault, 'upstream_status', '')}"


def story(
    place: Place, provider: Scripted, tell: Callable[[Shop, Caller], Awaitable[Any]], **kinds: Any
) -> list[Receipt]:
    """Tell a story in a shop where one customer has money, then look at the books."""

    async def run() -> list[Receipt]:
        async with shop(place, provider, **kinds) as open_shop:
            caller = await open_shop.customer("a", WALLET)
            await asyncio.wait_for(tell(open_shop, caller), SOON_S)
            receipts = await check_books(open_shop)
            spent = sum(receipt.charge_grains for receipt in receipts)
            assert caller.customer is not None
            assert await open_shop.left(wallet(caller.customer.id)) == WALLET - spent
            return receipts

    return asyncio.run(run())


async def ask(shop: Shop, caller: Caller) -> Steps:
    return [step async for step in answer(shop.question(), caller, shop.desk)]


async def ask_and_fail(shop: Shop, caller: Caller) -> SolventError:
    with pytest.raises(SolventError) as caught:
        await ask(shop, caller)
    return caught.value


def leave_after(steps: int) -> Callable[[Shop, Caller], Awaitable[None]]:
    """The client reads so many steps (the first says what was opened) and hangs up."""

    async def tell(shop: Shop, caller: Caller) -> None:
        answering: Answering = answer(shop.question(), caller, shop.desk)
        for _ in range(steps):
            await anext(answering)
        await answering.aclose()

    return tell


def amounts(usage: Usage) -> tuple[int, int]:
    return rate(usage, PRICE).grains, rate(usage, COST).grains


# What the customer pays and what we book, for each kind of report: (least used, most used, estimated, alarms).
REPORTS: dict[str, tuple[list[Step], Usage, Usage, int, str]] = {
    "known": ([reported(USAGE)], KNOWN, KNOWN, 0, ""),
    "unknown": ([], Usage(output_tokens=4), Usage(input_tokens=READ_MOST, output_tokens=4), 1, ""),
    "zero": ([reported(ZERO)], Usage(), Usage(), 0, ""),
    "nonsense": (
        [reported(NONSENSE)],
        Usage(output_tokens=4),
        Usage(input_tokens=READ_MOST, output_tokens=4),
        1,
        "bad_usage",
    ),
}
