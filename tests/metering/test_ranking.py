"""Reports of rankings: Cohere's searches, everybody else's tokens."""

from __future__ import annotations

import json
from typing import Any

import pytest

from solvent.metering.dialect import reader
from solvent.values.errors import Invalid
from solvent.values.usage import Usage


@pytest.mark.parametrize(
    ("report", "usage"),
    [
        ({"total_tokens": 40}, Usage(40)),
        ({"prompt_tokens": 30, "total_tokens": 40}, Usage(40)),
        ({"prompt_tokens": 30}, Usage(30)),
        ({"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}, Usage(web_searches=1)),
        ({"billed_units": {"search_units": 2.0}}, Usage(web_searches=2)),
        ({"billed_units": {"search_units": 1.25}}, Usage(web_searches=2)),
        ({"billed_units": {"search_units": 1}, "total_tokens": 9}, Usage(9, web_searches=1)),
    ],
)
def test_what_was_read_and_searched(report: dict[str, Any], usage: Usage) -> None:
    assert reader("whoever", "rerank")(json.dumps(report).encode()) == usage


@pytest.mark.parametrize(
    "report",
    [
        {}, {"total_tokens": -1}, {"total_tokens": "40"}, {"billed_units": {}}, {"billed_units": {"search_units": -1}},
        {"billed_units": {"search_units": 1001}}, {"billed_units": 7}, [], None,
    ],
)  # fmt: skip
def test_nonsense_is_refused(report: Any) -> None:
    with pytest.raises(Invalid) as caught:
        reader("whoever", "rerank")(json.dumps(report).encode())
    assert caught.value.code == "bad_usage"
