"""The scripted upstream in the accents of vendors: each below its own first step of the path, as `PEERS` names them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from tests.doors.upstream import PROMPT_TOKENS, _choice, _Peer

# What Mistral's chat completions know, and the member that carries the script.
MISTRAL_KNOWS: Final = {
    "model", "messages", "max_tokens", "stream", "temperature", "top_p", "stop", "random_seed", "response_format",
    "tools", "tool_choice", "parallel_tool_calls", "presence_penalty", "frequency_penalty", "metadata", "n",
    "reasoning_effort", "prompt_mode", "safe_prompt", "script",
}  # fmt: skip
COST: Final = 0.00014  # what OpenRouter says it charged
CACHED: Final = 4  # of the prompt, where a vendor reports it


class Asked(_Peer):
    """One that reports a stream's usage to whoever asks, and to nobody else."""

    def _usage(self) -> Any:
        options = self._heard.body.get("stream_options") or {}
        return super()._usage() if not self._heard.body.get("stream") or options.get("include_usage") else "none"

    async def _say(self, status: int, body: Mapping[str, Any]) -> None:
        self._script = {**self._script, "status": status}
        await self._whole(json.dumps(body).encode())


class DeepSeek(Asked):
    """Keeps the line open while it thinks, and counts cache hits by another name."""

    def _usage(self) -> Any:
        usage = super()._usage()
        hits = {"prompt_cache_hit_tokens": CACHED, "prompt_cache_miss_tokens": PROMPT_TOKENS - CACHED}
        return usage if usage in ("none", None) else usage | hits

    async def _events(self) -> AsyncGenerator[bytes, None]:
        async for event in super()._events():
            yield b": keep-alive\n\n"
            yield event

    async def _whole(self, body: bytes, *, cut: bool = False) -> None:
        await super()._whole(b"\n\n\n" + body, cut=cut)


class OpenRouter(_Peer):
    """Comments while it looks for somebody who answers; what that cost us is in the report."""

    def _usage(self) -> Any:
        usage = super()._usage()
        costs = {"cost": COST, "cost_details": {"upstream_inference_cost": None}}
        return usage | costs | {"prompt_tokens_details": {"cached_tokens": CACHED, "cache_write_tokens": 0}}

    async def _events(self) -> AsyncGenerator[bytes, None]:
        yield b": OPENROUTER PROCESSING\n\n"
        async for event in super()._events():
            yield event


class Mistral(Asked):
    """Refuses what it does not know. script.thoughts: how many parts of thinking come before the words."""

    async def answer(self) -> None:
        unknown = sorted(self._heard.body.keys() - MISTRAL_KNOWS)
        if unknown:
            fault = {"type": "extra_forbidden", "loc": ["body", unknown[0]], "msg": "Extra inputs are not permitted"}
            await self._say(422, {"detail": [fault]})
            return
        self._script = {"usage_on": "choices", **self._script}
        await super().answer()

    def _usage(self) -> Any:
        return _Peer._usage(self)

    def _object(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        for message in (choice["message"] for choice in choices if "message" in choice):
            if self._script.get("thoughts"):
                message["content"] = [self._thought(), {"type": "text", "text": message["content"]}]
        return super()._object(kind, choices)

    async def _events(self) -> AsyncGenerator[bytes, None]:
        for _ in range(self._script.get("thoughts", 0)):
            yield self._event([_choice({"content": [self._thought()]})])
        async for event in super()._events():
            yield event

    def _thought(self) -> dict[str, Any]:
        return {"type": "thinking", "thinking": [{"type": "text", "text": "hm "}]}


class Azure(Asked):
    """Wants the key in a header of its own, and begins with what its filters say."""

    async def answer(self) -> None:
        if "api-key" not in self._heard.headers:
            await self._say(401, {"statusCode": 401, "message": "Access denied due to missing key"})
            return
        await super().answer()

    async def _events(self) -> AsyncGenerator[bytes, None]:
        yield self._event([], prompt_filter_results=[{"prompt_index": 0, "content_filter_results": {}}])
        async for event in super()._events():
            yield event


PEERS: Final[Mapping[str, type[_Peer]]] = {
    "azure": Azure,
    "clova": Asked,
    "deepseek": DeepSeek,
    "mistral": Mistral,
    "openai": Asked,
    "openrouter": OpenRouter,
    "upstage": Asked,
}
