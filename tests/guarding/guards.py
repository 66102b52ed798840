"""What tests of guarding share: rules, chunks, and an answer told through them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import msgspec

from solvent.guarding.acts import Acts
from solvent.guarding.guard_reply import Asked, guard_reply
from solvent.guarding.rule import Action, Guarded, OnFailure, Rule
from solvent.guards.pii import open_guard
from solvent.guards.port import Guard, Settings
from solvent.providers.port import Chunk, Dialect
from solvent.values.errors import SolventError

PII = open_guard(Settings("pii"))


def rule(guard: Guard = PII, action: Action = "mask", on_failure: OnFailure = "closed", **more: Any) -> Rule:
    """A rule named test."""
    return Rule("test", guard, "both", action, on_failure, **more)


def acts() -> Acts:
    """A fresh account."""
    return Acts(Counter())


def raw(**members: object) -> dict[str, msgspec.Raw]:
    """Members of a body."""
    return {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in members.items()}


def plain(members: dict[str, msgspec.Raw] | Any) -> dict[str, Any]:
    """As Python reads them."""
    return {name: json.loads(bytes(value)) for name, value in members.items()}


def deltas(*said: dict[str, Any], finish: str = "stop") -> list[Chunk]:
    """A chat stream: these deltas, the end, and a usage report."""
    chunks = [Chunk(raw(id="x", choices=[{"index": 0, "delta": delta, "finish_reason": None}]), 1) for delta in said]
    chunks.append(Chunk(raw(id="x", choices=[{"index": 0, "delta": {}, "finish_reason": finish}]), finish=finish))
    return [*chunks, Chunk(raw(id="x", choices=[]), usage=msgspec.Raw(b'{"prompt_tokens":1,"completion_tokens":2}'))]


class Told:
    """What came of an answer. fault: what ended it, if anything."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.fault: SolventError | None = None
        self.read = 0

    def text(self, name: str = "content") -> str:
        """What a chat stream said under a name."""
        return "".join(delta.get(name) or "" for delta in self._deltas())

    def arguments(self, index: int = 0) -> str:
        """The arguments of one call of a chat stream."""
        calls = [call for delta in self._deltas() for call in delta.get("tool_calls") or ()]
        return "".join(call.get("function", {}).get("arguments", "") for call in calls if call["index"] == index)

    def _deltas(self) -> list[dict[str, Any]]:
        choices = [one for chunk in self.chunks for one in plain(chunk.members).get("choices", ())]
        return [choice.get("delta", {}) for choice in choices]


def tell(
    chunks: Sequence[Chunk | SolventError], *rules: Rule, account: Acts | None = None, is_stream: bool = True,
    dialect: Dialect = "chat", is_json: bool = False, drains: bool = True,
) -> Told:  # fmt: skip
    """An answer through rules."""
    told = Told()

    async def upstream() -> AsyncGenerator[Chunk, None]:
        for chunk in chunks:
            told.read += 1
            if isinstance(chunk, SolventError):
                raise chunk
            yield chunk

    async def run() -> None:
        asked = Asked(dialect, is_stream, is_json, drains)
        try:
            async for chunk in guard_reply(upstream(), asked, Guarded(rules, account or acts())):
                told.chunks.append(chunk)
        except SolventError as fault:
            told.fault = fault

    asyncio.run(run())
    return told
