"""A plan's terms as people read them: each entry of a list in a line, what differs between two, and what is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

import msgspec

from solvent.app.plan_entries import BudgetEntry, IncludedEntry, PackEntry, PlanEntry, RateEntry
from solvent.billing.soundness import COUNT_MAX, DAYS_MAX, UNPAID_DAYS_MAX
from solvent.console.plan_form import PERCENTS, ROWS, Form, form_of, numbers
from solvent.identity.person import Language
from solvent.pages import formats
from solvent.pages.amounts import amount_of
from solvent.pages.visit import Visit
from solvent.pages.words import Words
from solvent.values.errors import Invalid, SolventError
from solvent.values.limits import LOG_DAYS_MAX, NAME_CHARACTERS_MAX, PLAN_LIST_MAX, PLAN_UNITS_MAX, SEATS_MAX
from solvent.values.money import money

_MONEY: Final = frozenset({"price", "overage_most", "fixed_month", "seats.price"})
_CHOICES: Final = frozenset({"period", "beyond", "at_break_even"})
_INDEX: Final = re.compile(r"\[(\d+)\]")
# What a refusal calls a member of a row, where the form calls it otherwise.
_CALLED: Final[Mapping[str, str]] = {"answers": "amount", "tokens": "amount", "money": "amount"}
_FIRST: Final[Mapping[str, str]] = {"packs": "name", "limits.rates": "per"}
_KINDS: Final[Mapping[str, str]] = {
    "included": "quota", "trial.included": "quota", "packs": "pack", "limits.rates": "rate", "limits.budgets": "budget",
}  # fmt: skip
_SAYS_MORE: Final = ("bad_plan", "bad_request", "amount_too_fine", "amount_too_large")


class Change(msgspec.Struct, frozen=True):
    """One term that differs. before, after: as people read them; of a list, the lines that only one of them has."""

    label: str
    before: str
    after: str


class Said:
    """In one language, of plans in one currency."""

    def __init__(self, words: Words, language: Language, currency: str) -> None:
        self._words = words
        self._language = language
        self._currency = currency

    def quota(self, one: IncludedEntry) -> str:
        """So much of what, for which models."""
        words = self._words
        if one.answers:
            is_any = one.answers == "unlimited"
            said = words("terms.unlimited_answers") if is_any else words("terms.answers", n=_count(one.answers))
        elif one.tokens:
            is_any = one.tokens == "unlimited"
            said = words("terms.unlimited_tokens") if is_any else words("terms.tokens", n=_count(one.tokens))
        else:
            said = words("terms.money", amount=self.amount(one.money))
        if one.classes:
            said += " " + words("terms.of_classes", classes=", ".join(one.classes))
        if one.each_seat:
            said += " " + words("terms.each_seat")
        if one.roll_over != "0":
            is_money = not (one.answers or one.tokens)
            most = self.amount(one.roll_over) if is_money else _count(one.roll_over)
            said += ", " + words("terms.roll_over", most=most)
        return said

    def pack(self, one: PackEntry) -> str:
        """What it is called, costs and gives, for how long."""
        head = self._words("terms.pack", name=one.name, price=self.amount(one.price))
        return f"{head} {self.quota(one.gives)}, {self._words('terms.valid_days', n=one.valid_days)}"

    def rate(self, one: RateEntry) -> str:
        """How fast each may ask."""
        words, per = self._words, self._words(f"choices.per.{one.per}")
        parts = [
            words(f"terms.{name}", n=_count(getattr(one, name)))
            for name in ("requests_per_minute", "tokens_per_minute", "at_once") if getattr(one, name)
        ]  # fmt: skip
        return words("terms.rate_of", per=per, what=", ".join(parts) or "–")

    def budget(self, one: BudgetEntry) -> str:
        """How much each may use, for how long, and what follows."""
        words = self._words
        unit = "answers" if one.answers else "tokens" if one.tokens else "money"
        amount = self.amount(one.money) if unit == "money" else words(f"terms.{unit}", n=_count(getattr(one, unit)))
        per, every = words(f"choices.per.{one.per}"), words(f"terms.every.{one.every}")
        said = words("terms.budget", per=per, every=every, amount=amount)
        said += ", " + words("terms.hard" if one.hard else "terms.soft")
        if one.alert_permille:
            said += ", " + words("terms.alert_at", share=formats.percent(one.alert_permille, 1000))
        return said

    def amount(self, text: str) -> str:
        """To the last digit: two amounts that differ never read alike."""
        try:
            found = money(text, self._currency)
        except Invalid:
            return f"{text} {self._currency}"
        written = len(text.partition(".")[2])
        return formats.money(found, self._language, max(written, 0))

    def lines(self, entry: PlanEntry) -> dict[str, list[str]]:
        """Every list of a plan, entry by entry."""
        return {
            "included": [self.quota(one) for one in entry.included],
            "trial.included": [self.quota(one) for one in entry.trial.included],
            "packs": [self.pack(one) for one in entry.packs],
            "limits.rates": [self.rate(one) for one in entry.limits.rates],
            "limits.budgets": [self.budget(one) for one in entry.limits.budgets],
        }

    def changes(self, before: PlanEntry, after: PlanEntry) -> list[Change]:
        """Every term that differs, in the order of the form."""
        was, now = form_of(before), form_of(after)
        fields = [field for field in dict.fromkeys((*was, *now)) if not _rows_of(field) and field != "at_a_loss"]
        found = [
            Change(self.label(field), self.value(field, was.get(field, "")), self.value(field, now.get(field, "")))
            for field in fields if was.get(field, "") != now.get(field, "")
        ]  # fmt: skip
        lines, others = self.lines(before), self.lines(after)
        for rows in ROWS:
            if lines[rows] != others[rows]:
                gone, new = Counter(lines[rows]) - Counter(others[rows]), Counter(others[rows]) - Counter(lines[rows])
                is_order = not gone and not new
                one, other = (lines[rows], others[rows]) if is_order else ([*gone.elements()], [*new.elements()])
                found.append(Change(self.label(rows), "\n".join(one) or "–", "\n".join(other) or "–"))
        return found

    def label(self, field: str) -> str:
        """What a field is called; of a row with its number."""
        rows = _rows_of(field)
        key = _key(field)
        if field in ROWS or not rows:
            start = "request_log.redact."
            if field.startswith(start):
                kind = self._word("plan_form.redact", field.removeprefix(start))
                return self._words("plan_form.masked", kind=kind)
            return self._words(f"plan_form.{key}.label")
        number = int(field.removeprefix(f"{rows}.").partition(".")[0]) + 1
        list_label, label = self._words(f"plan_form.{rows}.label"), self._words(f"plan_form.{key}.label")
        return self._words("plan_form.in_row", rows=list_label, number=number, field=label)

    def value(self, field: str, text: str) -> str:
        """What stands in a field, as people read it."""
        if text in ("true", "false") or field.startswith("request_log.redact."):
            return self._words("office.yes" if text == "true" else "office.no")
        if field == "request_log.keep":
            return self._words(f"plan_form.keep.{text or 'service'}")
        if not text:
            return "–"
        if field in PERCENTS:
            return f"{text}%"
        if field in _MONEY:
            return self.amount(text)
        return self._word(f"choices.{field}", text) if field in _CHOICES else text

    def _word(self, kind: str, value: str) -> str:
        key = f"{kind}.{value}"
        return self._words(key) if self._words.has(key) else value


def said_for(visit: Visit, currency: str) -> Said:
    """As one visitor reads."""
    return Said(visit.texts, visit.visitor.language, currency)


def refused(visit: Visit, problem: SolventError, currency: str) -> tuple[str, str]:
    """What is wrong, with the name of the field and what may stand there; and the field as the form has it."""
    field = field_of(problem.param or "", visit.path.get("plan") or visit.form.get("name", "").strip(), visit.form)
    key = _key(field)
    if problem.code not in _SAYS_MORE or not visit.texts.has(f"plan_form.{key}.label"):
        return visit.said(problem), field
    told = f"plan_form.{key}.must"
    most: dict[str, object] = {
        "amount": amount_of(str(PLAN_UNITS_MAX), currency, visit.texts, visit.visitor.language),
        "count": formats.count(COUNT_MAX), "days": DAYS_MAX, "unpaid": UNPAID_DAYS_MAX,
        "seats": formats.count(SEATS_MAX), "characters": NAME_CHARACTERS_MAX, "list": PLAN_LIST_MAX,
        "log": LOG_DAYS_MAX,
    }  # fmt: skip
    must = visit.words(told if visit.texts.has(told) else "plan_form.must", **most)
    return visit.words("plan_form.refused", field=said_for(visit, currency).label(field), must=must), field


def field_of(param: str, plan: str, form: Form) -> str:
    """The field of a form that a refusal of a plan means: `plans.pro.included.0.answers` is the first row's amount."""
    place = _INDEX.sub(r".\1", param).removeprefix(f"plans.{plan[:NAME_CHARACTERS_MAX]}.").strip(".")
    rows = _rows_of(place)
    if place in ROWS or not rows:
        if place.startswith("retry_days."):
            return "retry_days"
        return "request_log.keep" if place.startswith("request_log.redact") else place
    number, _, member = place.removeprefix(f"{rows}.").partition(".")
    known = numbers(form, rows)
    at = known[int(number)] if number.isdigit() and int(number) < len(known) else number
    gives = member == "gives" or member.startswith("gives.")
    inner = member.removeprefix("gives").removeprefix(".") if gives else member
    inner = inner.partition(".")[0]  # classes.0
    inner = _CALLED.get(inner, inner) or ("unit" if gives else _FIRST.get(rows, "unit"))
    return f"{rows}.{at}.{'gives.' if gives else ''}{inner}"


def _rows_of(field: str) -> str:
    return next((rows for rows in ROWS if field == rows or field.startswith(f"{rows}.")), "")


def _key(field: str) -> str:
    """Which words are a field's: rows of a kind share them."""
    rows = _rows_of(field)
    if field in ROWS or not rows:
        return field
    member = field.removeprefix(f"{rows}.").partition(".")[2]
    return f"quota.{member.removeprefix('gives.')}" if member.startswith("gives.") else f"{_KINDS[rows]}.{member}"


def _count(n: object) -> str:
    """What is no number yet is shown as it was written."""
    text = str(n)
    return formats.count(int(text)) if text.isascii() and text.isdigit() else text
