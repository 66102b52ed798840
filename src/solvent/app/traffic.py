"""What `solvent simulate` replays: the books as a trace; plans, models and prices as scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from solvent.answering.receipt import Receipt
from solvent.answering.receipt_store import Sought, receipts_page
from solvent.app.business import Business
from solvent.app.config import Config
from solvent.app.plans import plan_of, read_plan_file
from solvent.app.routes import house_entries, read_exchanges
from solvent.billing.plan import Plan
from solvent.billing.plan_store import on_sale
from solvent.db.port import Connection
from solvent.pricing.rate_card import RateCard
from solvent.simulation.scenario import Scenario, Share, Sold
from solvent.simulation.trace import Answer, Trace, trace_of
from solvent.values.errors import Invalid
from solvent.values.limits import RECEIPTS_READ_MAX


async def own_trace(business: Business, from_us: int, until_us: int) -> tuple[Trace, dict[str, str]]:
    """The answers on the books that ended in [from_us, until_us), and the plan that each customer was on last.

    Failed ones are left out: nothing was charged for them. Raises Invalid when there are none.
    """
    receipts: list[Receipt] = []
    before = ""

    def read(connection: Connection) -> tuple[list[Receipt], str]:
        page = receipts_page(
            connection, Sought(from_us=from_us, until_us=until_us), before, RECEIPTS_READ_MAX, business.time_zone
        )  # fmt: skip
        return page.receipts, page.before

    while True:
        found, before = await business.database.read(read)
        receipts += [receipt for receipt in found if receipt.outcome != "failed"]
        if not before:
            break
    receipts.sort(key=lambda receipt: receipt.at_us)
    answers = [Answer(one.at_us, one.customer, one.model, one.usage, one.id) for one in receipts]
    return trace_of(answers, "the books"), {one.customer: one.plan for one in receipts}


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
