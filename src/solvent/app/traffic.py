"""What `solvent simulate` replays: the books as a trace; plans, models and prices as scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import numpy as np

from solvent.answering.receipt_store import Use, failed_cost, uses_after
from solvent.app.business import Business
from solvent.app.config import Config
from solvent.app.plans import plan_of, read_plan_file
from solvent.app.routes import house_entries, read_exchanges
from solvent.billing.plan import Plan
from solvent.db.port import Connection, Database
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rerate import name_of, tariff_of
from solvent.simulation.gathered_store import Gathered
from solvent.simulation.scenario import Scenario, Share, Sold
from solvent.simulation.trace import Served, Trace, Whole
from solvent.values.errors import Invalid
from solvent.values.limits import USES_AT_ONCE
from solvent.values.usage import BUCKETS, Usage, all_input_tokens, is_none


async def own_trace(
    database: Database, from_us: int, until_us: int, begun_us: int = 0
) -> tuple[AbstractContextManager[Trace], dict[str, str]]:
    """The answers on the books that ended in [from_us, until_us), to be opened, and each customer's plan at the last.

    Failed ones are left out: nothing was charged for them. They are read a page at a time, so that neither the memory
    nor a transaction grows with the books. begun_us: before it there was nothing to answer, so the trace stands for no
    time before it. What is opened raises Invalid when there are none.
    """
    gathered = Gathered("the books")
    on: dict[str, tuple[int, str]] = {}
    ways = _Ways()
    after = ""

    def read(connection: Connection) -> list[Use]:
        return uses_after(connection, after, from_us, until_us, USES_AT_ONCE)

    while found := await database.read(read):
        asked = [use.at_us - use.total_us for use in found]
        customers, models = [use.customer for use in found], [use.model for use in found]
        gathered.take_in(asked, customers, models, ways.beside(found), _used(found))
        for use in found:
            last = (use.at_us, use.plan)
            if use.customer not in on or on[use.customer] <= last:
                on[use.customer] = last
        after = found[-1].id
    failed = await database.read(partial(failed_cost, from_us=from_us, until_us=until_us))
    opened = gathered.trace(served=ways.served, span_us=(max(from_us, begun_us), until_us), failed_grains=failed)
    return opened, {customer: plan for customer, (_, plan) in on.items()}


def _used(found: Sequence[Use]) -> dict[str, Whole]:
    return dict(zip(BUCKETS, np.array([use.used for use in found], np.int64).T, strict=True))


class _Ways:
    """How answers were served, each way once: there are few."""

    def __init__(self) -> None:
        self._places: dict[Served, int] = {}

    @property
    def served(self) -> tuple[Served, ...]:
        return tuple(self._places)

    def beside(self, found: Sequence[Use]) -> dict[str, list[int]]:
        """The columns of BESIDE."""
        served, unread = [], []
        for use in found:
            used = Usage(*use.used)
            served.append(self._places.setdefault(_way(use, used), len(self._places)))
            unread.append(use.cost_input_tokens - all_input_tokens(used) if use.usage_estimated else 0)
        lost, borne = [use.lost_grains for use in found], [use.overrun_grains for use in found]
        return {"served": served, "unread": unread, "lost_grains": lost, "borne_grains": borne}


def _way(use: Use, used: Usage) -> Served:
    """As `settle` has it: what was not used is due only where an answer came, and owed unless it was never asked."""
    nothing = is_none(used)
    is_owed = use.outcome != "abandoned" or not nothing or bool(used.engine_us) or bool(use.usage_estimated)
    return Served(
        use.plan, tariff_of(use.price_card), name_of(use.cost_card), tariff_of(use.cost_card),
        not nothing or use.outcome == "answered", is_owed,
    )  # fmt: skip


def written_plans(file: Path | None, currency: str) -> dict[str, Plan]:
    """Those of a YAML file, by name; none where there is no file. Raises Invalid naming file and field."""
    if file is None:
        return {}
    return {entry.name: plan_of(entry, currency) for entry in read_plan_file(file)}


def sold_by(config: Config, cards: Mapping[str, tuple[RateCard, ...]]) -> dict[str, Sold]:
    """Every model with its cards in both books."""
    return {
        entry.name: Sold(cards.get(entry.price_card, ()), cards.get(entry.cost_card, ()), entry.model_class, cards)
        for entry in (*house_entries(config), *config.models)
    }


def share(text: str) -> Share:
    """Reads "asked=instead" or "asked=instead:250", in thousandths. Raises Invalid for anything else."""
    model, is_there, rest = text.partition("=")
    instead, colon, permille = rest.rpartition(":")
    if not colon or not permille.isdecimal():
        instead, permille = rest, ""
    if not is_there or not model or not instead:
        raise Invalid("bad_scenario", f"--share {text[:60]!r}: write it like asked=instead or asked=instead:250")
    return Share(model, instead, int(permille) if permille else 1000)


def scenario(
    name: str, business: Business, plans: Mapping[str, Plan], plan: str, on: Mapping[str, str],
    shares: tuple[Share, ...], cached_permille: int | None,
) -> Scenario:  # fmt: skip
    """Customers on the plans they are `on`, and all others on `plan`, at the prices that are written now."""
    return Scenario(
        name=name, currency=business.currency, time_zone=str(business.time_zone), plans=plans, plan=plan, on=on,
        sold=sold_by(business.config, business.cards()), shares=shares, cached_permille=cached_permille,
        exchanges=tuple(read_exchanges(business.config)),
    )  # fmt: skip
