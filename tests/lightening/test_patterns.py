"""Patterns: choices, words, Korean particles and stems."""

from __future__ import annotations

import random

import pytest

from solvent.lightening.patterns import STEM_MARK, expand, parse, tidy


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("토큰~이 뭐야", "토큰이 뭐야"),
        ("홀드~이 뭐야", "홀드가 뭐야"),
        ("지갑~은", "지갑은"),
        ("영수증~을", "영수증을"),
        ("요금제~을", "요금제를"),
        ("서울~으로", "서울로"),
        ("부산~으로", "부산으로"),
        ("마진~이란", "마진이란"),
        ("홀드~이란", "홀드란"),
        ("토큰~이에요", "토큰이에요"),
        ("홀드~이에요", "홀드예요"),
        ("token~이 뭐야", "token이 뭐야"),
        (f"내려받{STEM_MARK}려면", "내려받으려면"),
        (f"연결하{STEM_MARK}려면", "연결하려면"),
        (f"돈을 벌{STEM_MARK}려면", "돈을 벌려면"),
        (f"받{STEM_MARK}는 법", "받는 법"),
        ("what is  it , then ?", "what is it, then?"),
    ],
)
def test_particles_and_stems_fit_the_word_before_them(written: str, meant: str) -> None:
    assert tidy(written) == meant


def test_every_choice_is_reached_and_choices_nest() -> None:
    chance = random.Random(1)
    seen = {expand("[a|b[c|d]|] {x}", {"x": ("y", "[z|w]")}, chance) for _ in range(300)}
    assert seen == {f"{left} {right}".strip() for left in ("a", "bc", "bd", "") for right in ("y", "z", "w")}


def test_the_name_of_a_configuration_entry_is_no_choice() -> None:
    assert expand("add [[models]] [now|now]", {}, random.Random(1)) == "add [[models]] now"


@pytest.mark.parametrize("broken", ["[a|b", "a]"])
def test_a_bracket_left_open_is_an_error(broken: str) -> None:
    with pytest.raises(ValueError, match="bracket"):
        parse(broken)
