"""Overlapping counts are taken apart so that they add up again, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from solvent.metering.disjoint import Read, Written, usage_of
from solvent.values.errors import Invalid
from solvent.values.limits import TOKENS_MAX, WEB_SEARCHES_MAX
from solvent.values.usage import BUCKETS, all_input_tokens, all_output_tokens

COUNTS = st.integers(0, 20)
READ = st.builds(Read, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, st.none() | COUNTS, st.none() | COUNTS)
WRITTEN = st.builds(Written, COUNTS, COUNTS, COUNTS, COUNTS)


@given(READ, WRITTEN, COUNTS)
@settings(deadline=None, max_examples=200)
def test_the_buckets_add_up_or_the_report_is_refused(read: Read, written: Written, searches: int) -> None:
    try:
        usage = usage_of(read, written, searches)
    except Invalid as wrong:
        assert wrong.code == "bad_usage"  # noqa: PT017  # refused because the parts do not fit, as the next line shows
        parts = read.cached + read.written_5m + read.written_1h + read.audio + read.image
        assert parts > read.total or sum(astuple(written)[1:]) > written.total or _kinds_do_not_fit(read)
        return
    assert not _kinds_do_not_fit(read)
    assert (all_input_tokens(usage), all_output_tokens(usage)) == (read.total, written.total)
    cached = (usage.cached_input_tokens, usage.cached_audio_input_tokens, usage.cached_image_input_tokens)
    assert sum(cached) == read.cached
    assert (usage.cache_write_5m_tokens, usage.cache_write_1h_tokens) == (read.written_5m, read.written_1h)
    assert usage.audio_input_tokens + usage.cached_audio_input_tokens == read.audio
    assert usage.image_input_tokens + usage.cached_image_input_tokens == read.image
    assert usage.web_searches == searches
    assert all(getattr(usage, name) >= 0 for name in BUCKETS)


def _kinds_do_not_fit(read: Read) -> bool:
    audio, image = read.cached_audio or 0, read.cached_image or 0
    return audio > read.audio or image > read.image or audio + image > read.cached


@pytest.mark.parametrize(
    ("read", "written", "searches"),
    [
        (Read(TOKENS_MAX + 1), Written(0), 0),
        (Read(0), Written(TOKENS_MAX + 1), 0),
        (Read(0), Written(0), WEB_SEARCHES_MAX + 1),
        (Read(0), Written(0), -1),
        (Read(-1), Written(0), 0),
        (Read(5, cached=-1), Written(0), 0),
        (Read(5), Written(5, reasoning=-1), 0),
    ],
)
def test_counts_beyond_all_reason_are_refused(read: Read, written: Written, searches: int) -> None:
    with pytest.raises(Invalid):
        usage_of(read, written, searches)


def test_where_nobody_says_what_was_cached_the_dearer_counts_in_full() -> None:
    usage = usage_of(Read(100, cached=70, audio=40, image=10), Written(0))
    assert (usage.input_tokens, usage.cached_input_tokens) == (0, 50)
    assert (usage.cached_image_input_tokens, usage.cached_audio_input_tokens) == (10, 10)
    assert usage.audio_input_tokens == 30
    known = usage_of(replace(Read(100, cached=70, audio=40), cached_audio=40), Written(0))
    assert (known.audio_input_tokens, known.cached_audio_input_tokens, known.cached_input_tokens) == (0, 40, 30)
