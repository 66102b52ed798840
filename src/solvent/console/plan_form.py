"""A plan's terms as the fields of one form, and the form as terms again: what no field says stays as it was.

A field is called as its term is in a plan's file, such as `included.0.roll_over`. Thousandths are written as percent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from solvent.app.plan_entries import (
    BudgetEntry,
    IncludedEntry,
    PackEntry,
    PlanEntry,
    RateEntry,
    RequestLogEntry,
)
from solvent.values.errors import Invalid

Form = Mapping[str, str]

_PLAIN: Final = (
    "name", "price", "period", "beyond", "at_break_even", "cheaper_class", "grace_days", "afterwards", "at_a_loss",
    "batch.by_tariff",
)  # fmt: skip
_OR_NONE: Final = (  # empty is none of it
    "overage_most", "fixed_month", "trial.days", "seats.included", "seats.price", "seats.most",
)  # fmt: skip
PERCENTS: Final = ("break_even_alert_permille", "tax_permille", "fee_permille", "batch.permille")
_TITLES: Final = ("title.ko", "title.en")
# What is written, row by row: of each list the fields that say that a row is none while all of them are empty.
ROWS: Final[Mapping[str, tuple[str, ...]]] = {
    "included": ("unit", "amount", "classes", "roll_over"),
    "trial.included": ("unit", "amount", "classes", "roll_over"),
    "packs": ("name", "price", "gives.unit", "gives.amount", "gives.classes", "valid_days"),
    "limits.rates": ("per", "requests_per_minute", "tokens_per_minute", "at_once"),
    "limits.budgets": ("unit", "amount", "alert_permille"),
}
SHOWN: Final = "rows."  # begins the name of what says that a list was shown, so that without rows it has none
NO_LIMIT: Final = "_unlimited"  # ends the unit of a quota that never runs out
_ROW_DIGITS_MAX: Final = 4
_REDACT: Final = "request_log.redact."


def form_of(entry: PlanEntry) -> dict[str, str]:
    """Every field with what stands in it for these terms."""
    terms = msgspec.to_builtins(entry)
    found = {field: _text(_at(terms, field)) for field in (*_PLAIN, *_TITLES)}
    found |= {field: _or_empty(_at(terms, field)) for field in _OR_NONE}
    found |= {field: percent(_at(terms, field)) for field in PERCENTS}
    found["retry_days"] = ", ".join(map(str, entry.retry_days))
    found |= _written("included", map(_quota, entry.included))
    found |= _written("trial.included", map(_quota, entry.trial.included))
    found |= _written("packs", map(_pack, entry.packs))
    found |= _written("limits.rates", map(_rate, entry.limits.rates))
    found |= _written("limits.budgets", map(_budget, entry.limits.budgets))
    log = entry.request_log
    found |= {"request_log.keep": log.keep if log else "", "request_log.days": str(log.days) if log else ""}
    return found | {f"{_REDACT}{kind}": "true" for kind in (log.redact if log else ())}


def terms_of(form: Form, before: PlanEntry) -> dict[str, Any]:
    """The terms before with what the form says otherwise, as the members of an entry.

    Raises Invalid naming the field for what is no percentage; anything else is for whoever reads an entry.
    """
    terms: dict[str, Any] = msgspec.to_builtins(before)
    for field in _PLAIN:
        if field in form:
            _put(terms, field, form[field].strip())
    for field in _TITLES:
        if field in form:
            _put(terms, field, form[field])
    for field in _OR_NONE:
        if field in form:
            _put(terms, field, form[field].strip() or "0")
    for field in PERCENTS:
        if field in form:
            _put(terms, field, permille(form[field], field))
    if "retry_days" in form:
        terms["retry_days"] = parted(form["retry_days"])
    for rows, read in _READS.items():
        if SHOWN + rows in form or any(field.startswith(f"{rows}.") for field in form):
            _put(terms, rows, [read(form, f"{rows}.{n}") for n in numbers(form, rows)])
    if "request_log.keep" in form:
        terms["request_log"] = _log(form, before.request_log)
    return {name: value for name, value in terms.items() if value is not None}


def with_sent(known: Form, form: Form) -> dict[str, str]:
    """What stands in the fields once a form was sent: of lists and boxes that it showed, only what it says."""
    gone = tuple(f"{rows}." for rows in ROWS if SHOWN + rows in form)
    gone += (_REDACT,) if "request_log.keep" in form else ()
    return {field: text for field, text in known.items() if not field.startswith(gone)} | dict(form)


def numbers(form: Form, rows: str) -> list[int]:
    """The rows of a list in which something stands, by the numbers that the form has them under."""
    found = set()
    for field, text in form.items():
        number, _, member = field.removeprefix(f"{rows}.").partition(".")
        is_row = field.startswith(f"{rows}.") and number.isascii() and number.isdigit()
        if is_row and len(number) <= _ROW_DIGITS_MAX and member in ROWS[rows] and text.strip():
            found.add(int(number))
    return sorted(found)


def percent(permille: int) -> str:
    """Thousandths as people write them: 34 is 3.4."""
    whole, tenths = divmod(permille, 10)
    return f"{whole}.{tenths}" if tenths else str(whole)


def permille(text: str, field: str) -> int:
    """Raises Invalid for what is no percentage with one decimal at most."""
    whole, _, tenths = text.strip().partition(".")
    digits = whole + (tenths or "0")
    if not (whole and len(tenths) <= 1 and digits.isascii() and digits.isdigit() and len(whole) <= 4):
        message = f"{field}: {text[:40]!r} is no percentage like 10 or 3.4"
        raise Invalid("bad_plan", message, param=field)
    return int(digits)


def parted(text: str) -> list[str]:
    """Words parted by commas or spaces."""
    return text.replace(",", " ").split()


def _quota(one: IncludedEntry) -> dict[str, str]:
    unit, amount = _counted(one)
    is_unlimited = amount == "unlimited"
    return {
        "unit": unit + NO_LIMIT if is_unlimited else unit, "amount": "" if is_unlimited else amount,
        "classes": ", ".join(one.classes), "roll_over": _or_empty(one.roll_over), "each_seat": _text(one.each_seat),
    }  # fmt: skip


def _pack(one: PackEntry) -> dict[str, str]:
    gives = {f"gives.{member}": text for member, text in _quota(one.gives).items()}
    return {"name": one.name, "price": one.price, "valid_days": str(one.valid_days), **gives}


def _rate(one: RateEntry) -> dict[str, str]:
    counts = ("requests_per_minute", "tokens_per_minute", "at_once")
    return {"per": one.per} | {name: _or_empty(getattr(one, name)) for name in counts}


def _budget(one: BudgetEntry) -> dict[str, str]:
    unit, amount = _counted(one)
    return {
        "per": one.per, "every": one.every, "unit": unit, "amount": amount,
        "alert_permille": percent(one.alert_permille), "hard": _text(one.hard),
    }  # fmt: skip


def _counted(one: IncludedEntry | BudgetEntry) -> tuple[str, str]:
    unit = "answers" if one.answers else "tokens" if one.tokens else "money"
    return unit, str(getattr(one, unit))


def _read_quota(form: Form, at: str) -> dict[str, Any]:
    unit = form.get(f"{at}.unit", "").strip()
    quota: dict[str, Any] = {
        "classes": parted(form.get(f"{at}.classes", "")),
        "roll_over": form.get(f"{at}.roll_over", "").strip() or "0",
        "each_seat": form.get(f"{at}.each_seat", "false"),
    }
    if unit:
        amount = form.get(f"{at}.amount", "").strip()
        quota[unit.removesuffix(NO_LIMIT)] = "unlimited" if unit.endswith(NO_LIMIT) else amount
    return quota


def _read_pack(form: Form, at: str) -> dict[str, Any]:
    pack: dict[str, Any] = {"gives": _read_quota(form, f"{at}.gives")}
    pack |= {member: form.get(f"{at}.{member}", "").strip() for member in ("name", "price")}
    days = form.get(f"{at}.valid_days", "").strip()
    return pack | ({"valid_days": days} if days else {})


def _read_rate(form: Form, at: str) -> dict[str, Any]:
    counts = ("requests_per_minute", "tokens_per_minute", "at_once")
    return {"per": form.get(f"{at}.per", "")} | {name: form.get(f"{at}.{name}", "").strip() or "0" for name in counts}


def _read_budget(form: Form, at: str) -> dict[str, Any]:
    budget: dict[str, Any] = {
        "per": form.get(f"{at}.per", ""), "every": form.get(f"{at}.every", ""),
        "alert_permille": permille(form.get(f"{at}.alert_permille", "").strip() or "0", f"{at}.alert_permille"),
        "hard": form.get(f"{at}.hard", "true"),
    }  # fmt: skip
    unit = form.get(f"{at}.unit", "").strip()
    return budget | ({unit: form.get(f"{at}.amount", "").strip()} if unit else {})


_READS: Final[Mapping[str, Callable[[Form, str], dict[str, Any]]]] = {
    "included": _read_quota, "trial.included": _read_quota, "packs": _read_pack, "limits.rates": _read_rate,
    "limits.budgets": _read_budget,
}  # fmt: skip


def _log(form: Form, before: RequestLogEntry | None) -> dict[str, Any] | None:
    """None for as the service has it. Kinds stay in the order that they had, so that the same terms are the same."""
    keep = form["request_log.keep"].strip()
    if not keep:
        return None
    ticked = [field.removeprefix(_REDACT) for field in form if field.startswith(_REDACT) and form[field] == "true"]
    had = before.redact if before else ()
    days = form.get("request_log.days", "").strip()
    redact = [kind for kind in had if kind in ticked] + [kind for kind in ticked if kind not in had]
    return {"keep": keep, "redact": redact} | ({"days": days} if days else {})


def _written(rows: str, of: Any) -> dict[str, str]:
    return {f"{rows}.{n}.{member}": text for n, one in enumerate(of) for member, text in one.items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _or_empty(value: object) -> str:
    return "" if value in (0, "0") else str(value)


def _at(terms: Mapping[str, Any], field: str) -> Any:
    value: Any = terms
    for part in field.split("."):
        value = value[part]
    return value


def _put(terms: dict[str, Any], field: str, value: object) -> None:
    *way, last = field.split(".")
    for part in way:
        terms = terms[part]
    terms[last] = value
