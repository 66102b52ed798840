"""A plan through its form: whatever a plan can say comes back as it was, and every difference is said."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.app.test_plans import FULL

from solvent.app.plan_entries import REDACTED, IncludedEntry, PlanEntry, RequestLogEntry
from solvent.app.plans import plan_of
from solvent.app.written_plan import written_plan
from solvent.billing.included import Included, unlimited
from solvent.billing.limits import BudgetRule, Limits, RateRule
from solvent.billing.pack import Pack
from solvent.billing.plan import BatchTerms, LogTerms, Plan, Seats, Title, Trial
from solvent.console.plan_form import ROWS, SHOWN, form_of, numbers, percent, permille, terms_of, with_sent
from solvent.console.plan_words import Said, field_of
from solvent.identity.person import Language
from solvent.pages.words import words_of
from solvent.values.errors import Invalid
from solvent.values.money import Money, money

WON = 10**7
FULL_ENTRY = written_plan(FULL)
SLOW = [HealthCheck.too_slow]  # a plan is much to draw on a busy machine
names = st.text("az9가é._-", min_size=1, max_size=6).filter(lambda name: name not in (".", ".."))  # no paths
classes = st.lists(st.sampled_from(["small", "large", "a.b_c-d", "9"]), max_size=2, unique=True).map(tuple)
amounts = st.integers(1, 10**8 * WON)
counts = st.integers(1, 10**8)
thousandths = st.integers(0, 1000)


def won(grains: int) -> Money:
    return Money(grains, "KRW")


@st.composite
def quotas(draw: st.DrawFn, *, seats: bool, rolls: bool = True) -> Included:
    unit: Any = draw(st.sampled_from(("answers", "tokens", "money")))
    amount = draw(amounts if unit == "money" else counts)
    if unit != "money" and draw(st.booleans()):
        amount = unlimited(unit)
    kept = draw(st.integers(0, 10**9)) if rolls and (unit == "money" or amount != unlimited(unit)) else 0
    return Included(unit, amount, draw(classes), kept, seats and draw(st.booleans()))


def unlike(of: st.SearchStrategy[Included]) -> st.SearchStrategy[tuple[Included, ...]]:
    """No two for the same unit and classes."""
    kinds = st.lists(of, max_size=3, unique_by=lambda one: (one.unit, frozenset(one.classes)))
    return kinds.map(tuple)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    seats = draw(st.none() | st.integers(1, 20).map(lambda n: Seats(n, won(n * WON), n + 3)))
    beyond: Any = draw(st.sampled_from(("stop", "wallet", "overage")))
    ends: Any = draw(st.sampled_from(("go_on", "cheaper", "slow", "offer_top_up", "stop")))
    trial = draw(st.none() | st.integers(1, 90).flatmap(
        lambda days: unlike(quotas(seats=seats is not None)).map(lambda some: Trial(days, some))
    ))  # fmt: skip
    rates = st.builds(
        RateRule, st.sampled_from(("key", "user", "customer", "plan")), counts, counts | st.just(0), counts
    )
    budgets = st.builds(
        BudgetRule, st.sampled_from(("key", "user", "customer")), st.sampled_from(("day", "month", "period")),
        st.sampled_from(("answers", "tokens", "money")), st.integers(1, 10**12), thousandths, st.booleans(),
    )  # fmt: skip
    packs = st.builds(
        Pack, names, st.integers(0, 10**6).map(lambda n: won(n * WON)), quotas(seats=False, rolls=False),
        st.integers(1, 900),
    )  # fmt: skip
    batch = st.builds(BatchTerms, st.integers(1, 999), st.booleans())
    logs = st.builds(
        LogTerms, st.sampled_from(("none", "metadata", "text")),
        st.lists(st.sampled_from(REDACTED), unique=True).map(tuple), st.integers(1, 365),
    )  # fmt: skip
    nothing: dict[str, Any] = {}
    more = dict(draw(st.just(nothing) | batch.map(lambda one: {"batch": one})))
    more |= draw(st.just(nothing) | logs.map(lambda one: {"request_log": one}))
    titles = st.text("팀 T-é,", max_size=6)
    return Plan(
        name=draw(names), price=won(draw(st.integers(0, 10**7)) * WON), period=draw(st.sampled_from(("month", "year"))),
        title=Title(*(text if text.isprintable() else "" for text in (draw(titles), draw(titles)))),
        included=draw(unlike(quotas(seats=seats is not None))), beyond=beyond,
        overage_most=won(draw(amounts)) if beyond == "overage" else None, trial=trial, seats=seats,
        limits=Limits(
            tuple(draw(st.lists(rates, max_size=2, unique_by=lambda one: one.per))),
            tuple(draw(st.lists(budgets, max_size=3, unique_by=lambda one: (one.per, one.every, one.unit)))),
        ),
        at_break_even=ends, cheaper_class="small" if ends == "cheaper" else "",
        break_even_alert_permille=draw(thousandths),
        retry_days=tuple(sorted(draw(st.sets(st.integers(1, 27), max_size=5)))), grace_days=draw(st.integers(0, 27)),
        afterwards=draw(st.sampled_from(("", "after-that"))),
        packs=tuple(draw(st.lists(packs, max_size=2, unique_by=lambda one: one.name))),
        tax_permille=draw(st.integers(0, 500)), fee_permille=draw(st.integers(0, 500)),
        fixed_month=won(draw(st.integers(0, 10**12))), **more,
    )  # fmt: skip


def sent(form: dict[str, str], before: PlanEntry) -> PlanEntry:
    """As a browser would: what a form says becomes an entry."""
    return msgspec.convert(terms_of(form, before), PlanEntry, strict=False)


@settings(max_examples=40, suppress_health_check=SLOW)
@given(plans())
def test_what_a_plan_says_comes_back_through_its_form(plan: Plan) -> None:
    """To the same plan; and from a form that begins with nothing, as a new plan's, it says all of it."""
    entry = written_plan(plan)
    assert plan_of(entry, "KRW") == plan
    assert plan_of(sent(form_of(entry), entry), "KRW") == plan
    anew = sent(form_of(entry), PlanEntry(name=plan.name))
    if entry.request_log and anew.request_log:  # kinds stand in the order of the form
        assert sorted(anew.request_log.redact) == sorted(entry.request_log.redact)
    assert plan_of(msgspec.structs.replace(anew, request_log=entry.request_log), "KRW") == plan


@settings(max_examples=25, suppress_health_check=SLOW)
@given(plans(), plans(), st.sampled_from(["ko", "en"]))
def test_whatever_differs_between_two_plans_is_said(one: Plan, other: Plan, language: Language) -> None:
    """And nothing where nothing does."""
    said = Said(words_of(language), language, "KRW")
    before, after = written_plan(one), written_plan(msgspec.structs.replace(other, name=one.name))
    assert said.changes(before, before) == []
    assert bool(said.changes(before, after)) == (before != after)
    assert all(one.before != one.after for one in said.changes(before, after))
    mixed = msgspec.structs.replace(before, packs=after.packs, limits=after.limits)
    assert len(said.changes(before, mixed)) == sum(
        (before.packs != after.packs, before.limits.rates != after.limits.rates,
         before.limits.budgets != after.limits.budgets)
    )  # fmt: skip


@settings(max_examples=15, suppress_health_check=SLOW)
@given(plans(), plans(), st.data())
def test_a_form_that_says_less_leaves_the_rest_as_it_was(plan: Plan, other: Plan, data: st.DataObject) -> None:
    """As one sent by an older page, or by hand: what it does not name is not lost."""
    before, said = written_plan(plan), form_of(written_plan(other))
    name = data.draw(st.sampled_from(["price", "tax_permille", "grace_days", "beyond", "title.ko"]))
    after = sent({name: said[name]}, before)
    assert form_of(after) == form_of(before) | {name: said[name]}
    assert after.request_log == before.request_log


def test_every_term_of_a_plan_is_in_its_form() -> None:
    """A term that is added to plans and not to the form fails here, not at a customer."""
    entry = written_plan(FULL)
    fields = {field.partition(".")[0] for field in form_of(entry)}
    assert fields == {field.encode_name for field in msgspec.structs.fields(PlanEntry)}
    assert plan_of(sent(form_of(entry), PlanEntry(name="team")), "KRW") == FULL


def test_rows_left_empty_are_none_and_half_written_ones_are_refused_by_their_number() -> None:
    entry = written_plan(FULL)
    form = form_of(entry)
    form |= {"included.1.unit": "", "included.1.amount": "", "included.99.unit": "", "included.99.each_seat": "false"}
    assert [one.tokens for one in sent(form, entry).included] == [0, 0, 0, 0]
    assert numbers(form, "included") == [0, 2, 3, 4]
    assert field_of("plans.team.included.1.answers", "team", form) == "included.2.amount"
    assert field_of("included[1].classes[0]", "team", form) == "included.2.classes"
    assert field_of("plans.team.packs.0.gives", "team", form) == "packs.0.gives.unit"
    assert field_of("plans.a.b.limits.rates.0.per", "a.b", form) == "limits.rates.0.per"
    assert field_of("plans.team.price", "team", form) == "price"


@given(st.integers(0, 9999))
def test_thousandths_are_percent(of: int) -> None:
    assert permille(percent(of), "fee") == of


@pytest.mark.parametrize("text", ["", "3.45", "-1", "1,5", "٣", "1e3", "12345.0", ".5", "3%"])
def test_what_is_no_percentage_is_refused_by_its_field(text: str) -> None:
    form: dict[str, Any] = {"tax_permille": text}
    with pytest.raises(Invalid, match="tax_permille") as wrong:
        terms_of(form, PlanEntry(name="any"))
    assert wrong.value.param == "tax_permille"


def test_amounts_stay_exact() -> None:
    form = {"fixed_month": "0.0000001"}
    assert plan_of(sent(form, PlanEntry(name="any")), "KRW").fixed_month == money("0.0000001", "KRW")


def test_a_list_that_was_shown_has_the_rows_that_were_left() -> None:
    known = form_of(FULL_ENTRY)
    assert numbers(known, "packs")
    shown = {SHOWN + rows: "shown" for rows in ROWS}
    kept = {field: text for field, text in known.items() if not field.startswith("packs.")} | shown
    assert terms_of(kept, FULL_ENTRY)["packs"] == []
    drawn = with_sent(known, kept)
    assert not numbers(drawn, "packs")
    assert numbers(drawn, "included") == numbers(known, "included")
    assert terms_of({"price": "1"}, FULL_ENTRY)["packs"], "a form without that list leaves it"


def test_a_box_that_was_unticked_stays_so() -> None:
    log = msgspec.structs.replace(FULL_ENTRY, request_log=RequestLogEntry(keep="text", redact=REDACTED))
    known = form_of(log)
    sent = {field: text for field, text in known.items() if not field.startswith("request_log.redact.")}
    assert not [field for field in with_sent(known, sent) if field.startswith("request_log.redact.")]


def test_what_is_no_number_yet_is_shown_as_it_was_written() -> None:
    said = Said(words_of("en"), "en", "KRW")
    assert "1.5" in said.quota(IncludedEntry(answers=3, roll_over="1.5"))


def test_a_day_of_a_list_of_days_is_wrong_in_its_field() -> None:
    assert field_of("plans.pro.retry_days[1]", "pro", {}) == "retry_days"
