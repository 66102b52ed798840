"""Answers of our own engine: the seat is left once, and its time and energy are booked."""

from __future__ import annotations

import asyncio

import pytest
from tests.answering.desks import (
    USAGE,
    Scripted,
    Shop,
    Step,
    reported,
    until,
)
from tests.answering.stories import (
    FAILED,
    TEXT,
    Answering,
    ask,
    ask_and_fail,
    story,
)
from tests.db.opened import Place

from solvent.answering.answer import answer
from solvent.engines.port import Effort, Level, Upkeep
from solvent.identity.caller import Caller
from solvent.ledger.account import ENERGY, ENGINE_ACCRUED, ENGINE_BUSY
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.values.errors import SolventError, Unavailable
from solvent.values.usage import Usage


class Seat:
    """A seat in the engine below."""

    def __init__(self, engine: OneSeat) -> None:
        self._engine = engine
        self.left = 0
        self.began: list[str] = []

    def begin(self, level: Level = "phases") -> None:
        """See `engines.port.Seat`."""
        self.began.append(level)

    def leave(self) -> Effort:
        """See `engines.port.Seat`."""
        self.left += 1
        self._engine.free.release()
        return Effort(2_500_000, 40_000_000, True, "phases" if self.began[:1] == ["phases"] else "presence")


class OneSeat:
    """An engine with one seat that takes two and a half seconds and forty joules for anything."""

    base_url = "http://127.0.0.1:1/v1"
    key = ""
    members: dict[str, object] = {}  # noqa: RUF012  # as the port has it

    def __init__(self, *, busy: bool = False) -> None:
        self.free = asyncio.Semaphore(1)
        self.seats: list[Seat] = []
        self._busy = busy
        self.hours = 0  # since it was started, of ten minutes' work each

    async def sit(self) -> Seat:
        """See `engines.port.Engine`."""
        if self._busy:
            raise Unavailable("engine_busy", "later", retry_after_s=5)
        await self.free.acquire()
        self.seats.append(Seat(self))
        return self.seats[-1]

    def upkeep(self) -> Upkeep:
        """See `engines.port.Engine`."""
        return Upkeep(self.hours * 600_000_000, self.hours * 3_000_000_000, self.hours * 9_000_000, estimated=False)

    def close(self) -> None:
        """See `engines.port.Engine`."""


ENGINE_COST = RateCard("hours", "KRW", 0, "test", engine_hour_picos=500 * 10**12, kilowatt_hour_picos=150 * 10**12)


@pytest.mark.parametrize(
    ("script", "steps", "outcome"),
    [
        ([*TEXT, reported(USAGE)], 99, "answered"),
        ([*TEXT[:2], FAILED], 99, "broken"),
        ([FAILED], 99, "failed"),
        (TEXT, 3, "abandoned"),
    ],
)
def test_an_engines_seat_is_left_once_and_its_effort_is_booked(
    place: Place, script: list[Step], steps: int, outcome: str
) -> None:
    engine = OneSeat()
    books: dict[str, int] = {}

    async def tell(shop: Shop, caller: Caller) -> None:
        answering: Answering = answer(shop.question(), caller, shop.desk)
        try:
            for _ in range(steps):
                await anext(answering)
        except (StopAsyncIteration, SolventError):
            pass
        await answering.aclose()
        await shop.quiet()
        for account in (ENERGY, ENGINE_BUSY, ENGINE_ACCRUED):
            books[account] = -await shop.left(account)

    [receipt] = story(place, Scripted([script], "cancel"), tell, engine=engine, cost=ENGINE_COST)
    assert receipt.outcome == outcome
    assert [seat.left for seat in engine.seats] == [1]
    assert (receipt.engine_us, receipt.energy_uj, receipt.energy_estimated) == (2_500_000, 40_000_000, 1)
    assert receipt.attribution == ("presence" if outcome == "failed" else "phases")
    effort = Usage(engine_us=2_500_000, energy_uj=40_000_000)
    assert receipt.cost_grains == rate(effort, ENGINE_COST).grains > 0
    energy = rate(Usage(energy_uj=40_000_000), ENGINE_COST).grains
    assert books == {ENERGY: energy, ENGINE_BUSY: receipt.cost_grains - energy, ENGINE_ACCRUED: -receipt.cost_grains}
    assert outcome != "failed" or receipt.charge_grains == 0


def test_whoever_leaves_while_waiting_for_a_seat_is_charged_nothing(place: Place) -> None:
    engine, provider = OneSeat(), Scripted([TEXT], "cancel")

    async def tell(shop: Shop, caller: Caller) -> None:
        await engine.free.acquire()  # somebody else sits there
        task = asyncio.create_task(ask(shop, caller))
        await until(lambda: shop.desk.under_way == 1)
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    [receipt] = story(place, provider, tell, engine=engine, cost=ENGINE_COST)
    assert (receipt.outcome, receipt.charge_grains, receipt.cost_grains) == ("abandoned", 0, 0)
    assert (engine.seats, provider.calls) == ([], [])


def test_a_full_engine_turns_away_without_cost(place: Place) -> None:
    [receipt] = story(place, Scripted([TEXT]), ask_and_fail, engine=OneSeat(busy=True), cost=ENGINE_COST)
    assert (receipt.outcome, receipt.fault, receipt.charge_grains, receipt.cost_grains) == (
        "failed",
        "engine_busy",
        0,
        0,
    )
