"""What the adapter makes of Converse's frames, beyond the contract."""

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
from solvent.providers.bedrock import open_provider
from solvent.providers.port import Call, Chunk, Settings
from solvent.values.errors import Invalid, SolventError, Unavailable


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(PEERS) as upstream:
        yield upstream


def ask(upstream: Upstream, script: dict[str, Any], *, stream: bool = True, **members: Any) -> list[Chunk]:
    """All chunks of one answer."""

    async def run() -> list[Chunk]:
        provider = open_provider(Settings("bedrock", upstream.url_of("bedrock"), "bedrock-key"))
        sent = {"messages": [], "script": script} | members
        raw = {name: msgspec.Raw(json.dumps(value).encode()) for name, value in sent.items()}
        try:
            return [chunk async for chunk in provider.stream(Call("us.maker.model-v1:0", raw, stream, 64))]
        finally:
            await provider.close()

    return asyncio.run(run())


@pytest.mark.parametrize("stream", [True, False])
def test_the_report_is_read_in_disjoint_buckets(upstream: Upstream, stream: bool) -> None:
    (report,) = [chunk.usage for chunk in ask(upstream, {}, stream=stream) if chunk.usage is not None]
    usage = reader("whoever", "converse")(report)
    assert (usage.input_tokens, usage.cached_input_tokens) == (PROMPT_TOKENS - CACHED, CACHED)
    assert usage.output_tokens == 5


def test_each_frame_is_an_object_with_the_name_of_its_event(upstream: Upstream) -> None:
    chunks = ask(upstream, {"words": 1})
    assert [next(iter(chunk.members)) for chunk in chunks] == [
        "messageStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata",
    ]  # fmt: skip
    assert msgspec.json.decode(chunks[1].members["contentBlockDelta"])["delta"] == {"text": "word0 "}


def test_what_is_asked_and_where(upstream: Upstream) -> None:
    ask(upstream, {"tag": "asked"}, inferenceConfig={"topP": 0.5, "maxTokens": 10**6})
    heard = upstream.one("asked")
    assert heard.path == "/bedrock/model/us.maker.model-v1%3A0/converse-stream"
    assert heard.headers["authorization"] == "Bearer bedrock-key"
    assert heard.body["inferenceConfig"] == {"topP": 0.5, "maxTokens": 64}


@pytest.mark.parametrize("stream", [True, False])
def test_thoughts_and_calls_are_pieces(upstream: Upstream, stream: bool) -> None:
    assert sum(chunk.pieces for chunk in ask(upstream, {"thoughts": 1, "words": 1}, stream=stream)) == (
        2 if stream else 1
    )
    assert sum(chunk.pieces for chunk in ask(upstream, {"tools": True}, stream=stream)) == (2 if stream else 1)


@pytest.mark.parametrize(
    ("why", "finish"),
    [
        ("end_turn", "stop"),
        ("max_tokens", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("something_new", "stop"),
    ],
)
def test_why_it_ended_is_in_chats_words(upstream: Upstream, why: str, finish: str) -> None:
    assert [chunk.finish for chunk in ask(upstream, {"why": why}) if chunk.finish] == [finish]


@pytest.mark.parametrize(
    ("script", "kind", "code"),
    [
        ({"status": 400, "body": '{"message":"bad"}'}, Invalid, "upstream_refused"),
        ({"status": 403, "body": '{"Message":"bad"}'}, Unavailable, "upstream_key_refused"),
        ({"status": 424, "body": '{"message":"bad"}'}, Unavailable, "upstream_failed"),
        ({"status": 429, "body": "{}"}, Unavailable, "upstream_busy"),
        ({"exception": "throttlingException"}, Unavailable, "upstream_busy"),
        ({"exception": "modelStreamErrorException"}, Unavailable, "upstream_failed"),
        ({"exception": "validationException"}, Unavailable, "upstream_failed"),
        ({"end": "no_done"}, Unavailable, "upstream_cut_off"),
        ({"type": "text/event-stream"}, Unavailable, "upstream_garbage"),
    ],
)
def test_each_fault_has_its_code(
    upstream: Upstream, script: dict[str, Any], kind: type[SolventError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        ask(upstream, script)
    assert caught.value.code == code


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"output":{}}', '{"output":{"message":{"content":[1]}}}'])
def test_a_whole_reply_that_is_none(upstream: Upstream, body: str) -> None:
    with pytest.raises(Unavailable) as caught:
        ask(upstream, {"body": body}, stream=False)
    assert caught.value.code == "upstream_garbage"


def test_that_it_answers_is_all_a_probe_can_tell(upstream: Upstream) -> None:
    async def run(base_url: str) -> tuple[str, ...]:
        provider = open_provider(Settings("bedrock", base_url))
        try:
            return await provider.probe()
        finally:
            await provider.close()

    assert asyncio.run(run(upstream.url_of("bedrock"))) == ()
    with pytest.raises(Unavailable):
        asyncio.run(run("http://127.0.0.1:1"))
