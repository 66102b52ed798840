"""The scripted upstream in the accents of vendors: each below its own first step of the path, as `PEERS` names them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from tests.doors.upstream import PROMPT_TOKENS, _choice, _Peer
from tests.wire.framed import framed

from solvent.providers.bedrock import FRAMES

# What Mistral's chat completions and embeddings know, and the member that carries the script.
MISTRAL_KNOWS: Final = {
    "model", "messages", "max_tokens", "stream", "temperature", "top_p", "stop", "random_seed", "response_format",
    "tools", "tool_choice", "parallel_tool_calls", "presence_penalty", "frequency_penalty", "metadata", "n",
    "reasoning_effort", "prompt_mode", "safe_prompt", "input", "encoding_format", "output_dimension", "script",
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

    async def _whole(self, body: bytes, kind: str = "application/json", *, cut: bool = False) -> None:
        await super()._whole(b"\n\n\n" + body, kind, cut=cut)


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


class Gemini(_Peer):
    """Google's own words: every event says what was used so far, and nothing says that it was the last.

    script.thoughts: how many parts of thinking come before the words. script.tools: two calls at once.
    """

    _done = b""

    async def answer(self) -> None:
        path = self._heard.path.partition("?")[0]
        if path.endswith("/models"):
            await self._whole(json.dumps({"models": [{"name": "models/scripted-upstream"}]}).encode())
            return
        self._heard.body.setdefault("stream", path.endswith(":streamGenerateContent"))
        if self._heard.body["stream"] and not self._heard.path.endswith("?alt=sse"):
            self._end = "html"  # an array of objects, which nobody reads here
        await super().answer()

    async def _reply(self) -> None:
        text = " ".join(f"word{n}" for n in range(self._words))
        parts = self._thoughts() + (self._called() if self._script.get("tools") else [{"text": text}])
        body = self._told(parts, "STOP", self._words)
        if self._end == "garbage":
            body = {"candidates": 7}
        await self._whole(json.dumps(body).encode(), cut=self._end == "cut")

    async def _events(self) -> AsyncGenerator[bytes, None]:
        for part in self._thoughts():
            yield self._line(self._told([part], None, 0))
        if self._script.get("tools"):
            yield self._line(self._told(self._called(), None, self._words))
        else:
            for n in range(self._words):
                yield self._line(self._told([{"text": f"word{n} "}], None, n + 1))
        if self._end not in ("cut", "reset", "no_done", "error", "garbage"):
            yield self._line(self._told([{"text": ""}], self._script.get("why", "STOP"), self._words))

    def _line(self, event: Mapping[str, Any]) -> bytes:
        return b"data: " + json.dumps(event).encode() + b"\r\n\r\n"

    def _told(self, parts: list[dict[str, Any]], why: str | None, words: int) -> dict[str, Any]:
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0} | ({"finishReason": why} if why else {})
        event = {"candidates": [candidate], "modelVersion": "scripted", "responseId": "resp-upstream"}
        thoughts = self._script.get("thoughts", 0)
        used = {
            "promptTokenCount": PROMPT_TOKENS, "cachedContentTokenCount": CACHED, "candidatesTokenCount": words,
            "thoughtsTokenCount": thoughts, "totalTokenCount": PROMPT_TOKENS + words + thoughts,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": PROMPT_TOKENS}],
        }  # fmt: skip
        usage = self._script.get("usage", used)
        return event if usage == "none" else event | {"usageMetadata": usage}

    def _thoughts(self) -> list[dict[str, Any]]:
        return [{"text": "hm ", "thought": True}] * self._script.get("thoughts", 0)

    def _called(self) -> list[dict[str, Any]]:
        seoul = {"functionCall": {"name": "weather", "args": {"city": "Seoul"}}, "thoughtSignature": "c2lnbmVk"}
        return [seoul, {"functionCall": {"name": "weather", "args": {"city": "Busan"}}}]


class Bedrock(_Peer):
    """AWS's frames: the last has the report. script.exception: what comes instead of the end, as a frame."""

    async def answer(self) -> None:
        if self._heard.path == "/bedrock/":
            await self._say(404, {"message": "no such operation"})
            return
        self._heard.body.setdefault("stream", self._heard.path.endswith("/converse-stream"))
        self._script = {"type": FRAMES if self._heard.body["stream"] else "application/json", **self._script}
        await super().answer()

    async def _say(self, status: int, body: Mapping[str, Any]) -> None:
        self._script = {**self._script, "status": status}
        await self._whole(json.dumps(body).encode())

    async def _reply(self) -> None:
        blocks: list[dict[str, Any]] = [{"text": " ".join(f"word{n}" for n in range(self._words))}]
        if self._script.get("thoughts"):
            blocks.insert(0, {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}})
        if self._script.get("tools"):
            blocks = [{"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Seoul"}}}]
        message = {"output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": self._why()}
        body = message | {"usage": self._usage(), "metrics": {"latencyMs": 1}}
        await self._whole(b"{]" if self._end == "garbage" else json.dumps(body).encode(), cut=self._end == "cut")

    async def _events(self) -> AsyncGenerator[bytes, None]:
        yield self._frame("messageStart", role="assistant")
        for _ in range(self._script.get("thoughts", 0)):
            yield self._frame("contentBlockDelta", contentBlockIndex=0, delta={"reasoningContent": {"text": "hm "}})
        if self._script.get("tools"):
            tool = {"toolUseId": "t1", "name": "weather"}
            yield self._frame("contentBlockStart", contentBlockIndex=1, start={"toolUse": tool})
        for part in ('{"city"', ':"Seoul"}') if self._script.get("tools") else ():
            yield self._frame("contentBlockDelta", contentBlockIndex=1, delta={"toolUse": {"input": part}})
        for n in range(0 if self._script.get("tools") else self._words):
            yield self._frame("contentBlockDelta", contentBlockIndex=1, delta={"text": f"word{n} "}, p="abc")
        if "exception" in self._script:
            headers = {":message-type": "exception", ":exception-type": self._script["exception"]}
            yield framed(b'{"message":"too many"}', headers)
            return
        if self._end in ("cut", "reset", "no_done"):
            return
        yield self._frame("contentBlockStop", contentBlockIndex=1)
        yield self._frame("messageStop", stopReason=self._why())
        yield self._frame("metadata", usage=self._usage(), metrics={"latencyMs": 1})

    _done = b""

    def _frame(self, kind: str, **members: Any) -> bytes:
        headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
        return framed(json.dumps(members).encode(), headers)

    def _why(self) -> str:
        return self._script.get("why") or ("tool_use" if self._script.get("tools") else "end_turn")

    def _usage(self) -> Any:
        read, total = PROMPT_TOKENS - CACHED, PROMPT_TOKENS + self._words
        used = {"inputTokens": read, "outputTokens": self._words, "totalTokens": total, "cacheReadInputTokens": CACHED}
        return self._script.get("usage", used)


PEERS: Final[Mapping[str, type[_Peer]]] = {
    "azure": Azure,
    "bedrock": Bedrock,
    "clova": Asked,
    "deepseek": DeepSeek,
    "gemini": Gemini,
    "mistral": Mistral,
    "openai": Asked,
    "openrouter": OpenRouter,
    "upstage": Asked,
}
