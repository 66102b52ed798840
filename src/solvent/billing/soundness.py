"""Whether a plan makes sense, wherever it was written: a file, the API, the command line.

Every refusal names the field as the plan's file writes it, the value, and what may stand there.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from solvent.billing.included import Included, is_unlimited, place, unlimited
from solvent.billing.limits import Limits
from solvent.billing.pack import Pack
from solvent.billing.plan import Plan, batch_terms
from solvent.values.errors import Invalid
from solvent.values.limits import NAME_CHARACTERS_MAX, PLAN_LIST_MAX, PLAN_UNITS_MAX, SEATS_MAX
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money, grains_per_unit, minor_digits, plain

DAYS_MAX: Final = 3_660
UNPAID_DAYS_MAX: Final = 27  # less than any period: who has not paid one does not begin the next
COUNT_MAX: Final = 10**12  # answers, tokens, requests: a million pots of it still fit the books
_NAME = re.compile(r"[^\s:/]+\Z")
_CLASS = re.compile(r"[\w.-]{1,40}\Z")


def demand_sound(plan: Plan) -> None:
    """Raises Invalid for the first thing that cannot be, naming its field."""
    check = _Check(plan)
    check.name(plan.name, "name")
    for language, words in (("ko", plan.title.ko), ("en", plan.title.en)):
        if len(words) > NAME_CHARACTERS_MAX or not words.isprintable():
            check.refuse(f"title.{language}", f"is {words[:40]!r}; write up to {NAME_CHARACTERS_MAX} characters")
    check.money(plan.price, "price", whole=True)
    if plan.fixed_month is not None:
        check.money(plan.fixed_month, "fixed_month")
    check.between(plan.tax_permille, 0, 500, "tax_permille")
    check.between(plan.fee_permille, 0, 500, "fee_permille")
    check.between(plan.grace_days, 0, UNPAID_DAYS_MAX, "grace_days")
    if list(plan.retry_days) != sorted({day for day in plan.retry_days if 1 <= day <= UNPAID_DAYS_MAX}):
        check.refuse("retry_days", f"is {list(plan.retry_days)}; write growing days from 1 to {UNPAID_DAYS_MAX}")
    check.quotas(plan.included, "included")
    _demand_beyond(plan, check)
    if plan.trial is not None:
        check.between(plan.trial.days, 1, DAYS_MAX, "trial.days")
        check.quotas(plan.trial.included, "trial.included")
    if plan.seats is not None:
        check.between(plan.seats.included, 1, SEATS_MAX, "seats.included")
        check.between(plan.seats.most, plan.seats.included, SEATS_MAX, "seats.most")
        check.money(plan.seats.price, "seats.price", whole=True)
    check.limits(plan.limits)
    check.between(plan.break_even_alert_permille, 0, 1000, "break_even_alert_permille")
    if (plan.at_break_even == "cheaper") != bool(plan.cheaper_class):
        check.refuse(
            "cheaper_class", "goes with at_break_even: cheaper, and only with it; name the class to go on with"
        )
    if plan.cheaper_class:
        check.classes((plan.cheaper_class,), "cheaper_class")
    if plan.afterwards == plan.name:
        check.refuse("afterwards", "names this plan itself; name another, or leave it out to end without a plan")
    check.packs(plan.packs)
    check.between(batch_terms(plan).permille, 1, 1000, "batch.permille")


def demand_served(plan: Plan, classes: Collection[str]) -> None:
    """Raises Invalid for a class of models that none here is of: what is included of it could never be used."""
    trial = plan.trial.included if plan.trial is not None else ()
    named = [(f"included.{n}.classes", one.classes) for n, one in enumerate(plan.included)]
    named += [(f"trial.included.{n}.classes", one.classes) for n, one in enumerate(trial)]
    named += [(f"packs.{n}.gives.classes", pack.gives.classes) for n, pack in enumerate(plan.packs)]
    named += [("cheaper_class", (plan.cheaper_class,) if plan.cheaper_class else ())]
    for field, wanted in named:
        for name in wanted:
            if name not in classes:
                known = ", ".join(sorted(classes))
                _Check(plan).refuse(field, f"has {name!r}, and no model here is of it; classes are: {known}")


def _demand_beyond(plan: Plan, check: _Check) -> None:
    if plan.beyond == "overage" and plan.overage_most is None:
        check.refuse("overage_most", "is needed with beyond: overage; say how much may be used before it is invoiced")
    if plan.overage_most is not None:
        if plan.beyond != "overage":
            check.refuse("overage_most", "goes with beyond: overage only")
        check.money(plan.overage_most, "overage_most")
        if not plan.overage_most.grains:
            check.refuse("overage_most", "is 0, so nothing could be used; write beyond: stop instead")


class _Check:
    """What is asked of the parts of one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        minor_digits(plan.currency)

    def refuse(self, field: str, what: str) -> None:
        name = self._plan.name[:NAME_CHARACTERS_MAX]
        raise Invalid("bad_plan", f"plan {name!r}: {field} {what}", param=f"plans.{name}.{field}")

    def name(self, name: str, field: str) -> None:
        is_path = name in (".", "..")  # which no address leads to
        if not 1 <= len(name) <= NAME_CHARACTERS_MAX or is_path or not _NAME.match(name) or not name.isprintable():
            what = f"is {name[:40]!r}; write 1 to {NAME_CHARACTERS_MAX} characters without spaces, ':' and '/'"
            self.refuse(field, what)

    def between(self, number: int, least: int, most: int, field: str) -> None:
        if not least <= number <= most:
            self.refuse(field, f"is {number}; write {least} to {most}")

    def money(self, amount: Money, field: str, *, whole: bool = False) -> None:
        if amount.currency != self._plan.currency:
            self.refuse(field, f"is in {amount.currency}; all amounts of a plan are in one currency")
        if not 0 <= amount.grains <= PLAN_UNITS_MAX * grains_per_unit(amount.currency):
            self.refuse(field, f"is {plain(amount)} {amount.currency}; write 0 to {PLAN_UNITS_MAX}")
        if whole and amount.grains % GRAINS_PER_MINOR_UNIT:
            digits = minor_digits(amount.currency)
            what = f"is {plain(amount)} {amount.currency}; invoices of {amount.currency} have {digits} decimals"
            self.refuse(field, what)

    def few(self, count: int, field: str) -> None:
        if count > PLAN_LIST_MAX:
            self.refuse(field, f"has {count} entries; at most {PLAN_LIST_MAX}")

    def classes(self, classes: tuple[str, ...], field: str) -> None:
        self.few(len(classes), field)
        for name in classes:
            if not _CLASS.match(name):
                self.refuse(field, f"has {name[:40]!r}; a class of models has letters, digits, '.', '_' and '-'")
        if len(set(classes)) < len(classes):
            self.refuse(field, "names a class twice")

    def quotas(self, quotas: tuple[Included, ...], field: str) -> None:
        self.few(len(quotas), field)
        for n, included in enumerate(quotas):
            self.quota(included, f"{field}.{n}")
        places = [place(included) for included in quotas]
        for n, name in enumerate(places):
            if name in places[:n]:
                self.refuse(f"{field}.{n}", "is for the same unit and classes as one before; make them one")

    def quota(self, included: Included, field: str) -> None:
        self.classes(included.classes, f"{field}.classes")
        if included.unit == "money":
            self.money(Money(included.amount, self._plan.currency), f"{field}.money")
            self.money(Money(included.roll_over, self._plan.currency), f"{field}.roll_over")
            if not included.amount:
                self.refuse(f"{field}.money", "is 0; leave the entry out")
        else:
            most = unlimited(included.unit)
            self.between(included.amount, 1, most, f"{field}.{included.unit}")
            self.between(included.roll_over, 0, most, f"{field}.roll_over")
        if is_unlimited(included) and included.roll_over:
            self.refuse(f"{field}.roll_over", "cannot be: nothing is left of what has no limit")
        if included.each_seat and self._plan.seats is None:
            self.refuse(f"{field}.each_seat", "is for plans with seats; write seats, or leave it out")

    def limits(self, limits: Limits) -> None:
        self.few(len(limits.rates), "limits.rates")
        self.few(len(limits.budgets), "limits.budgets")
        for n, rate in enumerate(limits.rates):
            for name in ("requests_per_minute", "tokens_per_minute", "at_once"):
                self.between(getattr(rate, name), 0, COUNT_MAX, f"limits.rates.{n}.{name}")
            if rate.per in [other.per for other in limits.rates[:n]]:
                self.refuse(f"limits.rates.{n}.per", f"is {rate.per!r} a second time; make them one")
        known = set()
        for n, rule in enumerate(limits.budgets):
            field = f"limits.budgets.{n}"
            if rule.unit == "money":
                self.money(Money(rule.amount, self._plan.currency), f"{field}.money")
            else:
                self.between(rule.amount, 0, COUNT_MAX, f"{field}.{rule.unit}")
            self.between(rule.alert_permille, 0, 1000, f"{field}.alert_permille")
            if rule.per == "plan" and rule.every == "period":
                self.refuse(
                    f"{field}.every", "is 'period', but each customer's begins on another day; write day or month"
                )
            if (rule.per, rule.every, rule.unit) in known:
                self.refuse(field, "is for the same scope, time and unit as one before; make them one")
            known.add((rule.per, rule.every, rule.unit))

    def packs(self, packs: tuple[Pack, ...]) -> None:
        self.few(len(packs), "packs")
        for n, pack in enumerate(packs):
            field = f"packs.{n}"
            self.name(pack.name, f"{field}.name")
            self.money(pack.price, f"{field}.price", whole=True)
            self.between(pack.valid_days, 1, DAYS_MAX, f"{field}.valid_days")
            self.quota(pack.gives, f"{field}.gives")
            if pack.gives.roll_over or pack.gives.each_seat:
                self.refuse(f"{field}.gives", "neither rolls over nor is given for each seat: it is bought once")
            if pack.name in [other.name for other in packs[:n]]:
                self.refuse(f"{field}.name", f"is {pack.name!r} a second time; names are unique")
