"""The plans on sale: the configuration's, or those a new service starts with."""

from __future__ import annotations

from importlib.resources import files

import msgspec
import yaml

from solvent.app.config import Config, PlanEntry
from solvent.billing.plan import Plan
from solvent.values.errors import Invalid
from solvent.values.money import money


def read_plans(config: Config) -> dict[str, Plan]:
    """Every plan by its name, amounts in the operator's currency. Raises Invalid naming plan and field."""
    entries = config.plans or _shipped(config.currency)
    plans = {entry.name: _plan(entry, config.currency) for entry in entries}
    if config.first_run.plan not in plans:
        known = ", ".join(plans)
        message = f"first_run: there is no plan {config.first_run.plan!r}; plans are: {known}"
        raise Invalid("bad_config", message, param="first_run.plan")
    return plans


def _shipped(currency: str) -> tuple[PlanEntry, ...]:
    text = (files("solvent") / "data" / "plans.yaml").read_text(encoding="utf-8")
    by_currency = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # keeps amounts texts
    entries = by_currency.get(currency, [{"name": "pay-as-you-go"}])
    return msgspec.convert(entries, tuple[PlanEntry, ...], strict=False)


def _plan(entry: PlanEntry, currency: str) -> Plan:
    amounts = [
        money(getattr(entry, field), currency, f"plan {entry.name!r}: {field}")
        for field in ("price_month", "wallet_month", "fixed_month")
    ]
    if min(amount.grains for amount in amounts) < 0:
        raise Invalid("bad_config", f"plan {entry.name!r}: an amount is below zero")
    return Plan(entry.name, amounts[0], amounts[1], entry.tax_permille, entry.fee_permille, amounts[2])
