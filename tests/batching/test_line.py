"""Lines of a batch's file: cut the same however its bytes come, and what is wrong with one is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from solvent.batching.line import Splitter, check_line
from solvent.values.errors import Invalid
from solvent.values.limits import BATCH_LINE_BYTES_MAX, CUSTOM_ID_CHARACTERS_MAX

CHAT = "/v1/chat/completions"
GOOD: dict[str, Any] = {"custom_id": "한", "method": "POST", "url": CHAT, "body": {"model": "m", "more": [1]}}


@given(some.lists(some.binary(max_size=12)), some.integers(1, 9))
def test_the_lines_are_the_same_however_they_come(parts: list[bytes], size: int) -> None:
    sent = b"\n".join(parts)
    splitter, found = Splitter(), list[tuple[int, int, bytes]]()
    for start in range(0, len(sent), size):
        found += splitter.feed(sent[start : start + size])
    found += splitter.end()
    assert [(number, text) for number, _, text in found] == [
        (number, text) for number, text in enumerate(sent.split(b"\n"), start=1) if text.strip()
    ]
    assert all(sent[starts : starts + len(text)] == text for _, starts, text in found)


def test_a_line_without_end_is_noticed_before_it_is_whole() -> None:
    splitter = Splitter()
    assert list(splitter.feed(bytes(BATCH_LINE_BYTES_MAX))) == []
    assert not splitter.is_overlong
    list(splitter.feed(b"x"))
    assert splitter.is_overlong


def test_a_good_line_is_read_verbatim() -> None:
    text = json.dumps(GOOD).encode()
    request = check_line(b"  " + text + b"\r", CHAT)
    assert request.custom_id == "한"
    assert json.loads(bytes(request.body)) == GOOD["body"]
    assert check_line(json.dumps(GOOD | {"custom_id": "x" * CUSTOM_ID_CHARACTERS_MAX}).encode(), CHAT)
    assert check_line(json.dumps(GOOD | {"body": {"model": "m", "stream": False}}).encode(), CHAT)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"custom_id": ""}, "custom_id"), ({"custom_id": "a\n"}, "custom_id"), ({"custom_id": 1}, "custom_id"),
        ({"custom_id": "x" * (CUSTOM_ID_CHARACTERS_MAX + 1)}, "custom_id"), ({"method": "GET"}, "method"),
        ({"url": "/v1/embeddings"}, "url"), ({"url": None}, "url"), ({"body": []}, "body"), ({"body": "{}"}, "body"),
        ({"body": {"messages": []}}, "body.model"), ({"body": {"model": 1}}, "body.model"),
        ({"body": {"model": "m", "stream": True}}, "body.stream"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(change: dict[str, Any], param: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_line(json.dumps(GOOD | change).encode(), CHAT)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("text", "code"),
    [(b"{", "not_json"), (b"", "not_json"), (b"\xff", "not_utf8"), (b"[]", "bad_request"), (b"{}", "bad_request"),
     (b'{"body":' + b"[" * 100_000, "not_json"), (b" " * (BATCH_LINE_BYTES_MAX + 1), "bad_request")],
    ids=range(7),
)  # fmt: skip
def test_what_is_no_line_is_refused(text: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_line(text, CHAT)
    assert refused.value.code == code
