"""Plans as people write them: in TOML, in YAML, and those that come with the package."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import yaml

from solvent.app.config import Config, read_config
from solvent.app.plan_entries import PlanEntry
from solvent.app.plans import meant_losses, plan_of, read_plan_file, read_plans
from solvent.billing.included import Included, unlimited
from solvent.billing.limits import BudgetRule, Limits, RateRule
from solvent.billing.loss import ClassCost, weigh
from solvent.billing.pack import Pack
from solvent.billing.plan import BatchTerms, LogTerms, Plan, Seats, Title, Trial
from solvent.values.errors import Invalid
from solvent.values.money import money

FULL = Plan(
    name="team",
    price=money("49000", "KRW"),
    title=Title("팀", "Team"),
    included=(
        Included("answers", 2000, ("small", "house"), 200),
        Included("tokens", 5_000_000),
        Included("money", money("10000.5", "KRW").grains, ("large",), money("500", "KRW").grains),
        Included("answers", 100, ("gift",), each_seat=True),
        Included("answers", unlimited("answers"), ("free",)),
    ),
    beyond="overage",
    overage_most=money("30000", "KRW"),
    trial=Trial(14, (Included("answers", 50),)),
    seats=Seats(5, money("9000", "KRW"), 200),
    limits=Limits(
        (RateRule("customer", 600, 1_000_000, 32), RateRule("key", 60)),
        (
            BudgetRule("user", "day", "answers", 200, 800),
            BudgetRule("customer", "month", "money", money("100000", "KRW").grains, hard=False),
        ),
    ),
    at_break_even="cheaper",
    cheaper_class="small",
    break_even_alert_permille=700,
    retry_days=(1, 4),
    grace_days=5,
    afterwards="free",
    packs=(Pack("extra", money("5000", "KRW"), Included("answers", 300), 90),),
    fee_permille=29,
    fixed_month=money("300", "KRW"),
    batch=BatchTerms(500, by_tariff=True),
    request_log=LogTerms("text", ("card",), 7),
)
TOML = """
first_run = { plan = "free" }

[[plans]]
name = "free"

[[plans]]
name = "team"
title = { ko = "팀", en = "Team" }
price = "49000"
included = [
  { answers = 2000, classes = ["small", "house"], roll_over = "200" },
  { tokens = 5000000 },
  { money = "10000.5", classes = ["large"], roll_over = "500" },
  { answers = 100, classes = ["gift"], each_seat = true },
  { answers = "unlimited", classes = ["free"] },
]
beyond = "overage"
overage_most = "30000"
trial = { days = 14, included = [{ answers = 50 }] }
seats = { included = 5, price = "9000", most = 200 }
at_break_even = "cheaper"
cheaper_class = "small"
break_even_alert_permille = 700
retry_days = [1, 4]
grace_days = 5
afterwards = "free"
fee_permille = 29
fixed_month = "300"
packs = [{ name = "extra", price = "5000", gives = { answers = 300 }, valid_days = 90 }]
batch = { permille = 500, by_tariff = true }
request_log = { keep = "text", redact = ["card"], days = 7 }

[plans.limits]
rates = [
  { per = "customer", requests_per_minute = 600, tokens_per_minute = 1000000, at_once = 32 },
  { per = "key", requests_per_minute = 60 },
]
budgets = [
  { per = "user", every = "day", answers = 200, alert_permille = 800 },
  { per = "customer", every = "month", money = "100000", hard = false },
]
"""
YAML = """
- name: free
- name: team
  title: { ko: 팀, en: Team }
  price: 49000
  included:
    - { answers: 2000, classes: [small, house], roll_over: 200 }
    - tokens: 5000000
    - { money: 10000.5, classes: [large], roll_over: 500 }
    - { answers: 100, classes: [gift], each_seat: true }
    - { answers: unlimited, classes: [free] }
  beyond: overage
  overage_most: 30000
  trial: { days: 14, included: [{ answers: 50 }] }
  seats: { included: 5, price: 9000, most: 200 }
  at_break_even: cheaper
  cheaper_class: small
  break_even_alert_permille: 700
  retry_days: [1, 4]
  grace_days: 5
  afterwards: free
  fee_permille: 29
  fixed_month: 300
  packs: [{ name: extra, price: 5000, gives: { answers: 300 }, valid_days: 90 }]
  batch: { permille: 500, by_tariff: true }
  request_log: { keep: text, redact: [card], days: 7 }
  limits:
    rates:
      - { per: customer, requests_per_minute: 600, tokens_per_minute: 1000000, at_once: 32 }
      - { per: key, requests_per_minute: 60 }
    budgets:
      - { per: user, every: day, answers: 200, alert_permille: 800 }
      - { per: customer, every: month, money: 100000, hard: false }
"""


def from_toml(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "solvent.toml"
    file.write_text(text, encoding="utf-8")
    return read_config(file, {})


def from_yaml(tmp_path: Path, text: str) -> list[Plan]:
    file = tmp_path / "plans.yaml"
    file.write_text(text, encoding="utf-8")
    return [plan_of(entry, "KRW") for entry in read_plan_file(file)]


def test_every_field_is_read_from_toml(tmp_path: Path) -> None:
    assert read_plans(from_toml(tmp_path, TOML))["team"] == FULL


def test_every_field_is_read_from_yaml(tmp_path: Path) -> None:
    assert from_yaml(tmp_path, YAML)[1] == FULL
    assert from_yaml(tmp_path, "plans:\n" + YAML)[1] == FULL


@pytest.mark.parametrize("currency", ["KRW", "USD"])
def test_the_plans_of_a_new_service_are_sound_and_earn(currency: str) -> None:
    """At seven tenths of list price, which is what half the margin would be."""
    config = Config(currency=currency)
    plans = read_plans(config)
    assert [*plans] == ["free", "pay-as-you-go", "plus", "pro"]
    lossy = {name for name, plan in plans.items() if weigh(plan, (ClassCost("", list_permille=700),)).kind == "loss"}
    assert lossy == meant_losses(config) == {"free"}
    assert all(plan.title.ko and plan.title.en for plan in plans.values())


def test_a_service_in_another_currency_starts_with_what_needs_no_amounts() -> None:
    assert [*read_plans(Config(currency="EUR"))] == ["pay-as-you-go"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('wallet_month = "7000"', 'included = [{ money = "7000" }]'),
        ('price_month = "9900"', 'price = "9900", with period = "month" or "year"'),
    ],
)
def test_a_plan_in_the_words_of_an_earlier_version_is_told_todays(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        from_toml(tmp_path, f'[[plans]]\nname = "plus"\n{line}\n')
    assert caught.value.code == "bad_config"
    assert "plan 'plus'" in caught.value.message
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("price: 9,900", "plan 'plus': price: '9,900' is not a plain decimal"),
        ("price: 9900.5", "plan 'plus': price is 9900.5 KRW; invoices of KRW have 0 decimals"),
        ("price: -1", "price"),
        ("period: week", "period"),
        ("included: [{ answers: 5, tokens: 5 }]", "included.0 has answers and tokens"),
        ("included: [{ classes: [small] }]", "included.0 has none of answers, tokens and money"),
        ("included: [{ answers: 5, roll_over: many }]", "included.0.roll_over is 'many'"),
        ("included: [{ money: 1e3 }]", "included.0.money"),
        ("included: [{ answers: 1.5 }]", "answers"),
        ("colour: red", "colour"),
        ("price: 5\n- name: plus", "plan 'plus' is there twice"),
        ("beyond: wish", "beyond"),
        ("limits: { budgets: [{ per: key, every: day }] }", "limits.budgets.0"),
        ("limits: { budgets: [{ per: tree, every: day, answers: 1 }] }", "per"),
        ("packs: [{ name: a, price: 5 }]", "packs.0.gives"),
        ("trial: { included: [{ answers: 5 }] }", "trial.days"),
        ("overage_most: 5", "overage_most"),
    ],
)
def test_what_cannot_be_is_told_with_its_field(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        from_yaml(tmp_path, f"- name: plus\n  {line}\n")
    assert caught.value.code == "bad_plan"
    assert words in caught.value.message


@pytest.mark.parametrize("text", ["- [", "just words", "- 5", "plans: 5"])
def test_a_file_of_something_else_is_one_clear_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid) as caught:
        from_yaml(tmp_path, text)
    assert "plans.yaml" in caught.value.message


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        read_plan_file(tmp_path / "nowhere.yaml")
    assert "nowhere.yaml" in caught.value.message


def test_a_plan_that_follows_must_be_there(tmp_path: Path) -> None:
    config = from_toml(tmp_path, 'first_run = { plan = "plus" }\n[[plans]]\nname = "plus"\nafterwards = "gone"\n')
    with pytest.raises(Invalid) as caught:
        read_plans(config)
    assert caught.value.param == "plans.plus.afterwards"


def test_the_first_customers_plan_must_be_there(tmp_path: Path) -> None:
    config = from_toml(tmp_path, '[[plans]]\nname = "plus"\n')
    with pytest.raises(Invalid) as caught:
        read_plans(config)
    assert caught.value.param == "first_run.plan"


def test_every_plan_in_the_guide_is_sound() -> None:
    """What operators copy from docs/plans.md works as it stands."""
    guide = (Path(__file__).parents[2] / "docs" / "plans.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    plans = {plan.name: plan for block in blocks for plan in map(of_guide, yaml.load(block, yaml.BaseLoader))}
    assert len(blocks) >= 7
    costs = (ClassCost("small", 8 * 10**7, 8 * 10**7, 400), ClassCost("large", 40 * 10**7, 50 * 10**7, 500))
    kinds = {name: weigh(plan, costs).kind for name, plan in plans.items()}
    assert kinds == {
        "flat": "unlimited", "capped": "earns", "metered": "earns", "pay-as-you-go": "earns", "on-account": "earns",
        "packs": "earns", "free": "loss", "team": "earns", "team-year": "earns",
        "night": "earns", "pro": "earns",
    }  # fmt: skip
    assert weigh(plans["flat"], costs).pays_for == 3_172
    assert weigh(plans["capped"], costs).period_grains // 10**7 == 5_377
    cheap = weigh(msgspec.structs.replace(plans["capped"], price=money("9000", "KRW")), costs).words
    assert cheap in " ".join(guide.split())


def of_guide(entry: object) -> Plan:
    """One plan of a block."""
    return plan_of(msgspec.convert(entry, PlanEntry, strict=False), "KRW")
