"""How much and how fast: budgets of a key, user, customer or plan for a time, and rates.

A plan says what holds for everybody on it; an override says it for one of them. A hard budget refuses, a soft one
only tells. In the ledger a budget is a pot whose account names its scope and its time, so it fills itself anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from solvent.billing.included import Unit
from solvent.ledger import unit as units
from solvent.ledger.account import budget as budget_account
from solvent.ledger.pot import Kind, Pot
from solvent.values.errors import Invalid
from solvent.values.ids import CustomerId, KeyId
from solvent.values.limits import BUDGET_MAX
from solvent.values.period import Period, day_name, day_number, month_number, next_month, start_of_day, start_of_month

Per = Literal["key", "user", "customer", "plan"]
Span = Literal["day", "month", "period"]  # a calendar day or month, or the subscription's own period


class BudgetRule(msgspec.Struct, frozen=True):
    """At most `amount` for each key, user or customer, or for all customers of the plan together.

    amount: whole answers or tokens, or grains of answers at list price, whoever pays for them.
    alert_permille: an alert is raised at that much of it; 0 for none. hard: beyond it is refused.
    """

    per: Per
    every: Span
    unit: Unit
    amount: int
    alert_permille: int = 0
    hard: bool = True


class RateRule(msgspec.Struct, frozen=True):
    """How fast each key, user or customer may ask. 0 for no limit.

    at_once: answers under way at the same time.
    """

    per: Per
    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    at_once: int = 0


class Limits(msgspec.Struct, frozen=True):
    """All limits of a plan. At most one rate rule for each `per`, one budget for each `per`, span and unit."""

    rates: tuple[RateRule, ...] = ()
    budgets: tuple[BudgetRule, ...] = ()


class Override(msgspec.Struct, frozen=True):
    """A budget of one scope, in place of the plan's. Its fields are the columns of `budgets`, in their order.

    scope: see `scope`. hard: 1 or 0.
    """

    scope: str
    every: Span
    unit: Unit
    amount: int
    alert_permille: int
    hard: int


class Asker(msgspec.Struct, frozen=True):
    """For whom limits are asked. user: as the customer named them; "" for nobody."""

    plan: str
    customer: CustomerId
    key: KeyId
    user: str = ""


class Budget(msgspec.Struct, frozen=True):
    """One budget in force: the pot to draw from beside what pays, and what is in it when it opens."""

    pot: Pot
    amount: int
    hard: bool


def scope(per: Per, asker: Asker) -> str:
    """Whom a budget or rate is for, as in account names: "key:key_1", "user:cus_1:kim". "" for a user not named."""
    if per == "user":
        return f"user:{asker.customer}:{_escaped(asker.user)}" if asker.user else ""
    return f"{per}:{asker.key if per == 'key' else asker.customer if per == 'customer' else asker.plan}"


def scope_as_kept(written: str) -> str:
    """A scope as somebody writes it, as account names have it: the same, but for colons in a user's name."""
    kind, _, whose = written.partition(":")
    customer, _, user = whose.partition(":")
    return f"user:{customer}:{_escaped(user)}" if kind == "user" and user else written


def _escaped(user: str) -> str:
    """A colon in a user's name would make it another account's path."""
    return user.replace("%", "%25").replace(":", "%3A")


def budgets_for(
    rules: tuple[BudgetRule, ...], asker: Asker, overrides: Iterable[Override], currency: str, period: Period,
    at_us: int, in_zone: ZoneInfo,
) -> tuple[Budget, ...]:  # fmt: skip
    """The budgets that limit an answer asked now. Each override of a scope takes the place of the plan's rule.

    overrides: of any scopes; those of others are left out. period: the subscription's. currency: of money budgets.
    """
    ruled = {(scope(rule.per, asker), rule.every, rule.unit): rule for rule in rules if scope(rule.per, asker)}
    scopes = {scope("key", asker), scope("user", asker), scope("customer", asker), scope("plan", asker)} - {""}
    for own in overrides:
        if own.scope in scopes:
            ruled[own.scope, own.every, own.unit] = rule_of(own)
    found = (
        _budget(who, rule, asker.customer, currency, period, at_us, in_zone) for (who, _, _), rule in ruled.items()
    )
    # One of a period that is over, and not yet renewed, is not in force, and none of it is used.
    in_force = (budget for budget in found if budget.pot.opens_us <= at_us < budget.pot.expires_us)
    return tuple(sorted(in_force, key=lambda budget: budget.pot.account))


def monthly_account(who: str, at_us: int, in_zone: ZoneInfo) -> str:
    """The account of a budget of money for the calendar month that an instant is in. who: see `scope`."""
    return budget_account(who, f"{month_number(at_us, in_zone)}.money")


def rates_for(rules: tuple[RateRule, ...], asker: Asker) -> tuple[tuple[str, RateRule], ...]:
    """The rates that limit a question asked now, each with the scope it counts for."""
    named = ((scope(rule.per, asker), rule) for rule in rules)
    return tuple((who, rule) for who, rule in named if who)


def _budget(
    who: str, rule: BudgetRule, customer: CustomerId, currency: str, period: Period, at_us: int, in_zone: ZoneInfo
) -> Budget:
    name, opens_us, expires_us = _span(rule.every, period, at_us, in_zone)
    owner = CustomerId("") if rule.per == "plan" else customer  # a plan's budget belongs to nobody alone
    unit = budget_unit(rule.unit, currency)
    account = budget_account(who, f"{name}.{rule.unit}")
    kind: Kind = "budget" if rule.hard else "watch"
    pot = Pot(account, unit, owner, kind, "", opens_us, expires_us, alert_grains(rule))
    return Budget(pot, rule.amount, rule.hard)


def alert_grains(rule: BudgetRule) -> int:
    """When so much is used an alarm is raised; a soft budget raises one at all of it, if not before."""
    return rule.amount * (rule.alert_permille or (0 if rule.hard else 1000)) // 1000


def rule_of(override: Override) -> BudgetRule:
    """The rule that an override stands for."""
    return BudgetRule(
        _per(override.scope), override.every, override.unit, override.amount, override.alert_permille,
        bool(override.hard),
    )  # fmt: skip


def budget_unit(unit: Unit, currency: str) -> str:
    """What the pot of a budget counts."""
    if unit == "money":
        return units.spending(currency)
    return units.ANSWERS if unit == "answers" else units.TOKENS


def _span(every: Span, period: Period, at_us: int, in_zone: ZoneInfo) -> tuple[str, int, int]:
    """A name that no other time of this span has, and its edges."""
    if every == "day":
        day = day_number(at_us, in_zone)
        return day_name(day), start_of_day(day, in_zone), start_of_day(day + 1, in_zone)
    if every == "month":
        month = month_number(at_us, in_zone)
        return str(month), start_of_month(month, in_zone), start_of_month(next_month(month), in_zone)
    return f"p{period.start_us}", period.start_us, period.end_us


def _per(who: str) -> Per:
    kind = who.partition(":")[0]
    assert kind in ("key", "user", "customer", "plan"), f"{who} is no scope"
    return kind  # type: ignore[return-value]


def is_named(name: str, every: Span, unit: Unit) -> bool:
    """Whether what follows the scope in a budget's account is of this span and unit; see `budgets_for`."""
    span, _, counted = name.rpartition(".")
    kind: Span = "period" if span.startswith("p") else "day" if "-" in span else "month"
    return counted == unit and kind == every


def demand_override(override: Override, customer: CustomerId) -> None:
    """Raises Invalid naming the field of a budget that cannot be set. customer: whose it is; "" for a plan's."""
    kind, _, whose = override.scope.partition(":")
    mine = {"key": whose, "plan": "" if customer else whose, "customer": whose == customer and whose}
    fits = mine.get(kind) if kind != "user" else customer and whose.startswith(f"{customer}:") and whose[-1] != ":"
    if not fits:
        message = f"scope: {override.scope[:60]!r} is no key, user, customer or plan of theirs; write like key:key_1"
        raise Invalid("bad_budget", message, param="scope")
    if not 0 <= override.amount <= BUDGET_MAX:
        message = f"amount: {override.amount} is not 0 to {BUDGET_MAX}, in whole pieces or grains"
        raise Invalid("bad_budget", message, param="amount")
    if not 0 <= override.alert_permille <= 1000:
        message = f"alert_permille: {override.alert_permille} is not 0 to 1000; 800 is at four fifths"
        raise Invalid("bad_budget", message, param="alert_permille")
    if kind == "plan" and override.every == "period":
        message = "every: each customer's period begins on another day; a plan's budget is for a day or a month"
        raise Invalid("bad_budget", message, param="every")
