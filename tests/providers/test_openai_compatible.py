"""What the adapter makes of OpenAI's dialect, beyond the contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.doors.upstream import Upstream

from solvent.providers.openai_compatible import open_provider
from solvent.providers.port import Call, Chunk, Like, PassOn, Settings
from solvent.values.errors import Invalid, SolventError, Unavailable


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


def ask(
    upstream: Upstream, *scripts: dict[str, Any], stream: bool = True, pass_on: PassOn | None = None, **settings: Any
) -> list[Chunk]:
    """All chunks of one answer, or of several, one after the other."""

    async def run() -> list[Chunk]:
        provider = open_provider(Settings("v", upstream.base_url, **settings))
        try:
            return [chunk for script in scripts async for chunk in provider.stream(_call(script))]
        finally:
            await provider.close()

    def _call(script: dict[str, Any]) -> Call:
        members = {"messages": msgspec.Raw(b"[]"), "script": msgspec.Raw(json.dumps(script).encode())}
        if stream:
            members["stream"] = msgspec.Raw(b"true")
        return Call("m", members, stream, 64, pass_on=pass_on)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("delta", "pieces"),
    [
        ({}, 3),
        ({"tool_calls": []}, 3),
        ({"tool_calls": None}, 3),
        ({"refusal": None, "reasoning_content": ""}, 3),
    ],
)
def test_only_what_says_something_is_a_piece(upstream: Upstream, delta: dict[str, Any], pieces: int) -> None:
    """The role, empty lists and nulls are no tokens."""
    chunks = ask(upstream, {"words": 3, "deltas": delta, "usage": "none"})
    assert sum(chunk.pieces for chunk in chunks) == pieces


def test_thoughts_and_tool_calls_are_pieces(upstream: Upstream) -> None:
    assert sum(chunk.pieces for chunk in ask(upstream, {"words": 2, "deltas": {"reasoning_content": "hm"}})) == 3
    assert sum(chunk.pieces for chunk in ask(upstream, {"tools": True})) == 3


def test_a_whole_reply_hands_on_its_words_to_be_counted(upstream: Upstream) -> None:
    (chunk,) = ask(upstream, {"words": 9, "usage": "none"}, stream=False)
    assert (chunk.pieces, len(chunk.text.split()), chunk.usage) == (1, 9, None)


def test_a_null_report_is_none(upstream: Upstream) -> None:
    assert all(chunk.usage is None for chunk in ask(upstream, {"usage": None}))


@pytest.mark.parametrize("on", ["own", "choices", "null", "missing"])
def test_the_report_is_found_wherever_it_is(upstream: Upstream, on: str) -> None:
    reports = [chunk.usage for chunk in ask(upstream, {"usage_on": on}) if chunk.usage is not None]
    assert [json.loads(bytes(report))["completion_tokens"] for report in reports] == [5]


def test_members_of_the_settings_are_sent_and_win(upstream: Upstream) -> None:
    ask(upstream, {"tag": "members"}, members={"cache_prompt": True, "messages": "ours"})
    body = upstream.one("members").body
    assert (body["cache_prompt"], body["messages"]) == (True, "ours")


def test_the_key_is_sent_as_bearer_or_not_at_all(upstream: Upstream) -> None:
    ask(upstream, {"tag": "keyed"}, key="sk-1")
    ask(upstream, {"tag": "keyless"})
    assert upstream.one("keyed").headers["authorization"] == "Bearer sk-1"
    assert "authorization" not in upstream.one("keyless").headers


@pytest.mark.parametrize(
    ("script", "kind", "code", "status"),
    [
        ({"status": 400, "body": "{}"}, Invalid, "upstream_refused", None),
        ({"status": 401, "body": "{}"}, Unavailable, "upstream_key_refused", 401),
        ({"status": 429, "body": "{}"}, Unavailable, "upstream_busy", 429),
        ({"status": 500, "body": "{}"}, Unavailable, "upstream_failed", 500),
        ({"end": "error"}, Unavailable, "upstream_failed", None),
        ({"end": "no_done"}, Unavailable, "upstream_cut_off", None),
        ({"end": "garbage"}, Unavailable, "upstream_garbage", None),
    ],
)
def test_each_fault_has_its_code(
    upstream: Upstream, script: dict[str, Any], kind: type[SolventError], code: str, status: int | None
) -> None:
    with pytest.raises(kind) as caught:
        ask(upstream, script)
    assert caught.value.code == code
    assert getattr(caught.value, "upstream_status", None) == status


@pytest.mark.parametrize("script", [{"hang": "head"}, {"hang": 3}, {"head_s": 2.0}])
def test_silence_has_the_limits_of_the_settings(upstream: Upstream, script: dict[str, Any]) -> None:
    with pytest.raises(Unavailable) as caught:
        ask(upstream, script, first_byte_s=0.2, silence_s=0.2)
    assert caught.value.code == "upstream_timeout"


def test_a_connection_is_kept_for_the_next_question(upstream: Upstream) -> None:
    async def run() -> None:
        provider = open_provider(Settings("v", upstream.base_url))
        members = {"messages": msgspec.Raw(b"[]")}
        try:
            for _ in range(3):
                assert [chunk async for chunk in provider.stream(Call("m", members, stream=False, output_tokens_max=5))]
            assert await provider.probe() == ("scripted-upstream", "other")
        finally:
            await provider.close()

    before = upstream.connections
    asyncio.run(run())
    assert upstream.connections == before + 1


def test_an_address_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(Invalid):
        open_provider(Settings("v", "ftp://example.com"))


@pytest.mark.parametrize(
    ("said", "pause_s"), [("17", 17), ("0", 1), ("999999", 3600), ("", 5), ("soon", 5), ("-3", 5), ("9" * 40, 5)]
)
def test_a_busy_upstream_says_how_long_to_leave_it_alone(upstream: Upstream, said: str, pause_s: int) -> None:
    header = f"\r\nretry-after: {said}" if said else ""
    with pytest.raises(Unavailable) as caught:
        ask(upstream, {"status": 429, "body": "{}", "type": f"application/json{header}"})
    assert (caught.value.code, caught.value.retry_after_s) == ("upstream_busy", pause_s)


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_says_nothing_is_left_lets_the_key_rest(upstream: Upstream, stream: bool) -> None:
    told: list[int] = []
    kind = "text/event-stream" if stream else "application/json"
    left = "\r\nx-ratelimit-remaining-requests: %d\r\nx-ratelimit-reset-requests: 7s"
    said = ("", "", left % 3, left % 0, "", left % 0)  # as one that begins to tell would
    assert ask(upstream, *({"type": kind + more} for more in said), stream=stream, rests=told.append)
    assert told == [7, 7]


@pytest.mark.parametrize("every", [1, 3])
def test_what_is_passed_on_and_what_is_yielded_are_together_the_answer(upstream: Upstream, every: int) -> None:
    """every: so many events may be passed on, of which but one is told; the others go the usual way."""
    script = {"words": 12, "pause_s": 0.01}
    told: list[bytes] = []
    offered: list[Like] = []

    def pass_on(like: Like, word: bytes) -> bool:
        offered.append(like)
        if len(offered) % every:
            return False
        told.append(choices(like.chunk).replace(like.word, word))
        return True

    yielded = ask(upstream, script, pass_on=pass_on)
    plain = ask(upstream, script)
    assert len(told) >= 8 // every
    assert sorted([*told, *map(choices, yielded)]) == sorted(map(choices, plain))
    assert sum(chunk.pieces for chunk in yielded) + len(told) == 12


def choices(chunk: Chunk) -> bytes:
    return bytes(chunk.members["choices"])
