"""Google's metadata: caches inside what was read, tools beside it, thoughts beside what was written, by modality."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metering.reports import NO_COUNTS, encoded, is_read_or_refused, read, refused, reports

from solvent.metering.google import google_usage
from solvent.values.usage import Usage, all_input_tokens, all_output_tokens

MODALITIES = ("TEXT", "AUDIO", "IMAGE", "VIDEO", "DOCUMENT")
SEEN = ("IMAGE", "VIDEO", "DOCUMENT")
COUNTS = st.integers(0, 10**6)
KINDS = st.fixed_dictionaries(dict.fromkeys(MODALITIES, COUNTS))


def details(kinds: dict[str, int]) -> list[dict[str, Any]]:
    return [{"modality": modality, "tokenCount": count} for modality, count in kinds.items() if count]


@given(KINDS, KINDS, KINDS, COUNTS, st.data())
@settings(deadline=None)
def test_every_modality_is_in_its_bucket(
    given_: dict[str, int], tools: dict[str, int], made: dict[str, int], thoughts: int, data: st.DataObject
) -> None:
    cached = {modality: data.draw(st.integers(0, count)) for modality, count in given_.items()}
    report = {
        "promptTokenCount": sum(given_.values()), "promptTokensDetails": details(given_),
        "toolUsePromptTokenCount": sum(tools.values()), "toolUsePromptTokensDetails": details(tools),
        "cachedContentTokenCount": sum(cached.values()), "cacheTokensDetails": details(cached),
        "candidatesTokenCount": sum(made.values()), "candidatesTokensDetails": details(made),
        "thoughtsTokenCount": thoughts,
    }  # fmt: skip
    usage = read(google_usage, report)
    assert all_input_tokens(usage) == sum(given_.values()) + sum(tools.values())
    assert all_output_tokens(usage) == sum(made.values()) + thoughts
    assert usage.reasoning_tokens == thoughts
    assert usage.cached_input_tokens == cached["TEXT"]
    assert usage.input_tokens == given_["TEXT"] + tools["TEXT"] - cached["TEXT"]
    assert usage.cached_audio_input_tokens == cached["AUDIO"]
    assert usage.audio_input_tokens == given_["AUDIO"] + tools["AUDIO"] - cached["AUDIO"]
    assert usage.cached_image_input_tokens == sum(cached[modality] for modality in SEEN)
    assert usage.image_input_tokens == sum(given_[m] + tools[m] - cached[m] for m in SEEN)
    assert (usage.output_tokens, usage.audio_output_tokens) == (made["TEXT"], made["AUDIO"])
    assert usage.image_output_tokens == sum(made[modality] for modality in SEEN)


@pytest.mark.parametrize(
    ("report", "usage"),
    [
        ({"promptTokenCount": 7}, Usage(7)),
        ({"promptTokenCount": 9, "candidatesTokenCount": 51, "thoughtsTokenCount": 72},
         Usage(9, output_tokens=51, reasoning_tokens=72)),
        # nobody says what was cached: text first, so that sound counts in full
        ({"promptTokenCount": 100, "cachedContentTokenCount": 70,
          "promptTokensDetails": details({"TEXT": 60, "AUDIO": 40})},
         Usage(cached_input_tokens=60, audio_input_tokens=30, cached_audio_input_tokens=10)),
        ({"promptTokenCount": 9, "promptTokensDetails": None, "trafficType": "ON_DEMAND"}, Usage(9)),
        ({"promptTokenCount": 9, "promptTokensDetails": [{"modality": "SMELL", "tokenCount": 4}]}, Usage(9)),
        ({}, Usage()),
    ],
)  # fmt: skip
def test_reports_are_read(report: dict[str, Any], usage: Usage) -> None:
    assert read(google_usage, report) == usage


FIELDS = ("promptTokenCount", "cachedContentTokenCount", "candidatesTokenCount", "thoughtsTokenCount",
          "toolUsePromptTokenCount")  # fmt: skip


@pytest.mark.parametrize(
    "report",
    [
        b"", b"null", b"[]", b"{", b"\xff",
        *[b'{"%s": %s}' % (name.encode(), wrong) for name in FIELDS for wrong in NO_COUNTS],
        *[b'{"promptTokenCount": 9, "promptTokensDetails": %s}' % wrong for wrong in (b"3", b"{}", b"[3]", b"[{}]")],
        *[b'{"promptTokenCount": 9, "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": %s}]}' % wrong
          for wrong in (b"10", *NO_COUNTS)],
        encoded({"promptTokenCount": 9, "cachedContentTokenCount": 10}),
        encoded({"promptTokenCount": 9, "cachedContentTokenCount": 5, "cacheTokensDetails": details({"AUDIO": 5})}),
        encoded({"candidatesTokenCount": 3, "candidatesTokensDetails": details({"IMAGE": 4})}),
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_true_is_refused(report: bytes) -> None:
    refused(google_usage, report)


@given(reports(*FIELDS, "promptTokensDetails", "cacheTokensDetails", "modality", "tokenCount"))
@settings(deadline=None, max_examples=150)
def test_any_bytes_are_read_within_bounds_or_refused(report: bytes) -> None:
    is_read_or_refused(google_usage, report)
