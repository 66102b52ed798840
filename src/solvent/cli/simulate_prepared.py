"""What a replay needs, made ready once for every command that replays: traffic, plans, and who is on which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from solvent.app.business import Business
from solvent.app.candidates import Around, as_candidate, read_candidates
from solvent.app.issued import issued_by
from solvent.app.reacting import CHOICE
from solvent.app.traffic import scenario, share, written_plans
from solvent.billing.plan import Plan
from solvent.billing.plan_store import newest
from solvent.cli.simulate_traffic import is_own, opened_traffic, own_span
from solvent.simulation.as_booked import as_booked
from solvent.simulation.issued import Issued
from solvent.simulation.outcome import Outcome
from solvent.simulation.scenario import Scenario, Share
from solvent.simulation.spread import Spread
from solvent.simulation.trace import Trace
from solvent.values.errors import Invalid
from solvent.values.money import Money

TODAY: Final = "today"
_UNCHARGED: Final = "asked"  # a plan of nothing, where nothing but usage is looked at


@dataclass(frozen=True)
class Prepared:
    """opened: the traffic, to be opened. plans: those that may be compared, by name; written ones take the place of
    those on sale, which `sold` has as customers know them. versions: the newest of every plan there ever was.
    on: the plan each customer is on, issued: what they had to draw from and paid for it; of the books alone.
    """

    business: Business
    opened: AbstractContextManager[Trace]
    plans: Mapping[str, Plan]
    sold: Mapping[str, Plan]
    versions: Mapping[str, int]
    on: Mapping[str, str]
    issued: Issued | None
    shares: tuple[Share, ...]
    cached_permille: int | None

    @property
    def knows_today(self) -> bool:
        """Whether it is known what everybody pays now: of whoever is on the books."""
        return self.issued is not None

    def today(self, shares: tuple[Share, ...] = ()) -> Scenario:
        """Everybody as they are: on no plan, where nothing is known of them."""
        plans = {_UNCHARGED: Plan(name=_UNCHARGED, price=Money(0, self.business.currency))}
        return scenario(TODAY, self.business, plans, _UNCHARGED, {}, shares, None)

    def replayed_today(self, trace: Trace, of: Scenario, spread: Spread, tell: Callable[[int], None]) -> Outcome:
        """What comes of today; as it was booked by this process alone."""
        return spread.replay(trace, of, tell) if self.issued is None else as_booked(trace, of, self.issued, tell)

    def candidates(self, file: Path | None, trace: Trace, names: Sequence[str]) -> list[Scenario]:
        """The scenarios of a file, for a trace; none is named like another, or like a plan it is not.

        Raises Invalid.
        """
        if file is None:
            return []
        read, there = read_candidates(file), self.issued.plans if self.issued is not None else {}
        on = self.on if all(plan in there for plan in self.on.values()) else {}
        around = Around(self.business.config, self.business.near, file.parent, on, trace.models)
        found = []
        for one in read:
            if one.name in (TODAY, CHOICE, *names):
                message = f"{file}: a scenario {one.name!r} is there without it; name yours otherwise"
                raise Invalid("bad_scenario", message, param="scenarios")
            if one.name in {**self.versions, **self.plans, **there} and one.plan != one.name:
                message = f"{file}: scenario {one.name!r} is named like a plan and is another; name it otherwise"
                raise Invalid("bad_scenario", message, param="scenarios")
            plans = {**there, **self.plans} if one.plan else there  # who stays stays on the terms that are
            first = next(iter(plans), "")
            base = scenario("", self.business, plans, first, {}, self.shares, self.cached_permille)
            found.append(as_candidate(base, one, around))
        return found

    def everybody_on(self, name: str) -> Scenario:
        """The scenario of one plan."""
        return scenario(name, self.business, self.plans, name, {}, self.shares, self.cached_permille)


async def prepared(business: Business, said: Mapping[str, Any]) -> Prepared:
    """said: the options of `traffic_options`, and those of plans, shares and caches where a command has them.

    Raises Invalid.
    """
    written = written_plans(said.get("plan_file"), business.currency)
    published = await business.database.read(newest)
    sold = {one.plan.name: one.plan for one in published if not one.withdrawn_us}
    versions = {one.plan.name: one.plan.version for one in published}
    shares = tuple(share(text) for text in said["shares"])
    opened, on = await opened_traffic(business, said)
    issued = None
    if is_own(said):
        issued = await issued_by(business.database, on, business.currency, *own_span(business, said))
    return Prepared(business, opened, {**sold, **written}, sold, versions, on, issued, shares, said.get("cached"))
