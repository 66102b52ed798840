"""A plan as people would write it: what was published can be read, changed in a line or two, and published again."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UnsetType

from solvent.app.plan_entries import (
    BatchEntry,
    BudgetEntry,
    IncludedEntry,
    LimitsEntry,
    PackEntry,
    PlanEntry,
    RateEntry,
    RequestLogEntry,
    SeatsEntry,
    TitleEntry,
    TrialEntry,
)
from solvent.billing.included import Included, is_unlimited
from solvent.billing.limits import BudgetRule
from solvent.billing.plan import Plan, batch_terms
from solvent.values.money import Money, plain


def written_plan(plan: Plan) -> PlanEntry:
    """The entry that `plan_of` makes this plan of. Whether a loss is meant is not kept with a plan."""
    currency = plan.currency
    return PlanEntry(
        name=plan.name, price=plain(plan.price), period=plan.period, beyond=plan.beyond,
        overage_most=_amount(plan.overage_most), at_break_even=plan.at_break_even, cheaper_class=plan.cheaper_class,
        break_even_alert_permille=plan.break_even_alert_permille, retry_days=plan.retry_days,
        grace_days=plan.grace_days, afterwards=plan.afterwards, tax_permille=plan.tax_permille,
        fee_permille=plan.fee_permille, fixed_month=_amount(plan.fixed_month),
        title=TitleEntry(plan.title.ko, plan.title.en), included=_quotas(plan.included, currency),
        trial=TrialEntry(plan.trial.days, _quotas(plan.trial.included, currency)) if plan.trial else TrialEntry(),
        seats=SeatsEntry(plan.seats.included, plain(plan.seats.price), plan.seats.most) if plan.seats else SeatsEntry(),
        limits=LimitsEntry(
            tuple(
                RateEntry(rate.per, rate.requests_per_minute, rate.tokens_per_minute, rate.at_once)
                for rate in plan.limits.rates
            ),
            tuple(_budget(rule, currency) for rule in plan.limits.budgets),
        ),
        packs=tuple(
            PackEntry(pack.name, plain(pack.price), _quota(pack.gives, currency), pack.valid_days)
            for pack in plan.packs
        ),
        batch=BatchEntry(batch_terms(plan).permille, batch_terms(plan).by_tariff),
        request_log=_request_log(plan),
    )  # fmt: skip


def short_entry(entry: msgspec.Struct) -> dict[str, Any]:
    """What is not as it would be anyway, for people to read."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(entry):
        value = getattr(entry, field.name)
        if field.required or value != field.default:
            found[field.encode_name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return short_entry(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | bool | int) else msgspec.to_builtins(value)


def _request_log(plan: Plan) -> RequestLogEntry | None:
    terms = plan.request_log
    return None if isinstance(terms, UnsetType) else RequestLogEntry(terms.keep, terms.redact, terms.days)


def _amount(amount: Money | None) -> str:
    return "0" if amount is None else plain(amount)


def _quotas(quotas: tuple[Included, ...], currency: str) -> tuple[IncludedEntry, ...]:
    return tuple(_quota(one, currency) for one in quotas)


def _quota(one: Included, currency: str) -> IncludedEntry:
    if one.unit == "money":
        amount, roll_over = (plain(Money(grains, currency)) for grains in (one.amount, one.roll_over))
        return IncludedEntry(money=amount, classes=one.classes, roll_over=roll_over, each_seat=one.each_seat)
    count = "unlimited" if is_unlimited(one) else one.amount
    members = {one.unit: count, "classes": one.classes, "roll_over": str(one.roll_over), "each_seat": one.each_seat}
    return IncludedEntry(**members)  # type: ignore[arg-type]


def _budget(rule: BudgetRule, currency: str) -> BudgetEntry:
    amount = plain(Money(rule.amount, currency)) if rule.unit == "money" else rule.amount
    members = {rule.unit: amount, "alert_permille": rule.alert_permille, "hard": rule.hard}
    return BudgetEntry(rule.per, rule.every, **members)  # type: ignore[arg-type]
