"""OpenAI's reports and their accents: taken apart into disjoint buckets that add up again, or refused."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.metering.reports import COUNTS, NO_COUNTS, NO_REPORTS, encoded, is_read_or_refused, read, refused, reports

from solvent.metering.openai import (
    embeddings_usage,
    images_usage,
    openai_usage,
    plain_usage,
    responses_usage,
    transcriptions_usage,
    usage_with_more_beside,
    usage_with_thoughts_beside,
    usage_with_thoughts_in_total,
)
from solvent.metering.tariff import reported_tariff
from solvent.values.errors import Invalid
from solvent.values.limits import TOKENS_MAX
from solvent.values.usage import Usage, all_input_tokens, all_output_tokens

ALL = (
    openai_usage, responses_usage, embeddings_usage, images_usage, transcriptions_usage, usage_with_more_beside,
    usage_with_thoughts_beside, usage_with_thoughts_in_total,
)  # fmt: skip


@given(COUNTS, COUNTS, st.data())
@settings(deadline=None)
def test_no_token_is_in_two_buckets(prompt: int, completion: int, data: st.DataObject) -> None:
    cached, reasoning = data.draw(st.integers(0, prompt)), data.draw(st.integers(0, completion))
    report = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
    expected = Usage(prompt - cached, cached, 0, 0, completion - reasoning, reasoning)
    assert read(openai_usage, report) == expected
    responses = {
        "input_tokens": prompt,
        "output_tokens": completion,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens_details": {"reasoning_tokens": reasoning},
    }
    assert read(responses_usage, responses) == expected


@given(st.lists(st.integers(0, 10**6), min_size=4, max_size=4), st.lists(st.integers(0, 10**6), min_size=4, max_size=4),
       st.data())  # fmt: skip
@settings(deadline=None)
def test_sound_pictures_and_cache_writes_have_buckets_of_their_own(
    parts_read: list[int], parts_written: list[int], data: st.DataObject
) -> None:
    text, audio, image, written_cache = parts_read
    said, thought, sung, drawn = parts_written
    cached = data.draw(st.integers(0, text + audio + image))
    details = {
        "cached_tokens": cached,
        "audio_tokens": audio,
        "image_tokens": image,
        "cache_write_tokens": written_cache,
    }
    wrote = {"reasoning_tokens": thought, "audio_tokens": sung, "image_tokens": drawn}
    whole = sum(parts_read), sum(parts_written)
    chat = {"prompt_tokens": whole[0], "completion_tokens": whole[1], "prompt_tokens_details": details,
            "completion_tokens_details": wrote}  # fmt: skip
    responses = {"input_tokens": whole[0], "output_tokens": whole[1], "input_tokens_details": details,
                 "output_tokens_details": wrote}  # fmt: skip
    usage = read(openai_usage, chat)
    assert usage == read(responses_usage, responses)
    assert (all_input_tokens(usage), all_output_tokens(usage)) == whole
    cached_parts = (usage.cached_input_tokens, usage.cached_audio_input_tokens, usage.cached_image_input_tokens)
    assert sum(cached_parts) == cached
    assert cached_parts[0] == min(cached, text), "text first, so that what is dearer counts in full"
    assert usage.cache_write_5m_tokens == written_cache
    assert usage.audio_input_tokens + usage.cached_audio_input_tokens == audio
    assert usage.image_input_tokens + usage.cached_image_input_tokens == image
    assert (usage.output_tokens, usage.reasoning_tokens) == (said, thought)
    assert (usage.audio_output_tokens, usage.image_output_tokens) == (sung, drawn)


@pytest.mark.parametrize(
    ("report", "usage"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 3}, Usage(input_tokens=7, output_tokens=3)),
        ({"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": None, "completion_tokens_details": None},
         Usage(input_tokens=7, output_tokens=3)),
        ({"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": None}},
         Usage(input_tokens=7, output_tokens=3)),
        ({"prompt_tokens": 7}, Usage(input_tokens=7)),  # an embedding writes nothing
        ({"prompt_tokens": 0, "completion_tokens": 0}, Usage()),
        ({"prompt_tokens": TOKENS_MAX, "completion_tokens": TOKENS_MAX},
         Usage(input_tokens=TOKENS_MAX, output_tokens=TOKENS_MAX)),
        # frames of a video are seen
        ({"prompt_tokens": 270, "completion_tokens": 28, "prompt_tokens_details": {"video_tokens": 258}},
         Usage(input_tokens=12, image_input_tokens=258, output_tokens=28)),
        # cached tokens where DeepSeek, Moonshot and Databricks say them
        ({"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 5}, Usage(4, 5, output_tokens=1)),
        ({"prompt_tokens": 9, "completion_tokens": 1, "cached_tokens": 5}, Usage(4, 5, output_tokens=1)),
        ({"prompt_tokens": 9, "completion_tokens": 1, "cache_read_input_tokens": 5}, Usage(4, 5, output_tokens=1)),
        # Mistral bills by the details alone
        ({"prompt_tokens": 9, "completion_tokens": 1, "num_cached_tokens": 5}, Usage(9, output_tokens=1)),
        # the total proves that the thoughts stand beside
        ({"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 60,
          "completion_tokens_details": {"reasoning_tokens": 50}}, Usage(9, output_tokens=1, reasoning_tokens=50)),
        ({"prompt_tokens": 9, "completion_tokens": 60, "total_tokens": 69,
          "completion_tokens_details": {"reasoning_tokens": 50}}, Usage(9, output_tokens=10, reasoning_tokens=50)),
    ],
)  # fmt: skip
def test_chat_reports_are_read(report: object, usage: Usage) -> None:
    assert read(openai_usage, report) == usage


def test_xai_reports_thoughts_beside_what_was_written() -> None:
    report = {"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135,
              "completion_tokens_details": {"reasoning_tokens": 94}}  # fmt: skip
    assert read(usage_with_thoughts_beside, report) == Usage(32, output_tokens=9, reasoning_tokens=94)


def test_perplexity_reports_thoughts_citations_and_searches_beside() -> None:
    report = {"prompt_tokens": 20, "completion_tokens": 100, "reasoning_tokens": 40, "citation_tokens": 8,
              "num_search_queries": 3}  # fmt: skip
    assert read(usage_with_more_beside, report) == Usage(
        20, output_tokens=108, reasoning_tokens=40, web_searches=3)  # fmt: skip


def test_google_hides_thoughts_in_the_total() -> None:
    report = {"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": 109}
    assert read(usage_with_thoughts_in_total, report) == Usage(35, output_tokens=12, reasoning_tokens=62)
    less = {"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": 40}
    assert read(usage_with_thoughts_in_total, less) == Usage(35, output_tokens=12)


def test_realtime_says_what_kind_was_cached() -> None:
    report = {
        "input_tokens": 130, "output_tokens": 50,
        "input_token_details": {"text_tokens": 30, "audio_tokens": 100, "cached_tokens": 64,
                                "cached_tokens_details": {"text_tokens": 4, "audio_tokens": 60}},
        "output_token_details": {"text_tokens": 10, "audio_tokens": 40},
    }  # fmt: skip
    assert read(responses_usage, report) == Usage(
        input_tokens=26, cached_input_tokens=4, audio_input_tokens=40, cached_audio_input_tokens=60, output_tokens=10,
        audio_output_tokens=40,
    )  # fmt: skip


def test_an_embedding_is_what_was_read() -> None:
    assert read(embeddings_usage, {"prompt_tokens": 5, "total_tokens": 5, "completion_tokens": 9}) == Usage(5)


CHAT_NONSENSE = [
    b'{"completion_tokens": 3}',
    *[b'{"prompt_tokens": %s, "completion_tokens": 3}' % wrong for wrong in (b"null", *NO_COUNTS)],
    *[b'{"prompt_tokens": 7, "completion_tokens": %s}' % wrong for wrong in NO_COUNTS],
    *[b'{"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": {"%s": %s}}' % (name, wrong)
      for name in (b"cached_tokens", b"cache_write_tokens", b"audio_tokens", b"image_tokens", b"video_tokens")
      for wrong in (b"8", *NO_COUNTS)],
    *[b'{"prompt_tokens": 7, "completion_tokens": 3, "completion_tokens_details": {"%s": %s}}' % (name, wrong)
      for name in (b"reasoning_tokens", b"audio_tokens", b"image_tokens") for wrong in (b"4", *NO_COUNTS)],
    *[b'{"prompt_tokens": 7, "completion_tokens": 3, "%s": %s}' % (name, wrong)
      for name in (b"prompt_tokens_details", b"completion_tokens_details") for wrong in (b"[]", b"3", b'"x"')],
    b'{"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 4}}',
    b'{"prompt_tokens": 7, "prompt_tokens_details": {"audio_tokens": 4, "image_tokens": 4}}',
]  # fmt: skip


@pytest.mark.parametrize("report", CHAT_NONSENSE)
def test_a_report_that_cannot_be_true_is_refused(report: bytes) -> None:
    refused(openai_usage, report)
    refused(responses_usage, report.replace(b"prompt", b"input").replace(b"completion", b"output"))


@pytest.mark.parametrize("report", NO_REPORTS)
def test_what_is_no_report_is_refused(report: bytes) -> None:
    for reader in ALL:
        refused(reader, report)


def test_the_message_names_the_field_and_shows_what_stood_there() -> None:
    message = refused(openai_usage, b'{"prompt_tokens": -20, "completion_tokens": 9}')
    assert "$.prompt_tokens" in message
    assert "-20" in message
    message = refused(openai_usage, encoded({"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": 8}}))
    assert "7 tokens read (among them cached 8)" in message


NAMES = (
    "prompt_tokens", "completion_tokens", "prompt_tokens_details", "cached_tokens", "input_tokens", "output_tokens",
    "input_tokens_details", "audio_tokens", "total_tokens", "reasoning_tokens",
)  # fmt: skip


@given(reports(*NAMES))
@settings(deadline=None, max_examples=150)
def test_any_bytes_are_read_within_bounds_or_refused(report: bytes) -> None:
    for reader in ALL:
        is_read_or_refused(reader, report)


ODD = st.fixed_dictionaries(
    {"prompt_tokens": COUNTS},
    optional={
        "completion_tokens": COUNTS, "prompt_tokens_details": st.sampled_from([None, {"cached_tokens": 3, "x": 1}]),
        "cost": st.floats(0, 1), "service_tier": st.sampled_from(["default", "flex", None]), "speed": st.just("fast"),
    },
).map(encoded)  # fmt: skip


@given(ODD | reports(*NAMES, "cost"))
@example(b'{"prompt_tokens":1,"\xff":2}')
@settings(deadline=None, max_examples=150)
def test_what_is_read_as_plain_is_read_alike_and_names_no_tariff(report: bytes) -> None:
    try:
        plain = plain_usage(report)
    except Invalid as wrong:
        assert refused(openai_usage, report) == wrong.message  # noqa: PT017  # it is said alike
        return
    if plain is not None:
        assert (plain, reported_tariff(report)) == (openai_usage(report), "")


def test_what_is_drawn_is_no_text() -> None:
    details = {"text_tokens": 8, "image_tokens": 3}
    assert read(images_usage, {"input_tokens": 11, "output_tokens": 40, "input_tokens_details": details}) == Usage(
        input_tokens=8, image_input_tokens=3, image_output_tokens=40
    )
    told = {"input_tokens": 1, "output_tokens": 40, "output_tokens_details": {"image_tokens": 30, "text_tokens": 10}}
    assert read(images_usage, told) == Usage(input_tokens=1, output_tokens=10, image_output_tokens=30)


def test_what_is_heard_is_told_in_seconds_or_in_tokens() -> None:
    assert read(transcriptions_usage, {"type": "duration", "seconds": 1.25}) == Usage(audio_input_ms=1_250)
    details = {"text_tokens": 10, "audio_tokens": 20}
    told = {"type": "tokens", "input_tokens": 30, "output_tokens": 5, "input_token_details": details}
    assert read(transcriptions_usage, told) == Usage(input_tokens=10, audio_input_tokens=20, output_tokens=5)
    for seconds in (-1, 10**7, "1", None):
        refused(transcriptions_usage, encoded({"type": "duration", "seconds": seconds}))
