"""A scenario: the plans, prices, models and cache rates that a trace is replayed through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from solvent.billing.plan import Plan
from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import RateCard
from solvent.values.errors import Invalid

WHOLE_PERMILLE: Final = 1000


class Sold(msgspec.Struct, frozen=True):
    """A model as it is sold: its cards in the two books, from old to new, and what plans call models of its kind.

    other_costs: the cards of other upstreams, by their names, for answers of which it is known who gave them.
    """

    price_cards: tuple[RateCard, ...]
    cost_cards: tuple[RateCard, ...]
    model_class: str = "standard"
    other_costs: Mapping[str, tuple[RateCard, ...]] = {}


class Share(msgspec.Struct, frozen=True):
    """Routing: of the answers that a trace has of `model`, so many thousandths come from `instead`."""

    model: str
    instead: str
    permille: int


def has_cards(varies: Sequence[Variation]) -> bool:
    """Whether something in it is sold or costs otherwise than by the cards in force."""
    return any(of.what in ("price", "cost") for of in varies)


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What might have been.

    plans: by name. plan: that of every customer who is not in `on`, a plan's name by customer.
    sold: models by name. shares: what is routed elsewhere. cached_permille: of all that was read as text, so many
    thousandths from a cache, in place of what the trace says; None as the trace says.
    exchanges: from what cards are in to `currency`, the operator's. time_zone: whose months are the plans' periods.
    """

    name: str
    currency: str
    time_zone: str
    plans: Mapping[str, Plan]
    plan: str
    sold: Mapping[str, Sold]
    on: Mapping[str, str] = {}
    shares: tuple[Share, ...] = ()
    cached_permille: int | None = None
    exchanges: tuple[Exchange, ...] = ()

    def costs_at_home(self, others: Iterable[str]) -> bool:
        """Whether all that answers may cost is in its own currency. others: upstreams' cards that answers had."""
        costs = [
            cards for sold in self.sold.values()
            for cards in (sold.cost_cards, *(sold.other_costs.get(name, ()) for name in others))
        ]  # fmt: skip
        return all(card.currency == self.currency for cards in costs for card in cards)


class Variation(msgspec.Struct, frozen=True):
    """One thing in which a scenario differs from how things are.

    what: plan (everybody on `name`); price, cost (other cards of the model `name`); share (so many thousandths of the
    answers of `name` come from `instead`); cache (so many thousandths of what is read).
    """

    what: Literal["plan", "price", "cost", "share", "cache"]
    name: str = ""
    instead: str = ""
    permille: int | None = None


def variations(base: Scenario, of: Scenario) -> tuple[Variation, ...]:
    """In what a scenario differs from another, that of how things are."""
    found = [] if of.on or of.name == of.plan else [Variation("plan", of.plan)]
    for name, sold in of.sold.items():
        was = base.sold.get(name)
        if was is None or sold.price_cards != was.price_cards:
            found.append(Variation("price", name))
        if was is None or sold.cost_cards != was.cost_cards:
            found.append(Variation("cost", name))
    found += [Variation("share", one.model, one.instead, one.permille) for one in of.shares if one not in base.shares]
    if of.cached_permille != base.cached_permille:
        found.append(Variation("cache", permille=of.cached_permille))
    return tuple(found)


def demand_replayable(scenario: Scenario) -> None:
    """Raises Invalid naming what is not there, or outside its range."""
    for name in (scenario.plan, *sorted(set(scenario.on.values()))):
        if name not in scenario.plans:
            known = ", ".join(sorted(scenario.plans)) or "none"
            raise Invalid("bad_scenario", f"there is no plan {name[:60]!r} to replay; plans are: {known}", param="plan")
    for plan in scenario.plans.values():
        if plan.currency != scenario.currency:
            message = f"plan {plan.name!r} is in {plan.currency} and the books in {scenario.currency}; write it so"
            raise Invalid("bad_scenario", message, param="plan")
    for share in scenario.shares:
        if share.instead not in scenario.sold:
            known = ", ".join(sorted(scenario.sold)) or "none"
            message = f"share: there is no model {share.instead[:60]!r} to route to; models are: {known}"
            raise Invalid("bad_scenario", message, param="share")
        _demand_permille("share", share.permille)
    if scenario.cached_permille is not None:
        _demand_permille("cached", scenario.cached_permille)
    for model in {share.model for share in scenario.shares}:
        if sum(share.permille for share in scenario.shares if share.model == model) > WHOLE_PERMILLE:
            message = f"share: more than all answers of {model[:60]!r} are routed elsewhere; shares sum to 1000 at most"
            raise Invalid("bad_scenario", message, param="share")


def _demand_permille(what: str, permille: int) -> None:
    if not 0 <= permille <= WHOLE_PERMILLE:
        raise Invalid("bad_scenario", f"{what}: {permille} thousandths are not 0 to {WHOLE_PERMILLE}", param=what)
