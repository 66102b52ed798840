"""What the JSON says of a run that is no replay, a search for tariffs or a sizing; what else is there is left out."""

from __future__ import annotations

from typing import Any

import msgspec

from solvent.app.comparing import CompareBody
from solvent.app.sizing import SizeBody
from solvent.console.run_figures import unreadable


class SpreadSaid(msgspec.Struct, frozen=True):
    """An average over draws, and between what nine of ten lie."""

    low: int
    usual: int
    high: int


class TariffSaid(msgspec.Struct, frozen=True):
    """The best tariff of one shape. See `simulation.tariff_contest.Found`."""

    shape: str
    fee_grains: int
    allowance: int | None
    price_grains: int | None
    profit_grains: SpreadSaid
    buyers: SpreadSaid
    losing: int
    heavy: int
    surplus_grains: int


class RegimeSaid(msgspec.Struct, frozen=True):
    """What is best where an answer costs so much."""

    cost_grains: int
    found: tuple[TariffSaid, ...]
    best: str
    advice: str

    @property
    def winner(self) -> TariffSaid | None:
        """The tariff that is advised; None where none leaves anything."""
        return next((one for one in self.found if one.shape == self.advice), None)


class ContestSaid(msgspec.Struct, frozen=True):
    """A search for tariffs."""

    source: str
    customers: int
    seeds: int
    seed: int
    regimes: tuple[RegimeSaid, ...]


class OtherSaid(msgspec.Struct, frozen=True):
    """One of them is there."""

    contest: ContestSaid | None = None
    size: SizeBody | None = None
    compare: CompareBody | None = None


def other_said_in(document: Any) -> OtherSaid:
    """Raises Conflict for a run that another version kept otherwise than this one reads it."""
    try:
        return msgspec.json.decode(document, type=OtherSaid)
    except msgspec.ValidationError as wrong:
        raise unreadable(wrong) from None
