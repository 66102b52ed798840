"""What `solvent simulate` replays: the books as a trace; plans, models and prices as scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from solvent.answering.receipt_store import Use, uses_after
from solvent.app.business import Business
from solvent.app.config import Config
from solvent.app.plans import plan_of, read_plan_file
from solvent.app.routes import house_entries, read_exchanges
from solvent.billing.plan import Plan
from solvent.billing.plan_store import on_sale
from solvent.db.port import Connection, Database
from solvent.pricing.rate_card import RateCard
from solvent.simulation.gathered_store import Gathered
from solvent.simulation.scenario import Scenario, Share, Sold
from solvent.simulation.trace import Trace
from solvent.values.errors import Invalid
from solvent.values.limits import USES_AT_ONCE
from solvent.values.usage import BUCKETS


async def own_trace(
    database: Database, from_us: int, until_us: int
) -> tuple[AbstractContextManager[Trace], dict[str, str]]:
    """The answers on the books that ended in [from_us, until_us), to be opened, and each customer's plan at the last.

    Failed ones are left out: nothing was charged for them. They are read a page at a time, so that neither the memory
    nor a transaction grows with the books. What is opened raises Invalid when there are none.
    """
    gathered = Gathered("the books")
    on: dict[str, tuple[int, str]] = {}
    after = ""

    def read(connection: Connection) -> list[Use]:
        return uses_after(connection, after, from_us, until_us, USES_AT_ONCE)

    while found := await database.read(read):
        ids, at_us, customers, plans, models, used = zip(*found, strict=True)
        gathered.take_in(at_us, customers, models, dict(zip(BUCKETS, np.array(used, np.int64).T, strict=True)))
        for customer, last in zip(customers, zip(at_us, plans, strict=True), strict=True):
            if customer not in on or on[customer] <= last:
                on[customer] = last
        after = ids[-1]
    return gathered.trace(), {customer: plan for customer, (_, plan) in on.items()}


async def plans_of(business: Business, file: Path | None) -> dict[str, Plan]:
    """The plans on sale, and those of a YAML file, which take the place of others of their names."""
    sold: Sequence[Plan] = await business.database.read(on_sale)
    written = () if file is None else tuple(plan_of(entry, business.currency) for entry in read_plan_file(file))
    return {plan.name: plan for plan in (*sold, *written)}


def sold_by(config: Config, cards: Mapping[str, tuple[RateCard, ...]]) -> dict[str, Sold]:
    """Every model with its cards in both books."""
    return {
        entry.name: Sold(cards.get(entry.price_card, ()), cards.get(entry.cost_card, ()), entry.model_class)
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
