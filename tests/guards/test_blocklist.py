"""Listed words are found whole, with particles and in odd spellings, and not in other words."""

from __future__ import annotations

import asyncio
import time

import pytest

from solvent.guards.blocklist import open_guard
from solvent.guards.port import Settings, Text
from solvent.values.errors import Invalid


def found(text: str, /, **options: object) -> list[str]:
    guard = open_guard(Settings("list", options))
    return [text[one.start : one.end] for one in asyncio.run(guard.find([Text(text)]))]


@pytest.mark.parametrize(
    "words",
    [
        "도박", "도박은 나쁘다", "불법 도박을", "'도박'", "도박에서까지는", "도박입니다.", "도\u200b박", "도\u00ad박을",
        "\u1103\u1169\u1107\u1161\u11a8을",  # in letters, as some systems write file names
        "도박\u2060이", "DOBAK", "ｄｏｂａｋ", "d\u200co\u200db\ufeffak!",
    ],
)  # fmt: skip
def test_finds_a_word_however_it_is_written(words: str) -> None:
    assert len(found(words, words=["도박", "dobak"])) == 1


@pytest.mark.parametrize("words", ["도박사", "온라인도박", "도 박", "dobaks", "adobak", "돕악"])
def test_another_word_is_another_word(words: str) -> None:
    assert found(words, words=["도박", "dobak"]) == []


def test_a_star_lets_a_word_go_on() -> None:
    assert found("온라인도박사이트", words=["*도박*"]) == ["도박"]
    assert found("온라인도박", words=["도박*"]) == []
    assert found("도박사", words=["도박*"]) == ["도박"]


def test_patterns_are_found_in_either_case() -> None:
    assert found("Use Coupon-12 now, coupon-7", patterns=["coupon-[0-9]+"]) == ["Coupon-12", "coupon-7"]


def test_no_pattern_takes_long() -> None:
    began = time.process_time()
    assert found("a" * 50_000 + "!", patterns=["(a+)+$", "(a|aa)+b"]) == []
    assert time.process_time() - began < 10, "a matcher that tries all ways would never end"


@pytest.mark.parametrize(
    "options",
    [
        {}, {"words": []}, {"words": [""]}, {"words": ["*"]}, {"words": ["x" * 201]}, {"patterns": ["("]},
        {"patterns": [r"(a)\1"]}, {"patterns": ["a*"]}, {"patterns": ["a" * 1001]}, {"word": ["x"]},
        {"words": ["x"] * 10_001},
    ],
)  # fmt: skip
def test_refuses_options_that_make_no_sense(options: dict[str, object]) -> None:
    with pytest.raises(Invalid, match="options"):
        open_guard(Settings("list", options))
