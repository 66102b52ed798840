"""Plans as people write them, in solvent.toml, in a YAML file or in a request: one shape for all three.

Amounts are texts, so that they stay exact; counts are whole numbers. `app/plans.py` makes values of them.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from solvent.billing.limits import Per, Span
from solvent.billing.plan import BREAK_EVEN_ALERT_PERMILLE, GRACE_DAYS, RETRY_DAYS, AtBreakEven, Beyond, Keep, LogTerms
from solvent.guards.personal import FINDERS
from solvent.values.errors import Invalid
from solvent.values.limits import LOG_DAYS_MAX
from solvent.values.period import Every

REDACTED: Final = tuple(FINDERS)  # unless less is asked for
Permille = Annotated[int, Meta(ge=0, le=1000)]


class TitleEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The plan's name as customers read it."""

    ko: Annotated[str, Meta(description="in Korean; the plan's name when empty")] = ""
    en: Annotated[str, Meta(description="in English; the plan's name when empty")] = ""


class IncludedEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One quota of a period: answers, tokens or money, one of the three."""

    answers: Annotated[int | Literal["unlimited"], Meta(description='how many answers, or "unlimited"')] = 0
    tokens: Annotated[
        int | Literal["unlimited"], Meta(description='how many tokens, read and written together, or "unlimited"')
    ] = 0
    money: Annotated[str, Meta(description="how much money's worth of answers, at list price")] = "0"
    classes: Annotated[tuple[str, ...], Meta(description="for which classes of models; for all when empty")] = ()
    roll_over: Annotated[str, Meta(description="the most of what is left that goes into the next period")] = "0"
    each_seat: Annotated[bool, Meta(description="whether it is given for every seat, into one pot for all")] = False


class TrialEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A free time before the first period."""

    days: Annotated[int, Meta(description="how many days; 0 for no trial", ge=0)] = 0
    included: tuple[IncludedEntry, ...] = ()


class SeatsEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seats, for customers with many users."""

    included: Annotated[int, Meta(description="seats within the price; 0 for a plan without seats", ge=0)] = 0
    price: Annotated[str, Meta(description="what each further seat costs a period, tax included")] = "0"
    most: Annotated[int, Meta(description="how many there may be; 0 for no more than are included", ge=0)] = 0


class RateEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How fast each key, user or customer may ask."""

    per: Annotated[Per, Meta(description="what is counted: key, user, customer or plan")]
    requests_per_minute: Annotated[int, Meta(description="requests in a minute; 0 for any", ge=0)] = 0
    tokens_per_minute: Annotated[int, Meta(description="tokens in a minute; 0 for any", ge=0)] = 0
    at_once: Annotated[int, Meta(description="answers under way at the same time; 0 for any", ge=0)] = 0


class BudgetEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much each key, user or customer may use: answers, tokens or money, one of the three."""

    per: Annotated[Per, Meta(description="what is counted: key, user, customer, or all customers of the plan")]
    every: Annotated[Span, Meta(description="for how long: a calendar day or month, or the plan's period")]
    answers: Annotated[int, Meta(description="at most so many answers", ge=0)] = 0
    tokens: Annotated[int, Meta(description="at most so many tokens", ge=0)] = 0
    money: Annotated[str, Meta(description="at most so much at list price, whoever pays")] = "0"
    alert_permille: Annotated[Permille, Meta(description="raise an alert at this much of it; 0 for none")] = 0
    hard: Annotated[bool, Meta(description="refuse beyond it; false only tells")] = True


class LimitsEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of everybody on the plan."""

    rates: tuple[RateEntry, ...] = ()
    budgets: tuple[BudgetEntry, ...] = ()


class PackEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pack on sale with the plan: so much for so long, paid once."""

    name: Annotated[str, Meta(description="the pack's name")]
    price: Annotated[str, Meta(description="what it costs, tax included")]
    gives: IncludedEntry = IncludedEntry()
    valid_days: Annotated[int, Meta(description="how long it may be used", ge=1)] = 365


class BatchEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What answers of a batch are charged."""

    permille: Annotated[int, Meta(description="thousandths of a model's plain prices", ge=1, le=1000)] = 1000
    by_tariff: Annotated[
        bool, Meta(description="instead, by the batch tariff of the model's price card, where it has one")
    ] = False


class RequestLogEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of what customers ask and are told: see docs/request-log.md."""

    keep: Annotated[Keep, Meta(description="none, metadata (how much it was), or text (what was said too, masked)")] = (
        "none"
    )
    redact: Annotated[
        tuple[str, ...], Meta(description="kinds of personal data that are masked before anything is written")
    ] = REDACTED
    days: Annotated[int, Meta(description="for how long it is kept, 1 to 365")] = 30


class PlanEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One plan on sale."""

    name: Annotated[str, Meta(description="the plan's name")]
    price: Annotated[str, Meta(description="what a customer pays a period, tax included")] = "0"
    period: Annotated[Every, Meta(description="what is paid for at once: month or year")] = "month"
    beyond: Annotated[
        Beyond, Meta(description="when what is included is used up: stop, pay from the wallet, or overage on account")
    ] = "wallet"
    overage_most: Annotated[str, Meta(description="overage: the most that is used on account in a period")] = "0"
    at_break_even: Annotated[
        AtBreakEven,
        Meta(description="when a customer costs what they pay: go_on, cheaper, slow, offer_top_up or stop"),
    ] = "go_on"
    cheaper_class: Annotated[str, Meta(description="cheaper: the class of models it goes on with")] = ""
    break_even_alert_permille: Annotated[
        Permille, Meta(description="tell the operator at this much of it; 0 for never")
    ] = BREAK_EVEN_ALERT_PERMILLE
    retry_days: Annotated[
        tuple[int, ...], Meta(description="days after a failed payment on which it is tried again; then the plan ends")
    ] = RETRY_DAYS
    grace_days: Annotated[int, Meta(description="how long the quotas of an unpaid period may be used", ge=0)] = (
        GRACE_DAYS
    )
    afterwards: Annotated[
        str, Meta(description="the plan after this one ends, canceled or unpaid; none when empty")
    ] = ""
    at_a_loss: Annotated[bool, Meta(description="publish it even if its price is below the cost of its quotas")] = False
    tax_permille: Annotated[int, Meta(description="value-added tax, in thousandths of the net price", ge=0, le=500)] = (
        100
    )
    fee_permille: Annotated[int, Meta(description="payment fee, in thousandths of the price", ge=0, le=500)] = 34
    fixed_month: Annotated[str, Meta(description="what one customer costs a month whatever they ask")] = "0"
    title: TitleEntry = TitleEntry()
    included: tuple[IncludedEntry, ...] = ()
    trial: TrialEntry = TrialEntry()
    seats: SeatsEntry = SeatsEntry()
    limits: LimitsEntry = LimitsEntry()
    packs: tuple[PackEntry, ...] = ()
    batch: BatchEntry = BatchEntry()
    request_log: Annotated[
        RequestLogEntry | None, Meta(description="as [request_log] of the service when left out")
    ] = None


_NOW_WRITTEN = {
    "wallet_month": 'included = [{ money = "%s" }]: what a plan includes is used before the wallet, and ends with its'
    " period",
    "price_month": 'price = "%s", with period = "month" or "year"',
}


def demand_todays_words(plans: object, where: str) -> None:
    """Raises Invalid for a plan in the words of an earlier version, saying how it is written now."""
    for plan in plans if isinstance(plans, list) else []:
        known: dict[str, Any] = plan if isinstance(plan, dict) else {}
        for old, new in _NOW_WRITTEN.items():
            if old in known:
                name = str(known.get("name", "?"))[:60]
                now = new % str(known[old])[:40]
                raise Invalid("bad_config", f"{where}: plan {name!r}: {old} is now written {now}", param=f"plans.{old}")


def log_terms(entry: RequestLogEntry) -> LogTerms:
    """What the request log keeps, checked. Raises Invalid: what is wrong, without the name of what it is of."""
    for kind in entry.redact:
        if kind not in REDACTED:
            message = f"redact names {kind[:40]!r}; there are {', '.join(REDACTED)}"
            raise Invalid("bad_config", message, param="request_log.redact")
    if not 1 <= entry.days <= LOG_DAYS_MAX:
        message = f'days is {entry.days}; it is 1 to {LOG_DAYS_MAX}, and keep = "none" keeps nothing'
        raise Invalid("bad_config", message, param="request_log.days")
    return LogTerms(entry.keep, tuple(dict.fromkeys(entry.redact)), entry.days)
