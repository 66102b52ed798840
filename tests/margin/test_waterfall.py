"""The waterfall adds up, to the last grain, whatever the books say; and ends at the margin that every page tells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from solvent.margin.facet import CORRECTED, FAILED, FREE, HEDGED, RETRIED, read, told
from solvent.margin.line import MarginLine, MarginSums
from solvent.margin.waterfall import BESIDE, UNSPLIT, VAT, Step, beside_of, costs_of, waterfall
from solvent.pricing.parts import KINDS

GRAINS = st.integers(-(10**18), 10**18)
SOME = st.integers(0, 10**18)
PARTS = st.dictionaries(
    st.tuples(st.sampled_from(["pro", "plus"]), st.sampled_from([*KINDS, RETRIED, HEDGED, FAILED, CORRECTED, FREE])),
    GRAINS, max_size=12,
)  # fmt: skip


@given(SOME, SOME, GRAINS, SOME, PARTS, st.dictionaries(st.sampled_from([*BESIDE, VAT]), GRAINS))
def test_every_total_is_the_sum_of_the_steps_before_it(
    charge: int, granted: int, earned: int, cost: int, parts: dict[tuple[str, str], int], beside: dict[str, int]
) -> None:
    sums = MarginSums(charge_grains=charge, granted_grains=granted, earned_grains=earned, cost_grains=cost)
    steps = waterfall(sums, parts, beside)
    run = 0
    for step in steps:
        if step.is_total:
            assert step.grains == run, step
        else:
            run += step.grains
            assert step.grains or step.name == "charged", "nothing is no step"
    named = {step.name: step.grains for step in steps}
    assert len(named) == len(steps)
    assert named["margin"] == MarginLine("", "KRW", sums).margin.grains
    assert steps[-1].is_total
    spent = sum(grains for name, grains in beside.items() if name != VAT)
    assert named.get("left", named["margin"]) == named["margin"] - (spent if "left" in named else 0)
    assert ("vat_paid" in named) == bool(beside.get(VAT))


@given(SOME, PARTS)
def test_costs_are_all_told_and_those_of_free_plans_as_one(cost: int, parts: dict[tuple[str, str], int]) -> None:
    found = costs_of(cost, parts)
    assert sum(found.values()) == cost
    assert found[FREE] == sum(grains for (_, part), grains in parts.items() if part == FREE)
    assert found[UNSPLIT] == cost - sum(parts.values())


def test_what_the_ledger_moves_is_one_of_the_steps_or_stands_in_the_roll_ups() -> None:
    moved = {
        ("vat:payable", "KRW"): -1_000, ("expense:payment_fees:toss", "KRW"): 30, ("cost:engine:idle", "KRW"): 7,
        ("expense:payment_fees:bank", "KRW"): 4,
        ("expense:payment_fees:stripe", "USD"): 9, ("expense:grants", "KRW"): 500,
        ("expense:house_loss", "KRW"): 3, ("expense:payment_feesother", "KRW"): 1, ("cost:api:acme", "KRW"): -2,
    }  # fmt: skip
    assert beside_of(moved, "KRW") == {VAT: 1_000, "fees": 34, "idle": 7, "other": -1}


def test_a_month_in_words() -> None:
    sums = MarginSums(charge_grains=900, granted_grains=100, earned_grains=2_000, cost_grains=1_300)
    parts = {("pro", "input"): 400, ("pro", "output"): 500, ("pro", FREE): 300, ("pro", RETRIED): 60}
    steps = waterfall(sums, parts, {VAT: 290, "fees": 80})
    assert [(step.name, step.grains) for step in steps] == [
        ("charged", 900), ("plans_earned", 2_000), ("vat_paid", 290), ("price", 3_190), ("vat", -290), ("gifts", -100),
        ("revenue", 2_800), (FREE, -300), ("input", -400), ("output", -500), (RETRIED, -60), (UNSPLIT, -40),
        ("margin", 1_500), ("fees", -80), ("left", 1_420),
    ]  # fmt: skip
    assert [step.name for step in steps if step.is_waste] == [RETRIED]
    assert steps[0] == Step("charged", 900, "answers")


@given(st.dictionaries(st.sampled_from([*KINDS, RETRIED, FAILED]), GRAINS))
def test_parts_are_read_as_they_were_told(parts: dict[str, int]) -> None:
    assert dict(read(told(parts))) == {kind: grains for kind, grains in parts.items() if grains}
