"""The contract of providers, kept by the fake and by the one that speaks OpenAI's API."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.doors.upstream import Upstream

from solvent.providers import anthropic
from solvent.providers.contract import CHECKS, PIECES, PIECES_BEFORE_BREAK, Check, Situation, Stage
from solvent.providers.fake import FakeProvider, Script
from solvent.providers.openai_compatible import open_provider
from solvent.providers.port import Call, Chunk, OpenProvider, Provider, Settings
from solvent.values.errors import Invalid, Unavailable

SECRET = "sk-contract-secret-key"
CHECK_S_MAX = 20.0
_tags = itertools.count()


class FakeStage:
    """The fake plays its own upstream: a situation is a script."""

    secret = ""

    def __init__(self) -> None:
        self.provider = FakeProvider()

    def call(self, situation: Situation, *, stream: bool, output_tokens_max: int) -> Call:
        words = tuple(f"word{n} " for n in range(PIECES))
        scripts = {
            "answers": Script(words),
            "refuses": Script(fault=Invalid("upstream_refused", "no")),
            "fails": Script(fault=Unavailable("upstream_failed", "no")),
            "breaks_off": Script(words, fault=Unavailable("upstream_cut_off", "no"), fault_after=PIECES_BEFORE_BREAK),
            "endless": Script(words * 10_000, pause_s=0.001),
        }
        self.provider.script = scripts[situation]
        return Call("m", {}, stream, 10**6 if situation == "endless" else output_tokens_max)

    def limit_told(self) -> int:
        return self.provider.calls[-1].output_tokens_max

    async def until_hung_up(self) -> None:
        while not self.provider.hung_up:  # noqa: ASYNC110  # the fake only counts
            await asyncio.sleep(0.001)
        self.provider.hung_up = 0


class ScriptedStage:
    """The adapter before the scripted upstream."""

    secret = SECRET

    def __init__(self, upstream: Upstream, limit_field: str, opens: OpenProvider = open_provider) -> None:
        settings = Settings("some-vendor", upstream.base_url, SECRET, limit_field=limit_field)
        self.provider: Provider = opens(settings)
        self._upstream = upstream
        self._limit_field = limit_field
        self._tag = ""

    def call(self, situation: Situation, *, stream: bool, output_tokens_max: int) -> Call:
        said = json.dumps({"error": {"message": "your key {key} is fine", "param": "{key}"}})
        scripts: dict[Situation, dict[str, Any]] = {
            "answers": {"words": PIECES},
            "refuses": {"status": 400, "body": said},
            "fails": {"status": 500, "body": said},
            "breaks_off": {"words": PIECES_BEFORE_BREAK, "end": "cut"},
            "endless": {"words": 100_000, "pause_s": 0.001},
        }
        self._tag = f"contract-{next(_tags)}"
        members = {
            "messages": [{"role": "user", "content": "Hello?"}],
            "stream": stream,
            "max_tokens": 1_000_000,
            "max_completion_tokens": 1_000_000,
            "script": scripts[situation] | {"tag": self._tag},
        }
        if self.provider.speaks == "messages":
            del members["max_completion_tokens"]
        raw = {name: msgspec.Raw(json.dumps(value).encode()) for name, value in members.items()}
        return Call("m", raw, stream, output_tokens_max)

    def limit_told(self) -> int:
        body = self._upstream.one(self._tag).body
        told = {name: body[name] for name in body if name.startswith("max_")}
        assert list(told) == [self._limit_field], f"two limits are as good as none: {told}"
        return int(told[self._limit_field])

    async def until_hung_up(self) -> None:
        await asyncio.to_thread(self._upstream.one(self._tag).gone.wait, CHECK_S_MAX)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(params=["fake", "openai_compatible", "openai_compatible, renamed limit", "anthropic"])
def stage(request: pytest.FixtureRequest, upstream: Upstream) -> Stage:
    if request.param == "fake":
        return FakeStage()
    if request.param == "anthropic":
        return ScriptedStage(upstream, "max_tokens", anthropic.open_provider)
    return ScriptedStage(upstream, "max_completion_tokens" if "renamed" in request.param else "max_tokens")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_keeps_the_contract(stage: Stage, check: Check) -> None:
    async def run() -> None:
        async with asyncio.timeout(CHECK_S_MAX):
            await check(stage)
        await stage.provider.close()

    asyncio.run(run())


class Greedy(FakeProvider):
    """Writes more than it may, hides its breaks, gathers its pieces: what the contract is there to find."""

    async def stream(self, call: Call) -> Any:
        """All of it in one chunk, whatever was asked."""
        self.calls.append(msgspec.structs.replace(call, output_tokens_max=10**9))
        yield Chunk({"choices": msgspec.Raw(b"[{}]"), "usage": msgspec.Raw(b"{}")}, pieces=3)


def test_the_contract_finds_a_provider_that_does_not_keep_it() -> None:
    stage = FakeStage()
    stage.provider = Greedy()

    async def broken(check: Check) -> bool:
        try:
            async with asyncio.timeout(0.2):
                await check(stage)
        except (AssertionError, TimeoutError):
            return True
        return False

    async def run() -> list[str]:
        return [check.__name__ for check in CHECKS if not await broken(check)]

    assert asyncio.run(run()) == ["shows_no_secret"], "the fake has no secret to show"
