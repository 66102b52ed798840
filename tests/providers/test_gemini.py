"""What the adapter makes of Gemini's own words, beyond the contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.doors.upstream import PROMPT_TOKENS, Upstream
from tests.doors.vendors import CACHED, PEERS

from solvent.metering.dialect import reader
from solvent.providers.gemini import open_provider
from solvent.providers.port import Call, Chunk, Settings
from solvent.values.errors import Invalid, SolventError, Unavailable

KEY = "AIza-key-of-ours"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(PEERS) as upstream:
        yield upstream


def ask(
    upstream: Upstream, script: dict[str, Any], *, stream: bool = True, sends: Any = None, **members: Any
) -> list[Chunk]:
    """All chunks of one answer."""

    async def run() -> list[Chunk]:
        settings = Settings("gemini", upstream.url_of("gemini", "/v1beta"), KEY, members=sends or {})
        provider = open_provider(settings)
        sent = {"contents": [], "script": script} | members
        raw = {name: msgspec.Raw(json.dumps(value).encode()) for name, value in sent.items()}
        try:
            return [chunk async for chunk in provider.stream(Call("tuned/some model", raw, stream, 64))]
        finally:
            await provider.close()

    return asyncio.run(run())


@pytest.mark.parametrize("stream", [True, False])
def test_one_report_is_passed_on_and_it_is_the_last(upstream: Upstream, stream: bool) -> None:
    chunks = ask(upstream, {"thoughts": 2, "words": 3}, stream=stream)
    (report,) = [chunk.usage for chunk in chunks if chunk.usage is not None]
    said = json.loads(bytes(report))
    assert (said["candidatesTokenCount"], said["thoughtsTokenCount"]) == (3, 2)
    assert all("usageMetadata" not in chunk.members for chunk in chunks)
    usage = reader("whoever", "gemini")(report)
    assert (usage.input_tokens, usage.cached_input_tokens) == (PROMPT_TOKENS - CACHED, CACHED)
    assert (usage.output_tokens, usage.reasoning_tokens) == (3, 2)


@pytest.mark.parametrize("usage", ["none", None])
@pytest.mark.parametrize("stream", [True, False])
def test_no_report_is_none(upstream: Upstream, usage: Any, stream: bool) -> None:
    assert all(chunk.usage is None for chunk in ask(upstream, {"usage": usage}, stream=stream))


def test_thoughts_and_calls_are_pieces(upstream: Upstream) -> None:
    assert sum(chunk.pieces for chunk in ask(upstream, {"thoughts": 2, "words": 3})) == 5
    assert sum(chunk.pieces for chunk in ask(upstream, {"tools": True})) == 2
    (whole,) = ask(upstream, {"words": 9}, stream=False)
    assert (whole.pieces, len(whole.text.split())) == (1, 9)


def test_what_is_asked_and_where(upstream: Upstream) -> None:
    ask(upstream, {"tag": "asked"}, sends={"safetySettings": []}, generationConfig={"topK": 3, "candidateCount": 2})
    heard = upstream.one("asked")
    assert heard.path == "/gemini/v1beta/models/tuned%2Fsome%20model:streamGenerateContent?alt=sse"
    assert heard.headers["x-goog-api-key"] == KEY
    assert "authorization" not in heard.headers
    assert heard.body["generationConfig"] == {"topK": 3, "maxOutputTokens": 64}
    assert heard.body["safetySettings"] == []


@pytest.mark.parametrize(
    ("why", "finish"),
    [("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter"), ("SOMETHING_NEW", "stop")],
)
def test_why_it_ended_is_in_chats_words(upstream: Upstream, why: str, finish: str) -> None:
    assert [chunk.finish for chunk in ask(upstream, {"why": why}) if chunk.finish] == [finish]


def test_a_question_that_is_blocked_is_an_answer_of_nothing(upstream: Upstream) -> None:
    said = json.dumps({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}})
    (chunk,) = ask(upstream, {"body": said}, stream=False)
    assert (chunk.pieces, chunk.finish) == (0, "content_filter")
    assert chunk.usage is not None
    script = {"body": f"data: {said}\n\n", "type": "text/event-stream"}
    *_, last = ask(upstream, script)
    assert last.usage == chunk.usage


@pytest.mark.parametrize(
    ("script", "kind", "code"),
    [
        ({"status": 400, "body": '{"error":{"code":400,"message":"bad","details":[]}}'}, Invalid, "upstream_refused"),
        (
            {"status": 400, "body": '{"error":{"code":400,"details":[{"reason":"API_KEY_INVALID"}]}}'},
            Unavailable,
            "upstream_key_refused",
        ),
        ({"status": 403, "body": "{}"}, Unavailable, "upstream_key_refused"),
        ({"status": 429, "body": "{}"}, Unavailable, "upstream_busy"),
        ({"status": 503, "body": '[{"error":{"message":"overloaded"}}]'}, Unavailable, "upstream_failed"),
        ({"end": "error"}, Unavailable, "upstream_failed"),
        ({"end": "no_done"}, Unavailable, "upstream_cut_off"),
        ({"end": "cut"}, Unavailable, "upstream_cut_off"),
        ({"type": "application/json"}, Unavailable, "upstream_garbage"),
        ({"end": "garbage"}, Unavailable, "upstream_garbage"),
    ],
)
def test_each_fault_has_its_code(
    upstream: Upstream, script: dict[str, Any], kind: type[SolventError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        ask(upstream, script)
    assert caught.value.code == code


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"candidates":[]}', '{"candidates":7}', '{"error":{"message":"x"}}'])
def test_a_whole_reply_that_is_none(upstream: Upstream, body: str) -> None:
    with pytest.raises(Unavailable):
        ask(upstream, {"body": body}, stream=False)


def test_a_break_after_the_end_loses_nothing(upstream: Upstream) -> None:
    """No word ends a stream, so what breaks once it has said why it ended is whole."""
    end = {"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]}
    said = json.dumps(end | {"usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1}})
    chunks = ask(upstream, {"body": f"data: {said}\n\ndata: {{", "type": "text/event-stream"})
    assert [chunk.finish for chunk in chunks if chunk.finish] == ["stop"]
    assert chunks[-1].usage is not None


def test_its_models_are_listed_by_the_names_that_are_asked_for(upstream: Upstream) -> None:
    async def run() -> tuple[str, ...]:
        provider = open_provider(Settings("gemini", upstream.url_of("gemini", "/v1beta"), KEY))
        try:
            return await provider.probe()
        finally:
            await provider.close()

    assert asyncio.run(run()) == ("scripted-upstream",)
