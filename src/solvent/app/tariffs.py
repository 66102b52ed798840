"""Who might buy a tariff, from the books or a file; and a tariff as a plan that `solvent plans` takes."""

from __future__ import annotations

from typing import Final

import numpy as np
import yaml

from solvent.app.plans import plan_of
from solvent.app.written_plan import short_entry, written_plan
from solvent.billing.included import Included, unlimited
from solvent.billing.plan import Plan
from solvent.simulation.demand import Market
from solvent.simulation.outcome import Outcome
from solvent.simulation.tariff_contest import Contest, Contestants, Found, Regime
from solvent.values.errors import Invalid
from solvent.values.limits import TARIFF_CUSTOMERS_MAX
from solvent.values.money import Money, grains_per_unit, plain, round_half_even

_MONTH_US: Final = 30.4375 * 86_400 * 10**6
_DAY_US: Final = 86_400 * 10**6


def contestants(outcome: Outcome, *, is_today: bool) -> Contestants:
    """The customers of an outcome as they ask a month. is_today: what they pay in it is what they pay now.

    Raises Invalid for less than a day of answers.
    """
    if outcome.until_us - outcome.from_us < _DAY_US:
        message = "this traffic is less than a day of answers, too short to say what customers ask a month"
        raise Invalid("bad_scenario", message, param="trace")
    months, unit = (outcome.until_us - outcome.from_us) / _MONTH_US, grains_per_unit(outcome.currency)
    lines = [line for line in outcome.lines if line.answers + line.refused]
    asked = [(line.answers + line.refused) / months for line in lines]
    paid = [(line.fee_grains / line.months + line.charge_grains / months) / unit if is_today else 0.0 for line in lines]
    customers = min(len(asked), TARIFF_CUSTOMERS_MAX)
    return Contestants(outcome.source, customers, Market(np.array(asked), np.array(paid)))


def cost_each(outcome: Outcome) -> float:
    """What an answer of an outcome cost on average, in whole units. Raises Invalid where nothing was answered."""
    total = outcome.total
    if not total.answers:
        raise Invalid("bad_scenario", "nothing was answered in this traffic; say with --cost what an answer costs")
    return total.cost_grains / total.answers / grains_per_unit(outcome.currency)


def advised(regime: Regime) -> Found:
    """The tariff that is advised. Raises Invalid where none leaves anything."""
    for found in regime.found:
        if found.shape == regime.advice:
            return found
    raise Invalid("bad_scenario", "no tariff leaves anything at this cost, so there is no plan to write", param="write")


def tariff_plan(name: str, found: Found, contest: Contest) -> Plan:
    """The tariff as the plan that bills. An answer beyond is paid at list price: `price_card` says what that must be.

    Raises Invalid naming what no plan can say.
    """
    currency, terms = contest.currency, contest.terms
    fixed = round(terms.fixed * grains_per_unit(currency))
    included: tuple[Included, ...] = ()
    if found.allowance is None:
        included = (Included("answers", unlimited("answers")),)
    elif found.allowance:
        included = (Included("answers", found.allowance),)
    is_billed = found.price_grains is not None
    plan = Plan(
        name=name, price=Money(found.fee_grains, currency), included=included,
        beyond="overage" if is_billed else "stop",
        overage_most=_credit(found, currency) if is_billed else None, tax_permille=terms.tax_permille,
        fee_permille=terms.fee_permille, fixed_month=Money(fixed, currency) if fixed else None,
    )  # fmt: skip
    return plan_of(written_plan(plan), currency)  # sound, or Invalid


def _credit(found: Found, currency: str) -> Money:
    """The most used on account in a period: the largest bill of anybody who asked as they do now, in whole units."""
    unit = grains_per_unit(currency)
    return Money(max(1, -(-found.beyond_most_grains // unit)) * unit, currency)


def plan_text(plan: Plan, found: Found, contest: Contest, cost_grains: int) -> str:
    """The plan as YAML for `solvent plans publish`, with what it was found by above it."""
    said = short_entry(written_plan(plan))
    if found.allowance and _all_used_loses(plan, found, contest, cost_grains):
        said["at_a_loss"] = "true"
    return _head(found, contest, cost_grains) + yaml.safe_dump([said], allow_unicode=True, sort_keys=False)


def price_card(name: str, found: Found, contest: Contest, day: str) -> str:
    """A rate card by which every answer beyond the allowance is sold at the tariff's price. day: from when."""
    assert found.price_grains is not None, "a tariff without a price beyond needs no card"
    price = plain(Money(found.price_grains, contest.currency))
    entry = {"from": day, "answer": price, "input": "0", "output": "0", "source": "solvent simulate optimise"}
    document = {"card": name, "currency": contest.currency, "entries": [entry]}
    return _head(found, contest, None) + yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def _all_used_loses(plan: Plan, found: Found, contest: Contest, cost_grains: int) -> bool:
    left = round_half_even(round(contest.terms.net * 10**9) * plan.price.grains, 10**9)
    fixed = plan.fixed_month.grains if plan.fixed_month else 0
    return (found.allowance or 0) * cost_grains + fixed > left


def _head(found: Found, contest: Contest, cost_grains: int | None) -> str:
    profit = plain(Money(found.profit_grains.usual, contest.currency))
    lines = [
        f"found by solvent simulate optimise: {found.shape}, seed {contest.seed}, {contest.seeds} draws of"
        f" {contest.customers} customers of {contest.source};",
        f"it leaves about {profit} {contest.currency} a month of each who might buy, on assumed demand.",
    ]
    if cost_grains is not None:
        lines.append(f"an answer was taken to cost {plain(Money(cost_grains, contest.currency))} {contest.currency}.")
    if cost_grains is not None and found.price_grains is not None:
        price = plain(Money(found.price_grains, contest.currency))
        lines.append(
            f"answers beyond are paid at list price, which must average {price} {contest.currency}: sell the model"
        )
        lines.append("by the price card written beside this, or scale your own. overage_most is credit: lower it.")
    return "".join(f"# {line}\n" for line in lines)
