"""Whether a plan can make money at all: its net price against the cost of what it includes; so each pack and seat.

Asked before a plan is published. A loss is refused unless it is meant; what cannot be known is a warning.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from solvent.billing.included import Included, is_unlimited, issued
from solvent.billing.pack import Pack
from solvent.billing.plan import Plan, net_of, net_price, seats_fee
from solvent.values.errors import Refused
from solvent.values.money import Money, grains_per_unit, plain, round_half_even
from solvent.values.period import MONTHS

THOUSAND_TOKENS = 1_000


class ClassCost(msgspec.Struct, frozen=True):
    """What one class of model costs us, from receipts or rate cards; None for what nobody knows yet.

    answer_grains: one answer. thousand_tokens_grains: a thousand tokens, read and written in the usual proportion.
    list_permille: what answers cost, in thousandths of their list price.
    """

    name: str
    answer_grains: int | None = None
    thousand_tokens_grains: int | None = None
    list_permille: int | None = None


class Finding(msgspec.Struct, frozen=True):
    """What was found. kind: "loss" refuses, the others only tell. words: the arithmetic, in one sentence.

    period_grains: what is left of a whole period's price when all that it includes is used; below zero for a loss.
    pays_for: how many answers or tokens the price pays for, where they are unlimited; unit: which of the two.
    about: what is found to lose: "" for a period, "seat", or a pack's name. trial_grains: what a trial may cost.
    """

    kind: Literal["earns", "loss", "unlimited", "unknown"]
    words: str
    period_grains: int = 0
    pays_for: int = 0
    unit: str = ""
    about: str = ""
    trial_grains: int = 0


def weigh(plan: Plan, costs: tuple[ClassCost, ...]) -> Finding:
    """A whole period with all that is included used, at the cheapest class that may be used for each quota; so each
    pack, and each further seat. The first loss is what is found; what a trial may cost is said beside."""
    found = _weigh_period(plan, costs)
    for extra in (_weigh_seat(plan, costs), *(_weigh_pack(plan, pack, costs) for pack in plan.packs)):
        if found.kind != "loss" and extra is not None:
            found = extra
    trial = _cost_of(plan.trial.included, costs) if plan.trial else 0
    if trial:
        words = f"{found.words}; a trial may cost {_say(trial, plan)} and brings in nothing"
        found = msgspec.structs.replace(found, words=words, trial_grains=trial)
    return found


def _weigh_seat(plan: Plan, costs: tuple[ClassCost, ...]) -> Finding | None:
    """A loss that each seat beyond those included makes."""
    each = tuple(included for included in plan.included if included.each_seat)
    if plan.seats is None or plan.seats.most == plan.seats.included or not each:
        return None
    left = net_of(plan, plan.seats.price).grains - _cost_of(each, costs)
    return None if left >= 0 else _loss(plan, "seat", f"a further seat for {_say(plan.seats.price.grains, plan)}", left)


def _weigh_pack(plan: Plan, pack: Pack, costs: tuple[ClassCost, ...]) -> Finding | None:
    """A loss that a pack makes when all of it is used."""
    left = net_of(plan, pack.price).grains - _cost_of((pack.gives,), costs)
    what = f"pack {pack.name!r} for {_say(pack.price.grains, plan)}"
    return None if left >= 0 else _loss(plan, pack.name, what, left)


def _loss(plan: Plan, about: str, what: str, left: int) -> Finding:
    words = (
        f"plan {plan.name!r}: {what} loses {_say(-left, plan)} when all that it gives is used at the cheapest class; "
        "raise its price, give less, or say that it is meant (at_a_loss)"
    )
    return Finding("loss", words, left, about=about)


def _cost_of(quotas: tuple[Included, ...], costs: tuple[ClassCost, ...]) -> int:
    """What quotas of one seat cost when all is used, as far as that is known and bounded."""
    spent = 0
    for included in quotas:
        each = None if is_unlimited(included) else _cheapest(included, costs)
        if each is not None:
            spent += -(-included.amount * each[0] // each[1])
    return spent


def _weigh_period(plan: Plan, costs: tuple[ClassCost, ...]) -> Finding:
    if not plan.included:
        return Finding("earns", f"plan {plan.name!r} includes nothing, so it costs nothing until it is paid for")
    seats = plan.seats.included if plan.seats else 1
    months = MONTHS[plan.period]
    fixed = (plan.fixed_month.grains if plan.fixed_month else 0) * months
    net = net_price(plan).grains - fixed
    assert not seats_fee(plan, seats).grains, "included seats cost nothing more"
    parts, spent, endless, unknown = [], 0, [], []
    for included in plan.included:
        each = _cheapest(included, costs)
        if each is None:
            unknown.append(_words(included, seats, plan.currency))
        elif is_unlimited(included):
            endless.append((included.unit, *each))
        else:
            cost = -(-issued(included, seats) * each[0] // each[1])
            spent += cost
            parts.append(f"{_words(included, seats, plan.currency)} cost {_say(cost, plan)}")
    left = net - spent
    sentence = (
        f"plan {plan.name!r}: {_say(plan.price.grains, plan)} leave {_say(net, plan)} after tax, fees and fixed cost"
    )
    if parts:
        sentence += f"; {' and '.join(parts)} at the cheapest class"
    if left < 0:
        advice = "raise the price, include less, or say that it is meant (at_a_loss)"
        return Finding("loss", f"{sentence}: {_say(-left, plan)} lost each {plan.period}; {advice}", left)
    paid_for = [(left * denominator // grains, unit) for unit, grains, denominator in endless if grains]
    if paid_for:
        most, unit = min(paid_for)
        words = f"{sentence}; without a limit, it pays for {most} {unit} a {plan.period} and loses on each one more"
        return Finding("unlimited", words, left, most, unit)
    if unknown:
        words = f"{sentence}; what {' and '.join(unknown)} cost is not known yet, so nobody can say whether it earns"
        return Finding("unknown", words, left)
    return Finding("earns", f"{sentence}: {_say(left, plan)} left each {plan.period}", left)


def demand_no_loss(finding: Finding, *, at_a_loss: bool) -> None:
    """Raises Refused for a plan that loses money even at its own allowance, unless that is meant."""
    if finding.kind == "loss" and not at_a_loss:
        raise Refused("plan_at_a_loss", finding.words, param="at_a_loss")


def _cheapest(included: Included, costs: tuple[ClassCost, ...]) -> tuple[int, int] | None:
    """The least that one unit may cost us, as a numerator and a denominator; None when no class is known."""
    fitting = [cost for cost in costs if not included.classes or cost.name in included.classes]
    if included.unit == "answers":
        known, denominator = [cost.answer_grains for cost in fitting], 1
    elif included.unit == "tokens":
        known, denominator = [cost.thousand_tokens_grains for cost in fitting], THOUSAND_TOKENS
    else:
        known, denominator = [cost.list_permille for cost in fitting], 1000
    least = min((grains for grains in known if grains is not None), default=None)
    return None if least is None else (least, denominator)


def _words(included: Included, seats: int, currency: str) -> str:
    amount = issued(included, seats)
    words = f"{amount} {included.unit}"
    if is_unlimited(included):
        words = f"unlimited {included.unit}"
    elif included.unit == "money":
        words = f"{plain(Money(amount, currency))} {currency} of answers at list price"
    return f"{words} ({', '.join(included.classes)})" if included.classes else words


def _say(grains: int, plan: Plan) -> str:
    """An amount for people: rounded to a thousandth of a whole unit."""
    step = grains_per_unit(plan.currency) // 1000
    return f"{plain(Money(round_half_even(grains, step) * step, plan.currency))} {plan.currency}"
