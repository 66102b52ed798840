"""Scenarios of a file: what each says is its own, what it leaves out is the command's, and what cannot be is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from solvent.app.candidates import Around, as_candidate, read_candidates
from solvent.app.cards import read_cards
from solvent.app.config import read_config
from solvent.app.traffic import sold_by
from solvent.billing.plan import Plan
from solvent.simulation.replay import replay
from solvent.simulation.scenario import Scenario, Share, Variation, variations
from solvent.simulation.trace import Answer, trace_of
from solvent.values.errors import Invalid
from solvent.values.instant import instant
from solvent.values.money import Money, grains_per_unit
from solvent.values.usage import Usage

START = instant("2026-11-10", "a test")
DOLLAR = grains_per_unit("USD")
CARDS = """
card: {name}
currency: USD
entries:
  - from: 2026-01-01
    input: {price}
    output: {price}
    source: made for a test
"""

PLANS = {name: Plan(name=name, price=Money(fee * DOLLAR, "USD"), beyond="wallet") for name, fee in (("a", 1), ("b", 2))}
TRACE = trace_of([Answer(START + n, f"c{n % 3}", ("small", "large")[n % 2], Usage(10)) for n in range(600)], "t")


@pytest.fixture
def around(tmp_path: Path) -> Around:
    """A service that sells two models, each by cards of its own, and a folder of dearer cards for one."""
    for folder, names in (
        ("rate_cards", (("s", 1), ("s-cost", 0.5), ("l", 4), ("l-cost", 2))),
        ("dearer", (("l", 8),)),
    ):
        (tmp_path / folder).mkdir()
        text = "---".join(CARDS.format(name=name, price=price) for name, price in names)
        (tmp_path / folder / "cards.yaml").write_text(text)
    (tmp_path / "solvent.toml").write_text(
        'currency = "USD"\nhouse_model = false\n'
        + "".join(
            f'[[models]]\nname = "{name}"\nprovider = "openai_compatible"\nupstream = "u"\nvendor = "v"\n'
            f'base_url = "http://127.0.0.1:1/v1"\nkey = "env:K"\n'
            f'cost_card = "{name[0]}-cost"\nprice_card = "{name[0]}"\n'
            for name in ("small", "large")
        )
    )
    config = read_config(tmp_path / "solvent.toml", {})
    return Around(config, tmp_path, tmp_path, {}, TRACE.models)


def scenarios(around: Around, text: str, **more: Any) -> tuple[Scenario, list[Scenario]]:
    """How things are, and what a file says."""
    file = around.beside / "scenarios.yaml"
    file.write_text(text)
    sold = sold_by(around.config, read_cards(around.near))
    base = Scenario(
        **{"name": "", "currency": "USD", "time_zone": "UTC", "plans": PLANS, "plan": "a", "sold": sold} | more
    )
    return base, [as_candidate(base, one, around) for one in read_candidates(file)]


def test_each_has_prices_cards_mixes_and_caches_of_its_own(around: Around) -> None:
    base, found = scenarios(
        around,
        """
        - {name: dearer, plan: a, prices: dearer}
        - {name: by small, plan: b, mix: {small: 1000}}
        - {name: at cost, plan: a, cards: {large: {price: l-cost}}, cached: 500}
        - {name: mixed, plan: a, mix: {small: 400, large: 600}}
        - {name: routed, plan: a, shares: ["large=small:250"]}
        - {name: as all, plan: a}
        """,
        shares=(Share("small", "large", 100),),
    )
    dearer, small, at_cost, mixed, routed, plain = found
    assert variations(base, dearer) == (Variation("plan", "a"), Variation("price", "large"))
    assert variations(base, small) == (Variation("plan", "b"), Variation("share", "large", "small", 1000))
    assert variations(base, at_cost)[1:] == (Variation("price", "large"), Variation("cache", permille=500))
    assert variations(base, plain) == (Variation("plan", "a"),)
    assert plain.shares == base.shares
    assert routed.shares == (Share("large", "small", 250),)
    moved = {Share("large", "small", 400), Share("small", "large", 600)}
    assert set(mixed.shares) == moved
    charged = {one.name: replay(TRACE, one).total.charge_grains for one in found}
    each = 10 * 1_000  # ten tokens at a dollar for a million, in grains of a billionth
    assert charged["by small"] == 600 * each
    assert charged["dearer"] > charged["as all"] > charged["at cost"]
    assert replay(TRACE, small).total.cost_grains == 600 * each // 2
    stays = replay(TRACE, mixed)
    assert 600 * each < stays.total.charge_grains < 600 * 4 * each


def test_a_mix_has_the_shares_that_it_says(around: Around) -> None:
    _, (mixed,) = scenarios(around, "- {name: mixed, plan: a, mix: {small: 250, large: 750}}")
    many = trace_of([Answer(START + n * 977, f"c{n % 7}", "small", Usage(10)) for n in range(4_000)], "t")
    dear = replay(many, mixed).total.charge_grains
    assert (dear - 4_000 * 10_000) / 30_000 == pytest.approx(3_000, abs=120)


def test_customers_stay_where_they_are_unless_a_plan_is_said(around: Around) -> None:
    on = {"c0": "a", "c1": "b", "c2": "b"}
    known = msgspec.structs.replace(around, on=on)
    base, (stays,) = scenarios(known, "- {name: dearer, prices: dearer}")
    assert [line.plan for line in replay(TRACE, stays).lines] == ["a", "b", "b"]
    assert variations(base, stays) == (Variation("price", "large"),)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("- {name: x}", "say its plan"),
        ("- {plan: a}", "missing required field `name`"),
        ("- {name: x, plan: a, price: y}", "unknown field `price`"),
        ("- {name: x, plan: a}\n- {name: x, plan: b}", "'x' is there twice"),
        ("- {name: x, plan: a, mix: {small: 900}}", "sums to 900 thousandths"),
        ("- {name: x, plan: a, mix: {small: 1100, large: -100}}", "sums to 1000 thousandths, or one is below 0"),
        ("- {name: x, plan: a, mix: {small: 1000}, shares: []}", "not both"),
        ("- {name: x, plan: a, prices: nowhere}", "nowhere is no folder of rate cards"),
        ("- {name: x, plan: a, cards: {huge: {price: l}}}", "there is no model 'huge'; models are: large, small"),
        ("- {name: x, plan: a, cards: {small: {cost: huge}}}", "there is no rate card 'huge'"),
        ("[]", "0 scenarios are not 1 to 50"),
        ("x: 1", "Expected"),
        ("{", "cannot be read as YAML"),
        ("7", "Expected"),
    ],
)
def test_what_cannot_be_is_named(around: Around, text: str, named: str) -> None:
    with pytest.raises(Invalid) as refused:
        scenarios(around, text)
    assert named in refused.value.message
