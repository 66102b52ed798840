"""The contract of providers, kept by the fake and by every adapter before an upstream that plays its vendor."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any, Final

import msgspec
import pytest
from msgspec.structs import replace
from tests.doors.upstream import Upstream
from tests.doors.vendors import PEERS

from solvent.providers import (
    anthropic,
    azure,
    bedrock,
    clova,
    deepseek,
    gemini,
    mistral,
    openai,
    openai_compatible,
    openrouter,
    upstage,
)
from solvent.providers.contract import CHECKS, PIECES, PIECES_BEFORE_BREAK, Check, Situation, Stage
from solvent.providers.fake import FakeProvider, Script
from solvent.providers.port import Call, Chunk, OpenProvider, Provider, Settings
from solvent.values.errors import Invalid, Unavailable

SECRET = "sk-contract-secret-key"
CHECK_S_MAX = 20.0
WORDS = "your key {key} is fine"
OPENAIS = {"error": {"message": WORDS, "param": "{key}"}}
_tags = itertools.count()


class Vendor(msgspec.Struct, frozen=True):
    """How an adapter is opened, and what its vendor is like. path: behind the vendor's first step.

    fault: an error body in its shape. limit_field: its word for the limit. settings: what the operator says.
    """

    opens: OpenProvider
    path: str = "/v1"
    limit_field: str = "max_tokens"
    fault: Mapping[str, Any] = msgspec.field(default_factory=lambda: OPENAIS)
    settings: Settings = Settings("some-vendor", key=SECRET)


COMPLETION: Final = "max_completion_tokens"
RENAMED: Final = Settings("some-vendor", key=SECRET, limit_field=COMPLETION)
DATED: Final = Settings("some-vendor", key=SECRET, api_version="2024-10-21")
VENDORS: Final = {
    "openai_compatible": Vendor(openai_compatible.open_provider),
    "openai_compatible, renamed limit": Vendor(openai_compatible.open_provider, "/v1", COMPLETION, settings=RENAMED),
    "anthropic": Vendor(anthropic.open_provider),
    "openai": Vendor(openai.open_provider, "/v1", COMPLETION),
    "azure": Vendor(azure.open_provider, "", COMPLETION, {"error": {"code": "BadRequest", "message": WORDS}}),
    "azure, dated": Vendor(azure.open_provider, "", COMPLETION, settings=DATED),
    "bedrock": Vendor(bedrock.open_provider, "", "maxTokens", {"message": WORDS}),
    "clova": Vendor(clova.open_provider, "/v1/openai", fault={"status": {"code": "40000", "message": WORDS}}),
    "deepseek": Vendor(deepseek.open_provider, ""),
    "gemini": Vendor(
        gemini.open_provider,
        "/v1beta",
        "maxOutputTokens",
        {"error": {"code": 400, "message": WORDS, "status": "INVALID_ARGUMENT", "details": []}},
    ),
    "mistral": Vendor(
        mistral.open_provider, fault={"object": "error", "message": {"detail": [{"loc": ["{key}"], "msg": WORDS}]}}
    ),
    "openrouter": Vendor(openrouter.open_provider, "/api/v1", fault={"error": {"code": 400, "message": WORDS}}),
    "upstage": Vendor(upstage.open_provider),
}


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
    """An adapter before the scripted upstream."""

    secret = SECRET

    def __init__(self, upstream: Upstream, name: str, vendor: Vendor) -> None:
        name = name.partition(",")[0]
        base_url = upstream.url_of(name, vendor.path) if name in PEERS else upstream.base_url
        self.provider: Provider = vendor.opens(replace(vendor.settings, base_url=base_url))
        self._upstream = upstream
        self._vendor = vendor
        self._tag = ""

    def call(self, situation: Situation, *, stream: bool, output_tokens_max: int) -> Call:
        said = json.dumps(self._vendor.fault)
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
        if self.provider.speaks == "converse":
            config = {"maxTokens": 1_000_000}
            members = {"messages": [], "inferenceConfig": config, "script": members["script"]}
        if self.provider.speaks == "gemini":
            config = {"maxOutputTokens": 1_000_000, "candidateCount": 3}
            members = {"contents": [], "generationConfig": config, "script": members["script"]}
        raw = {name: msgspec.Raw(json.dumps(value).encode()) for name, value in members.items()}
        return Call("m", raw, stream, output_tokens_max)

    def limit_told(self) -> int:
        sent = self._upstream.one(self._tag).body
        body = sent.get("generationConfig") or sent.get("inferenceConfig") or sent
        assert "candidateCount" not in body
        told = {name: body[name] for name in body if name.startswith("max")}
        assert list(told) == [self._vendor.limit_field], f"two limits are as good as none: {told}"
        return int(told[self._vendor.limit_field])

    async def until_hung_up(self) -> None:
        await asyncio.to_thread(self._upstream.one(self._tag).gone.wait, CHECK_S_MAX)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(PEERS) as upstream:
        yield upstream


@pytest.fixture(params=["fake", *VENDORS])
def stage(request: pytest.FixtureRequest, upstream: Upstream) -> Stage:
    if request.param == "fake":
        return FakeStage()
    return ScriptedStage(upstream, request.param, VENDORS[request.param])


def test_every_adapter_is_tried() -> None:
    """Each registered entry point is among those above, so none is forgotten."""
    registered = entry_points(group="solvent.providers")
    assert {name.partition(",")[0] for name in VENDORS} == registered.names
    assert all(found.load() is VENDORS[found.name].opens for found in registered)


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
