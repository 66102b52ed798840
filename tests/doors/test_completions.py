"""Completions by OpenAI's own package: a text goes on, whole or as a stream, bounded and charged like any answer."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from openai import OpenAI
from tests.doors.server import INPUT_GRAINS, OUTPUT_GRAINS, Solvent
from tests.doors.upstream import PROMPT_TOKENS, Upstream

from solvent.gateway.completions import TOKENS_UNLESS_SAID
from solvent.values.money import Money, plain

pytestmark = pytest.mark.xdist_group("completions")


@pytest.fixture
def client(solvent: Solvent) -> OpenAI:
    made: OpenAI = solvent.client()
    return made


def charge_of(words: int) -> str:
    return plain(Money(PROMPT_TOKENS * INPUT_GRAINS + words * OUTPUT_GRAINS, "USD"))


def test_a_text_goes_on(solvent: Solvent, upstream: Upstream, client: OpenAI) -> None:
    script = {"words": 3, "tag": uuid.uuid4().hex}
    raw = client.completions.with_raw_response.create(
        model="renamed", prompt="def add(", suffix="return", max_tokens=40, extra_body={"script": script}
    )
    made = raw.parse()
    assert (made.choices[0].text, made.choices[0].finish_reason) == ("word0 word1 word2", "stop")
    assert (made.object, made.model, made.id) == ("text_completion", "renamed", raw.headers["x-request-id"])
    assert raw.headers["x-solvent-charge"] == solvent.receipt(made.id)["charge"] == charge_of(3)
    heard = upstream.one(script["tag"])  # type: ignore[arg-type]
    assert heard.path == "/v1/completions"
    assert (heard.body["prompt"], heard.body["suffix"], heard.body["max_tokens"]) == ("def add(", "return", 40)
    assert "max_completion_tokens" not in heard.body


@pytest.mark.parametrize("asks", [False, True])
def test_it_goes_on_as_a_stream(solvent: Solvent, client: OpenAI, asks: bool) -> None:
    options: dict[str, Any] = {"stream_options": {"include_usage": True}} if asks else {}
    stream = client.completions.create(
        model="scripted", prompt=[1, 2, 3], stream=True, extra_body={"script": {"words": 4}}, **options
    )
    events = list(stream)
    assert "".join(event.choices[0].text for event in events if event.choices) == "word0 word1 word2 word3 "
    usage = [event.usage for event in events if event.usage is not None]
    assert [one.completion_tokens for one in usage] == ([4] if asks else [])
    assert solvent.receipt(events[0].id)["charge"] == charge_of(4)


def test_without_a_limit_it_is_as_short_as_at_openai(solvent: Solvent, upstream: Upstream) -> None:
    tag = uuid.uuid4().hex
    solvent.send("POST", "/v1/completions", {"model": "scripted", "prompt": "a", "script": {"tag": tag}})
    assert upstream.one(tag).body["max_tokens"] == TOKENS_UNLESS_SAID


def test_without_a_report_what_was_delivered_is_charged(solvent: Solvent, client: OpenAI) -> None:
    script = {"words": 5, "usage": "none"}
    for stream in (False, True):
        raw = client.completions.with_raw_response.create(
            model="scripted", prompt="a", stream=stream, extra_body={"script": script}
        )
        if stream:
            assert list(raw.parse())
        receipt = solvent.receipt(raw.headers["x-request-id"])
        assert receipt["charge"] == plain(Money(5 * OUTPUT_GRAINS, "USD"))
        assert receipt["usage"]["estimated"]


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"prompt": ["a", "b"]}, "bad_request", "prompt"),
        ({"prompt": []}, "bad_request", "prompt"),
        ({"prompt": 5}, "bad_request", "prompt"),
        ({}, "bad_request", "prompt"),
        ({"prompt": "a", "n": 9}, "bad_request", "n"),
        ({"prompt": "a", "best_of": 2}, "unpriced_feature", "best_of"),
        ({"prompt": "a", "n": 2, "best_of": 3}, "unpriced_feature", "best_of"),
        ({"prompt": "a", "max_tokens": 0}, "bad_request", "max_tokens"),
        ({"prompt": "a", "web_search": True}, "unpriced_feature", "web_search"),
        ({"prompt": "a", "model": "messenger"}, "wrong_surface", "model"),
        ({"prompt": "a", "model": "meaning"}, "wrong_surface", "model"),
    ],
)
def test_what_cannot_go_on_is_told_by_its_name(solvent: Solvent, body: dict[str, Any], code: str, param: str) -> None:
    told = solvent.send("POST", "/v1/completions", {"model": "scripted"} | body)
    assert (told.status, told.error["code"], told.error["param"]) == (400, code, param), json.dumps(body)
