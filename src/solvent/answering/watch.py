"""A watch over one engine: what of its time is on the books already, and what is to be booked next."""

from __future__ import annotations

import msgspec

from solvent.answering.route import Prices, Route
from solvent.engines.port import Engine, Upkeep
from solvent.ledger.account import ENGINE_ACCRUED, ENGINE_IDLE
from solvent.ledger.transfer import Transfer, posting
from solvent.margin.availability import Availability
from solvent.pricing.rating import rate
from solvent.values.ids import TransferId
from solvent.values.instant import HOUR_US
from solvent.values.usage import Usage


class Watch(msgspec.Struct):
    """pending: a row that may or may not have reached the books, and is written again until it surely has."""

    engine: Engine
    from_us: int
    booked: Upkeep = Upkeep(0, 0, 0, estimated=False)
    pending: Availability | None = None

    def is_due(self, now_us: int) -> bool:
        """Whether another hour of the clock has begun."""
        return now_us // HOUR_US > self.from_us // HOUR_US

    def next_row(self, id: str, route: Route, prices: Prices, day: int, now_us: int) -> Availability:
        """What there is to book by now, at the prices in force when it began, or else now."""
        if self.pending is None:
            took, before = self.engine.upkeep(), self.booked
            idle_us, idle_uj = took.idle_us - before.idle_us, took.idle_uj - before.idle_uj
            hours_only = msgspec.structs.replace(prices.cost, answer_picos=None)  # nobody was answered
            cost = rate(Usage(engine_us=idle_us, energy_uj=idle_uj), hours_only, prices.cost_exchange)
            self.pending = Availability(
                id, day, route.model, self.from_us, now_us, took.busy_us - before.busy_us, idle_us, idle_uj,
                int(took.estimated), cost.currency, cost.grains, prices.cost.version,
            )  # fmt: skip
        return self.pending

    def booked_row(self, row: Availability) -> None:
        """It is on the books."""
        before = self.booked
        self.booked = Upkeep(
            before.busy_us + row.busy_us, before.idle_us + row.idle_us, before.idle_uj + row.idle_uj,
            bool(row.energy_estimated),
        )  # fmt: skip
        self.from_us, self.pending = row.until_us, None


def idle_transfer(row: Availability) -> Transfer:
    """Idle time as money: what being there cost, owed for the engine like its busy time."""
    id = TransferId(f"{row.id}.idle")
    return posting(id, row.until_us, ENGINE_IDLE, ENGINE_ACCRUED, row.idle, row.id)
