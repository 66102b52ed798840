"""What a replay needs, made ready once for every command that replays: traffic, plans, and who is on which."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from solvent.app.business import Business
from solvent.app.traffic import plans_of, scenario, share
from solvent.billing.plan import Plan
from solvent.billing.plan_store import newest
from solvent.cli.simulate_traffic import opened_traffic
from solvent.simulation.scenario import Scenario, Share
from solvent.simulation.trace import Trace
from solvent.values.money import Money

TODAY: Final = "today"
_UNCHARGED: Final = "asked"  # a plan of nothing, where nothing but usage is looked at


@dataclass(frozen=True)
class Prepared:
    """opened: the traffic, to be opened. plans: those that may be compared, by name; written ones take the place of
    those on sale, which `sold` has as customers know them. versions: the newest of every plan there ever was.
    on: the plan each customer is on, of the books alone.
    """

    business: Business
    opened: AbstractContextManager[Trace]
    plans: Mapping[str, Plan]
    sold: Mapping[str, Plan]
    versions: Mapping[str, int]
    on: Mapping[str, str]
    shares: tuple[Share, ...]
    cached_permille: int | None

    @property
    def knows_today(self) -> bool:
        """Whether it is known what everybody pays now: each customer is on a plan whose terms are there."""
        return bool(self.on) and all(plan in self.sold for plan in self.on.values())

    def today(self, shares: tuple[Share, ...] = ()) -> Scenario:
        """Everybody on the plan they are on, as it is on sale; where that is not known, on no plan at all."""
        if self.knows_today:
            return scenario(TODAY, self.business, self.sold, next(iter(self.sold)), self.on, shares, None)
        plans = {_UNCHARGED: Plan(name=_UNCHARGED, price=Money(0, self.business.currency))}
        return scenario(TODAY, self.business, plans, _UNCHARGED, {}, shares, None)

    def everybody_on(self, name: str) -> Scenario:
        """The scenario of one plan."""
        return scenario(name, self.business, self.plans, name, {}, self.shares, self.cached_permille)


async def prepared(business: Business, said: Mapping[str, Any]) -> Prepared:
    """said: the options of `traffic_options`, and those of plans, shares and caches where a command has them.

    Raises Invalid.
    """
    plans = await plans_of(business, said.get("plan_file"))
    published = await business.database.read(newest)
    sold = {one.plan.name: one.plan for one in published if not one.withdrawn_us}
    versions = {one.plan.name: one.plan.version for one in published}
    shares = tuple(share(text) for text in said["shares"])
    opened, on = await opened_traffic(business, said)
    return Prepared(business, opened, plans, sold, versions, on, shares, said.get("cached"))
