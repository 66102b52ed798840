"""Cohere's reports: what is billed, and what went through the model."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from tests.metering.reports import NO_COUNTS, NO_REPORTS, encoded, is_read_or_refused, read, refused, reports

from solvent.metering.cohere import cohere_tokens, cohere_usage
from solvent.values.usage import Usage

CHAT = {"billed_units": {"input_tokens": 2_406, "output_tokens": 2}, "cached_tokens": 2_928,
        "tokens": {"input_tokens": 2_935, "output_tokens": 4}}  # fmt: skip


def test_what_is_billed_is_what_counts() -> None:
    assert read(cohere_usage, CHAT) == Usage(2_406, output_tokens=2)


def test_the_tokens_of_the_model_are_another_count() -> None:
    assert read(cohere_tokens, CHAT) == Usage(7, 2_928, output_tokens=4)


def test_an_embedding_reads_text_and_pictures() -> None:
    meta = {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 7, "image_tokens": 3}}
    assert read(cohere_usage, meta) == Usage(7, image_input_tokens=3)


@pytest.mark.parametrize(
    "report",
    [*NO_REPORTS, b'{"billed_units": {}}', b'{"billed_units": null}', b'{"tokens": null}',
     *[b'{"billed_units": {"input_tokens": %s}, "tokens": {"input_tokens": %s}}' % (wrong, wrong)
       for wrong in NO_COUNTS],
     *[b'{"billed_units": {"input_tokens": 1, "%s": %s}, "tokens": {"output_tokens": %s}}' % (name, wrong, wrong)
       for name in (b"output_tokens", b"image_tokens") for wrong in NO_COUNTS]],
)  # fmt: skip
def test_a_report_that_cannot_be_true_is_refused(report: bytes) -> None:
    refused(cohere_usage, report)
    refused(cohere_tokens, report)


def test_more_cached_than_read_is_refused() -> None:
    refused(cohere_tokens, encoded({"tokens": {"input_tokens": 3, "output_tokens": 1}, "cached_tokens": 4}))


@given(reports("billed_units", "tokens", "input_tokens", "output_tokens", "image_tokens", "cached_tokens"))
@settings(deadline=None)
def test_any_bytes_are_read_within_bounds_or_refused(report: bytes) -> None:
    is_read_or_refused(cohere_usage, report)
    is_read_or_refused(cohere_tokens, report)
