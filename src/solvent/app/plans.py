"""The plans on sale, from what people wrote: solvent.toml, YAML, a request, or what a new service starts with."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import UNSET

from solvent.app.config import Config
from solvent.app.plan_entries import (
    BatchEntry,
    BudgetEntry,
    IncludedEntry,
    PackEntry,
    PlanEntry,
    RequestLogEntry,
    demand_todays_words,
    log_terms,
)
from solvent.billing.included import Included, unlimited
from solvent.billing.included import Unit as QuotaUnit
from solvent.billing.limits import BudgetRule, Limits, RateRule
from solvent.billing.pack import Pack
from solvent.billing.plan import BatchTerms, LogTerms, Plan, Seats, Title, Trial
from solvent.billing.soundness import demand_sound
from solvent.values.errors import Invalid
from solvent.values.money import Money, money


def read_plans(config: Config) -> dict[str, Plan]:
    """Every plan by its name, amounts in the operator's currency. Raises Invalid naming plan and field."""
    plans = {entry.name: plan_of(entry, config.currency) for entry in entries(config)}
    if config.first_run.plan not in plans:
        known = ", ".join(plans)
        message = f"first_run: there is no plan {config.first_run.plan!r}; plans are: {known}"
        raise Invalid("bad_config", message, param="first_run.plan")
    if config.people.plan and config.people.plan not in plans:
        known = ", ".join(plans)
        message = f"people: there is no plan {config.people.plan!r}; plans are: {known}"
        raise Invalid("bad_config", message, param="people.plan")
    for plan in plans.values():
        if plan.afterwards and plan.afterwards not in plans:
            message = f"plan {plan.name!r}: afterwards names {plan.afterwards!r}, and there is no such plan"
            raise Invalid("bad_plan", message, param=f"plans.{plan.name}.afterwards")
    return plans


def meant_losses(config: Config) -> frozenset[str]:
    """The plans that may be published below their cost."""
    return frozenset(entry.name for entry in entries(config) if entry.at_a_loss)


def entries(config: Config) -> tuple[PlanEntry, ...]:
    """The plans as they are written: the configuration's, or those that come with the package."""
    return config.plans or _shipped(config.currency)


def read_plan_file(file: Path) -> tuple[PlanEntry, ...]:
    """The plans in a YAML file: a list of them, or a list under `plans`. Raises Invalid naming file and field."""
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  # keeps texts
    except OSError as wrong:
        raise Invalid("bad_plan", f"{file} cannot be read: {wrong.strerror}", param="plans") from None
    except (yaml.YAMLError, UnicodeDecodeError) as wrong:
        raise Invalid("bad_plan", f"{file} is not YAML: {wrong}", param="plans") from None
    return _read(document.get("plans") if isinstance(document, dict) else document, str(file))


def _shipped(currency: str) -> tuple[PlanEntry, ...]:
    text = (files("solvent") / "data" / "plans.yaml").read_text(encoding="utf-8")
    by_currency = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # keeps amounts texts
    return _read(by_currency.get(currency, [{"name": "pay-as-you-go"}]), "plans.yaml")


def _read(document: Any, where: str) -> tuple[PlanEntry, ...]:
    demand_todays_words(document, where)
    try:
        found = msgspec.convert(document, tuple[PlanEntry, ...], strict=False)
    except msgspec.ValidationError as wrong:
        raise Invalid("bad_plan", f"{where}: {wrong}", param="plans") from None
    names = [entry.name for entry in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Invalid("bad_plan", f"{where}: plan {twice[0][:60]!r} is there twice; names are unique", param="plans")
    return found


def plan_of(entry: PlanEntry, currency: str) -> Plan:
    """A plan as a value, its terms checked. Raises Invalid naming plan and field."""
    reader = _Reader(entry.name, currency)
    plan = Plan(
        name=entry.name,
        price=reader.amount(entry.price, "price"),
        period=entry.period,
        title=Title(entry.title.ko, entry.title.en),
        included=reader.quotas(entry.included, "included"),
        beyond=entry.beyond,
        overage_most=reader.amount(entry.overage_most, "overage_most") if entry.overage_most != "0" else None,
        trial=Trial(entry.trial.days, reader.quotas(entry.trial.included, "trial.included"))
        if entry.trial.days or entry.trial.included
        else None,
        seats=Seats(
            entry.seats.included,
            reader.amount(entry.seats.price, "seats.price"),
            entry.seats.most or entry.seats.included,
        )
        if entry.seats.included
        else None,
        limits=Limits(
            tuple(
                RateRule(rate.per, rate.requests_per_minute, rate.tokens_per_minute, rate.at_once)
                for rate in entry.limits.rates
            ),
            tuple(reader.budget(rule, f"limits.budgets.{n}") for n, rule in enumerate(entry.limits.budgets)),
        ),
        at_break_even=entry.at_break_even,
        cheaper_class=entry.cheaper_class,
        break_even_alert_permille=entry.break_even_alert_permille,
        retry_days=entry.retry_days,
        grace_days=entry.grace_days,
        afterwards=entry.afterwards,
        packs=tuple(reader.pack(pack, f"packs.{n}") for n, pack in enumerate(entry.packs)),
        tax_permille=entry.tax_permille,
        fee_permille=entry.fee_permille,
        fixed_month=reader.amount(entry.fixed_month, "fixed_month"),
        request_log=UNSET if entry.request_log is None else reader.log_terms(entry.request_log),
        batch=UNSET if entry.batch == BatchEntry() else BatchTerms(entry.batch.permille, entry.batch.by_tariff),
    )
    demand_sound(plan)
    return plan


class _Reader:
    """Reads the amounts of one plan; its errors say which plan and field."""

    def __init__(self, name: str, currency: str) -> None:
        self._name = name
        self._currency = currency

    def refuse(self, field: str, what: str) -> Invalid:
        return Invalid("bad_plan", f"plan {self._name[:60]!r}: {field} {what}", param=f"plans.{self._name}.{field}")

    def amount(self, text: str, field: str) -> Money:
        """Money, exactly."""
        try:
            return money(text, self._currency, field)
        except Invalid as wrong:
            message = f"plan {self._name[:60]!r}: {wrong.message}"
            raise Invalid("bad_plan", message, param=f"plans.{self._name}.{field}") from None

    def log_terms(self, entry: RequestLogEntry) -> LogTerms:
        try:
            return log_terms(entry)
        except Invalid as wrong:
            raise self.refuse("request_log", wrong.message) from None

    def quotas(self, written: tuple[IncludedEntry, ...], field: str) -> tuple[Included, ...]:
        return tuple(self.quota(entry, f"{field}.{n}") for n, entry in enumerate(written))

    def quota(self, entry: IncludedEntry, field: str) -> Included:
        unit, amount = self.counted(entry, field)
        roll_over = self.count(entry.roll_over, unit, f"{field}.roll_over")
        return Included(unit, amount, entry.classes, roll_over, entry.each_seat)

    def counted(self, entry: IncludedEntry | BudgetEntry, field: str) -> tuple[QuotaUnit, int]:
        """The one of answers, tokens and money that is written."""
        written: dict[QuotaUnit, int] = {
            "answers": unlimited("answers") if entry.answers == "unlimited" else entry.answers,
            "tokens": unlimited("tokens") if entry.tokens == "unlimited" else entry.tokens,
            "money": self.amount(entry.money, f"{field}.money").grains,
        }
        given = [unit for unit, amount in written.items() if amount]
        if len(given) != 1:
            which = " and ".join(given) if given else "none of answers, tokens and money"
            raise self.refuse(field, f"has {which}; write one of the three")
        return given[0], written[given[0]]

    def count(self, text: str, unit: QuotaUnit, field: str) -> int:
        """A whole number, or money."""
        if unit == "money":
            return self.amount(text, field).grains
        if not (text.isascii() and text.isdigit()) or len(text) > 15:
            raise self.refuse(field, f"is {text[:40]!r}; write a whole number")
        return int(text)

    def budget(self, entry: BudgetEntry, field: str) -> BudgetRule:
        unit, amount = self.counted(entry, field)
        return BudgetRule(entry.per, entry.every, unit, amount, entry.alert_permille, entry.hard)

    def pack(self, entry: PackEntry, field: str) -> Pack:
        price = self.amount(entry.price, f"{field}.price")
        return Pack(entry.name, price, self.quota(entry.gives, f"{field}.gives"), entry.valid_days)
